"""The photo and what was seen in it: its cut-out, its sentence, its tags, its colours."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from aigc.campaign import Edits
from aigc.copywrite.words import colour_names
from aigc.errors import BriefError

from .. import views
from ..board import board
from ..house import Page
from . import matte
from .desk import Desk
from .work import Work

_COLOURS = {"zh": colour_names}  # what a caption's English names are called


def lay_out(page: Page, desk: Desk) -> None:
    """Lay out the photo of the campaign in hand, and the editor of its cut-out."""
    shown = board(elem_id="review-photo", also=Path(__file__).with_name("photo.js"))
    desk.draws(partial(draw, desk), shown)
    desk.revises(shown.act, change)
    matte.lay_out(page, desk)


def draw(desk: Desk, work: Work) -> str:
    """The photo with its product's edge, and beside it what was seen."""
    caption, edits = work.campaign.caption, work.edits
    if caption is None:
        return ""
    return views.render(
        "review/photo.html.j2",
        desk.page.say,
        colours=_COLOURS.get(desk.page.language, dict)(),
        campaign=work.name,
        caption=caption,
        whole=caption.whole,
        size=work.photo,
        photo=desk.url(work, "photo.png"),
        cutout=desk.url(work, "cutout.png"),
        language=work.campaign.brief.language,
        corrected=bool(edits.matte),
        retold=bool(edits.caption) or edits.tags is not None,
    )


def change(work: Work, edits: Edits, told: dict[str, Any]) -> Edits | None:
    """What the fields say to the corrections."""
    caption, fields = work.campaign.caption, told.get("fields")
    if told.get("do") == "as-seen":
        return edits.model_copy(update={"caption": "", "tags": None})
    if told.get("do") != "caption" or not isinstance(fields, dict) or caption is None:
        return None
    text = " ".join(str(fields.get("caption", "")).split())
    tags = _tags(fields.get("tags", ""))
    if not text:
        raise BriefError("caption: it is empty; say in a sentence what the photo shows")
    wanted = edits.model_dump()
    if text != caption.text:
        wanted["caption"] = text
    if tags != tuple(tag.word for tag in caption.tags):
        wanted["tags"] = tags
    return Edits.model_validate(wanted)  # checks their lengths and number


def _tags(said: object) -> tuple[str, ...]:
    try:
        words = json.loads(str(said))
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise BriefError("tags: not a list of words; load the page again")
    return tuple(dict.fromkeys(word for each in words if (word := " ".join(each.split()))))
