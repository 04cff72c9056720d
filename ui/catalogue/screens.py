"""The catalogue as HTML: how a table was understood, where a batch stands, what can be mended."""

from __future__ import annotations

import base64
import time
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

from aigc.batches import PRIVATE
from aigc.campaign import Tone
from aigc.styles import all_styles

from .. import names, views
from ..history import index
from ..history.thumbs import thumb
from ..house import Page
from . import log, mending, runs
from .drafts import Refused, photo_names
from .reading import Understood

TONES: tuple[str, ...] = get_args(Tone)
_FORMS = 25  # rows that are mended at a time
_EXAMPLE = (
    "name,product,photo,price,was,features,audience,tone,channels\n"
    'Celadon Teapot,teapot,teapot.jpg,$29,$36,"holds 400 ml; thrown by hand",'
    'people who love tea,poetic,"instagram-square; google-landscape"\n'
    'Alder Desk Lamp,desk lamp,lamp.jpg,€89,,"warm light that dims; brass stem",'
    'people who read at night,functional,"instagram-square; google-landscape"\n'
)


_NO_PHOTO = "put it beside the catalogue, or name its folder by --photos"


class Note(NamedTuple):
    """A line over a batch, of what has just been done."""

    says: str
    bad: bool = False


def intro(page: Page) -> str:
    """What the tab is for, with a table to begin from."""
    data = base64.b64encode(_EXAMPLE.encode("utf-8-sig")).decode()
    return _piece(page, "intro", example=f"data:text/csv;base64,{data}")


def understood(
    page: Page, found: Understood | None, refused: list[Refused], failed: str = ""
) -> str:
    """How a table was understood, and every error by row and column."""
    return views.render(
        "catalogue/understood.html.j2", page.say, found=found, refused=refused, failed=failed
    )


def estimate(page: Page, found: dict[str, Any]) -> str:
    """What a batch would take; as `aigc batch --dry-run --json` says."""
    likely = found.get("likely")
    span = ""
    if likely:
        low, high = (_span(page, each) for each in likely)
        span = low if low == high else page.say("catalogue.takes_span", low=low, high=high)
    size = _size(found["bytes"]) if found.get("bytes") else ""
    return _piece(page, "estimate", found=found, span=span, size=size)


def earlier(page: Page, home: Path) -> str:
    """The catalogues that a merchant has made here, to look at again."""
    batches = [
        {"name": each.name, "title": runs.title(each), "day": _day(page, each)}
        for each in runs.batches(home)[:50]
    ]
    return _piece(page, "earlier", batches=batches)


def watch(page: Page, batch: Path, note: Note | None = None) -> str:
    """Where a batch stands."""
    here, running = log.standing(batch), runs.is_running(batch)
    rows = [] if running else mending.failed(batch)
    made = _made(batch)
    left = here.left(time.time()) if running else None
    packed = batch / f"{batch.name}.zip"
    return views.render(
        "catalogue/watch.html.j2",
        page.say,
        title=runs.title(batch),
        state=_state(page, here, running, len(rows)),
        running=running,
        can_resume=not running and not finished(here),
        note=note.says if note else "",
        bad=note.bad if note else False,
        total=here.total,
        over=min(here.over, here.total),
        failed=here.failed if running else len(rows),
        made_count=made,
        rate=f"{here.rate:.3g}" if here.rate and running else "",
        left=_span(page, left) if left is not None else "",
        overview=page.house.url(batch.name, "index.html")
        if (batch / "index.html").exists()
        else "",
        zip=page.house.url(batch.name, packed.name) if packed.exists() and not running else "",
        zip_size=_size(packed.stat().st_size) if packed.exists() else "",
        pictures=_pictures(page, batch, here),
        rows=rows[:_FORMS],
        all_rows=len(rows),
        photos=photo_names(runs.desk(batch)),
        fields=_Fields(page),
        choices=_choices(page),
        no_photo=_NO_PHOTO,
    )


def finished(here: log.Standing) -> bool:
    """Whether a batch came to its end, with failures or without."""
    return here.ended is not None and "error" not in here.ended


class _Fields:
    """What a form calls the fields of a brief."""

    def __init__(self, page: Page) -> None:
        self._say = page.say

    def get(self, name: str, other: str) -> str:
        try:
            return self._say(f"catalogue.f_{name}")
        except KeyError:
            return other


def _choices(page: Page) -> dict[str, list[tuple[str, str]]]:
    """Fields of which only some values hold, and what the page calls these."""
    return {
        "tone": [(each, page.say(f"product.tone_{each}")) for each in TONES],
        "style": [(each, names.style(page.say, each)) for each in ("auto", *all_styles())],
    }


def _state(page: Page, here: log.Standing, running: bool, failed: int) -> str:
    if running:
        if not here.began:
            return page.say("catalogue.starting")
        return page.say("catalogue.running", over=here.over, total=here.total)
    if finished(here):
        return page.say("catalogue.finished_failed" if failed else "catalogue.finished")
    if here.ended is None or here.ended["error"] in ("", "KeyboardInterrupt"):
        return page.say("catalogue.stopped", over=here.over, total=here.total)
    return page.say("catalogue.broke", why=here.ended["error"])


def _pictures(page: Page, batch: Path, here: log.Standing) -> list[dict[str, str]]:
    found = []
    for folder in here.made:
        entry = index.one(batch / folder)
        if entry is not None:
            picture = thumb(batch / folder, entry.poster, page.house.scratch)
            found.append({"name": entry.name, "picture": picture})
    return found


def _made(batch: Path) -> int:
    return sum(1 for path in batch.glob("*/campaign.json") if path.parent.name != PRIVATE)


def _day(page: Page, batch: Path) -> str:
    when = datetime.fromtimestamp(runs.desk(batch).stat().st_mtime).astimezone()
    return page.say("history.date", d=when)


def _span(page: Page, seconds: float) -> str:
    if seconds < 90:
        return page.say("catalogue.seconds", count=max(1, round(seconds)))
    if seconds < 5400:
        return page.say("catalogue.minutes", count=round(seconds / 60))
    return page.say("catalogue.hours", count=f"{seconds / 3600:.1f}")


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def _piece(page: Page, part: str, **values: Any) -> str:
    return views.render("catalogue/pieces.html.j2", page.say, part=part, **values)
