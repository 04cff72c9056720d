"""The history as HTML: what is being made, a card a campaign, and the bin."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from .. import names, views
from ..house import Page
from ..line import News
from ..words import LANGUAGES
from . import trash
from .index import Entry, entries, matching
from .thumbs import thumb

STEP = 24  # cards that are shown at a time
_STACK = 3  # pictures on a catalogue's card
_GOING = ("waiting", "running")


class Note(NamedTuple):
    """A line over the cards, of what has just been done."""

    says: str
    failed: bool = False
    undo: str = ""  # what brings back what was deleted: its key in the bin


def render(page: Page, request: Any, query: str, upto: int, note: Note | None = None) -> str:
    """Show the history of who asks, the first `upto` cards that match a query."""
    house, say = page.house, page.say
    home = house.home(request)
    jobs = [each for each in house.line.jobs(house.owner(request)) if each.state in _GOING]
    busy = {job.campaign for job in jobs}
    everything = [each for each in entries(home) if each.folder not in busy]
    found = matching(everything, query)
    return views.render(
        "history/history.html.j2",
        say,
        note=note.says if note else "",
        failed=note.failed if note else False,
        undo=note.undo if note else "",
        jobs=[_job(page, job) for job in jobs],
        count=len(everything),
        query=query,
        told=_told(page, len(found), len(everything)),
        cards=[_card(page, home, entry) for entry in found[:upto]],
        more=upto + STEP if len(found) > upto else 0,
        thrown=trash.thrown(home),
    )


def _job(page: Page, job: News) -> dict[str, Any]:
    if job.state == "running":
        state = page.say("history.running")
    elif job.ahead:
        state = page.say("history.waiting", ahead=job.ahead)
    else:
        state = page.say("history.waiting_next")
    name = job.name or job.campaign or page.say("history.job")
    return {"id": job.job, "name": name, "state": state, "running": job.state == "running"}


def _told(page: Page, found: int, count: int) -> str:
    if found < count:
        return page.say("history.count_found", found=found, count=count)
    return page.say("history.count_one") if count == 1 else page.say("history.count", count=count)


def _card(page: Page, home: Path, entry: Entry) -> dict[str, Any]:
    when = datetime.fromtimestamp(entry.when).astimezone()
    folder, scratch = home / entry.folder, page.house.scratch
    card = {
        "entry": entry,
        "when": when,
        "day": page.say("history.date", d=when),
        "exact": page.say("history.day_time", d=when),
        "channels": [names.channel(page.say, each) for each in entry.channels],
        "language": LANGUAGES.get(entry.language.partition("-")[0], entry.language),
        "picture": "",
    }
    if entry.kind == "batch":
        there = (folder / "index.html").exists()
        card["address"] = page.house.url(entry.folder, "index.html") if there else ""
        shown = sorted(folder.glob("[!.]*/cutout.png"))[:_STACK]
        card["pictures"] = [thumb(each.parent, each.name, scratch) for each in shown]
    else:
        card["picture"] = thumb(folder, entry.poster, scratch)
    return card
