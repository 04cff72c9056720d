"""Example cards: a brief with a photo of our own each, which fill the form."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from aigc import brief as briefs
from aigc import channels, disk, photo
from aigc.campaign import Brief

from .. import views
from ..board import board
from ..house import House, Page
from . import photos
from .form import Fields

EXAMPLES = Path(__file__).parents[2] / "examples"  # beside ui/ in a checkout, not in a wheel
_SHOWN = (240, 240)  # px
_FILLED = (
    *("photos", "name", "channels", "price", "was", "discount", "coupon", "link", "badges"),
    *("features", "product", "audience", "tone", "language", "market", "date"),
    *("style", "variants", "seed"),
)


class Card(NamedTuple):
    """An example as it is shown."""

    key: str
    brief: Brief
    picture: str  # data: URL
    channels: int


def cards(folder: Path = EXAMPLES) -> list[Card]:
    """Read the example briefs whose photo lies here; another would have to be fetched."""
    found = []
    for file in sorted(folder.glob("*")):
        if file.suffix not in briefs.SUFFIXES:
            continue
        brief = briefs.load(file)
        if Path(brief.photo).exists():
            picture = photos.small(photo.load(brief.photo), _SHOWN)
            found.append(Card(file.stem, brief, picture, len(brief.channels)))
    return found


def lay_out(page: Page, fields: Fields) -> None:
    """Lay out the cards; a press fills the form."""
    shown = cards()
    if not shown:
        return
    shelf = board(
        views.render("product/examples.html.j2", page.say, cards=shown), elem_id="examples"
    )
    known = {card.key: card.brief for card in shown}

    def fill(event: gr.EventData) -> list[Any]:
        return _fill(page, known, event)

    shelf.act(
        fill,
        None,
        [fields[name] for name in _FILLED],
        show_progress="hidden",
        api_visibility="private",
    )


def filled(brief: Brief, house: House) -> dict[str, Any]:
    """The form's fields of a brief; its photo is copied to where uploads lie."""
    source = Path(brief.photo)
    data = source.read_bytes()
    copied = house.scratch / photos.UPLOADS / hashlib.sha256(data).hexdigest() / source.name
    disk.write(copied, data)
    lines = {"features": "\n".join(brief.features), "badges": "\n".join(brief.badges)}
    known = channels.all_channels()
    return {
        **{name: getattr(brief, name) for name in _FILLED if name in Brief.model_fields},
        **lines,
        "photos": [photos.shown(str(copied), brief.name)],
        "channels": [name for name in brief.channels if name in known],
    }


def _fill(page: Page, known: dict[str, Brief], event: gr.EventData) -> list[Any]:
    which = event._data.get("which") if isinstance(event._data, dict) else None
    if which not in known:
        return [gr.skip()] * len(_FILLED)
    form = filled(known[which], page.house)
    return [form[name] for name in _FILLED]
