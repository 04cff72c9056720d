"""What lies in a home: every campaign and batch of its owner, read once and then remembered."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aigc.batches import PRIVATE
from aigc.stage import STAGES

from .. import names
from ..words import LANGUAGES, speaker

_MARKS = ("campaign.json", "brief.json", *(f"{stage}.json" for stage in STAGES))


class Entry(NamedTuple):
    """A card of the history."""

    kind: Literal["campaign", "unfinished", "damaged", "batch"]
    folder: str  # its name in the home
    name: str  # of the product
    when: float  # seconds since the epoch
    channels: tuple[str, ...] = ()
    language: str = ""
    score: float | None = None  # of the best text, 0..1
    fails: int = 0  # marks of the judge
    posters: int = 0
    poster: str = ""  # the file to show small
    stage: str = ""  # of an unfinished one: what comes next
    text: str = ""  # what a search looks through


def entries(home: Path) -> list[Entry]:
    """Give all that lies in a home, newest first; only what changed since is read again."""
    found = [entry for folder, stamp in _folders(home) if (entry := _entry(folder, stamp))]
    return sorted(found, key=lambda each: (-each.when, each.folder))


def matching(found: list[Entry], query: str) -> list[Entry]:
    """Those that hold every word of a query: in the name, the channels or the texts."""
    words = query.casefold().split()
    return [each for each in found if all(word in each.text for word in words)]


def one(folder: Path) -> Entry | None:
    """Give one folder's entry; None where there is none yet."""
    try:
        return _entry(folder, (folder / "campaign.json").stat().st_mtime_ns)
    except OSError:
        return None


def _folders(home: Path) -> Iterator[tuple[Path, int]]:
    """Each folder that may be a campaign's, and what changes when its content does, ns."""
    try:
        inside = sorted(home.iterdir())
    except OSError:  # nothing was made yet
        return
    for folder in inside:
        if folder.name.startswith(".") or folder.is_symlink() or not folder.is_dir():
            continue
        for mark in (folder / "campaign.json", folder / PRIVATE, folder):
            try:
                yield folder, mark.stat().st_mtime_ns
                break
            except OSError:
                continue


@lru_cache(maxsize=20_000)
def _entry(folder: Path, stamp: int) -> Entry | None:
    """Read one folder as it was at `stamp`; None where it is none of ours."""
    when = stamp / 1e9
    if (folder / PRIVATE).is_dir():
        inside = [each for each in folder.glob("*/campaign.json") if each.parent.name[0] != "."]
        name = _batch_name(folder)
        text = f"{name}\n{folder.name}".casefold()
        return Entry("batch", folder.name, name, when, posters=len(inside), text=text)
    if not any((folder / mark).exists() for mark in _MARKS):
        return None
    try:
        if (folder / "campaign.json").exists():
            return _whole(folder, when)
        return _begun(folder, when)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        name = folder.name
        return Entry("damaged", name, name, when, poster="photo.png", text=name.casefold())


def _batch_name(folder: Path) -> str:
    """What the merchant called a batch; one of the command line is called as its folder."""
    try:
        return (folder / PRIVATE / "page" / "name.txt").read_text("utf-8") or folder.name
    except (OSError, ValueError):
        return folder.name


def _whole(folder: Path, when: float) -> Entry:
    table = _read(folder / "campaign.json")
    brief, posters = table["brief"], table["posters"]
    marks = [mark for each in posters for mark in (each.get("verdict") or {}).get("marks", ())]
    # The squarest one fills a card best.
    shown = min(posters, key=lambda each: abs(math.log(each["size"][0] / each["size"][1])))
    file = str(shown["file"])
    made = tuple(dict.fromkeys(str(each["channel"]) for each in posters))
    texts = [str(copy[part]) for copy in table["copies"] for part in ("headline", "body")]
    return Entry(
        kind="campaign",
        folder=folder.name,
        name=str(brief["name"]),
        when=when,
        channels=made,
        language=str(brief["language"]),
        score=float(table["ranking"][0]["total"]),
        fails=sum(mark["level"] == "fail" for mark in marks),
        posters=len(posters),
        poster=f"{file[:-4]}.preview.jpg" if file.endswith(".pdf") else file,
        text=_searched(folder, brief, (*made, *_called(made), *texts)),
    )


def _begun(folder: Path, when: float) -> Entry:
    brief = _read(folder / "brief.json")
    missing = [stage for stage in STAGES if not (folder / f"{stage}.json").exists()]
    made = tuple(map(str, brief["channels"]))
    return Entry(
        kind="unfinished",
        folder=folder.name,
        name=str(brief["name"]),
        when=when,
        channels=made,
        language=str(brief["language"]),
        poster="photo.png",
        stage=missing[0] if missing else STAGES[-1],
        text=_searched(folder, brief, (*made, *_called(made))),
    )


def _read(path: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return table


def _called(channels: tuple[str, ...]) -> Iterator[str]:
    """What people call these channels, in every language of the page."""
    for language in LANGUAGES:
        yield from (names.channel(speaker(language), each) for each in channels)


def _searched(folder: Path, brief: dict[str, Any], more: tuple[str, ...]) -> str:
    said = (folder.name, brief["name"], brief.get("product", ""), brief["language"], *more)
    return "\n".join(map(str, said)).casefold()
