"""The HTML of the page's right half; every word of a merchant or a model is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jinja2
from PIL import Image

from aigc.campaign import Campaign, Caption

from .progress import Row

TITLES = {
    "caption": "Look",
    "copywrite": "Write",
    "rank": "Rank",
    "scene": "Paint",
    "typeset": "Typeset",
}
_THUMBNAIL = (320, 320)  # px


@cache
def _macros() -> jinja2.environment.TemplateModule:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = (Path(__file__).parent / "views.html.j2").read_text("utf-8")
    return environment.from_string(text).module


def _render(macro: str, *values: object) -> str:
    return str(getattr(_macros(), macro)(*values)).strip()


def masthead() -> str:
    """The page's heading."""
    return _render("masthead")


def welcome() -> str:
    """What stands on the right before the first run."""
    return _render("welcome")


def progress(rows: Sequence[Row], notice: str = "", *, failed: bool = False) -> str:
    """The five stages; and under them a line, such as an error, that is read out at once."""
    return _render("progress", rows, TITLES, notice, failed)


def queue(rows: Sequence[Row], before: int) -> str:
    """The five stages of a campaign whose turn has not come."""
    others = "One campaign is" if before == 1 else f"{before} campaigns are"
    return progress(rows, f"{others} before yours.")


def caption(campaign: Campaign | None) -> str:
    """What the photo shows, with the cut-out; empty while that is not known."""
    if campaign is None or campaign.caption is None:
        return ""
    return _render("caption", campaign.caption, thumbnail(campaign.caption))


def copies(campaign: Campaign | None) -> str:
    """The copy, best first with its parts; unranked while the ranking is not known."""
    if campaign is None or not campaign.copies:
        return ""
    by_id = {copy.id: copy for copy in campaign.copies}
    ranked = [(score, by_id[score.candidate_id]) for score in campaign.ranking]
    used = {poster.copy_id for poster in campaign.posters}
    return _render("copies", ranked or [(None, copy) for copy in campaign.copies], used)


def thumbnail(caption: Caption) -> str:
    """The cut-out as a data: URL, small enough to be sent with the words."""
    image = Image.fromarray(caption.cutout)
    image.thumbnail(_THUMBNAIL)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=85)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
