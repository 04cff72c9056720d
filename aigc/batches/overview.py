"""The pages of a batch: `index.html`, which opens from disk whatever the number of campaigns.

It loads only what it shows, as scripts, for a page that was opened from disk may read nothing else:

    index/page-00001.js    a hundred products with their posters: all that is loaded at first
    index/channel-01.js    which products have a poster of some mark in this channel (00: in any)
    index/languages.js     which products are in which language
    index/scores-01.js     the lowest score in this channel of each product that has one there
    index/names-001.js     names, for the search

Products are counted from 0, in the catalogue's order; lists of them are ranges: `0-99 107`.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from aigc.batches import PosterRecord, Record, Result
from aigc.channels import all_channels
from aigc.typeset.judge.rules import rules

if TYPE_CHECKING:
    from aigc.batches.storage import Place

PAGE = "index.html"
FOLDER = "index"
CARDS = 100  # products of a page script
NAMES = 20_000  # names of a script
_FAILED = "failed"  # the mark of a product without a campaign

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Lists = dict[str, "array[int]"]


class Overview:
    """Takes results in the catalogue's order, and writes the pages as they fill."""

    def __init__(self, place: Place) -> None:
        """Begin with none."""
        self._place = place
        self._written: set[str] = set()
        self._digest = hashlib.sha256()
        self._cards: list[dict[str, Any]] = []
        self._names: list[str] = []
        self._pages = self._rolls = 0
        self._count = 0
        self._lists: dict[str, Lists] = {"": {}}  # by channel, by mark
        self._languages: Lists = {}
        self._lowest: Lists = {"": array("H")}  # by channel, of each product there, in 1/10,000
        self._posters: Counter[str] = Counter()  # by level
        self._bytes = 0

    def add(self, result: Result) -> None:
        """Take one more."""
        made = result.record
        self._cards.append(_card(result) if made is None else _campaign(result, made))
        self._names.append(f"{result.number} {self._cards[-1]['name']}")
        if made is None:
            self._list("", _FAILED)
        else:
            self._mark(made)
            self._languages.setdefault(made.language, array("I")).append(self._count)
            self._posters.update(each.level for each in made.posters)
            self._bytes += made.bytes
        self._count += 1
        if len(self._cards) == CARDS:
            self._end_page()
        if len(self._names) == NAMES:
            self._end_names()

    def _mark(self, made: Record) -> None:
        found = {(channel, mark) for each in made.posters for channel, mark in _marks(each)}
        for channel, mark in found:
            self._list(channel, mark)
        for name in {channel for channel, _ in found}:
            scores = [each.score for each in made.posters if name in ("", each.channel)]
            self._lowest.setdefault(name, array("H")).append(round(10_000 * min(scores)))

    def _list(self, channel: str, mark: str) -> None:
        self._lists.setdefault(channel, {}).setdefault(mark, array("I")).append(self._count)

    def _end_page(self) -> None:
        self._pages += 1
        rows = ",\n".join(_json(card) for card in self._cards)
        self._script(f"page-{self._pages:05}", f"aigc.page({self._pages}, [\n{rows}\n])")
        self._cards.clear()

    def _end_names(self) -> None:
        self._rolls += 1
        rows = ",\n".join(_json(name) for name in self._names)
        self._script(f"names-{self._rolls:03}", f"aigc.names({self._rolls}, [\n{rows}\n])")
        self._names.clear()

    def end(self) -> None:
        """Write what is left, and the page that opens it all, last."""
        if self._cards:
            self._end_page()
        if self._names:
            self._end_names()
        names = sorted(name for name in self._lists if name)
        for number, name in enumerate(("", *names)):
            lists = {mark: _ranges(found) for mark, found in sorted(self._lists[name].items())}
            self._script(f"channel-{number:02}", f"aigc.channel({number}, {_json(lists)})")
            scores = " ".join(map(str, self._lowest[name]))
            self._script(f"scores-{number:02}", f'aigc.scores({number}, "{scores}")')
        languages = {name: _ranges(found) for name, found in sorted(self._languages.items())}
        self._script("languages", f"aigc.languages({_json(languages)})")
        self._write(PAGE, self._page(names).encode("utf-8", "replace"))
        self._remove_strays()

    def _page(self, names: list[str]) -> str:
        failed = len(self._lists[""].get(_FAILED, ()))
        return _template().render(
            batch=self._summary(names),
            made=self._count - failed,
            failed=failed,
            posters=self._posters.total(),
            size=_size(self._bytes),
        )

    def _summary(self, names: list[str]) -> dict[str, Any]:
        """What the page knows before it loads anything."""
        marks = {mark: len(found) for mark, found in sorted(self._lists[""].items())}
        known = all_channels()
        return {
            "version": self._digest.hexdigest()[:12],
            "count": self._count,
            "cards": CARDS,
            "rolls": self._rolls,
            "posters": {level: self._posters[level] for level in ("pass", "warn", "fail")},
            "bytes": self._bytes,
            "marks": marks,
            "remedies": {name: rule.remedy for name, rule in rules().items()},
            "channels": [
                [name, known[name].title if name in known else name, len(self._lists[name][""])]
                for name in names
            ],
            "languages": {name: len(found) for name, found in sorted(self._languages.items())},
        }

    def _script(self, name: str, text: str) -> None:
        self._write(f"{FOLDER}/{name}.js", f"{text}\n".encode("utf-8", "replace"))

    def _write(self, name: str, data: bytes) -> None:
        self._digest.update(data)
        self._written.add(name)
        # Of a long batch most pages stay as they are.
        here = self._place.root() / name
        if self._place.remote or not here.is_file() or here.read_bytes() != data:
            self._place.write(name, data)

    def _remove_strays(self) -> None:
        """Delete scripts of a batch that was longer."""
        for path in () if self._place.remote else (self._place.root() / FOLDER).glob("*.js"):
            if f"{FOLDER}/{path.name}" not in self._written:
                path.unlink(missing_ok=True)


def _marks(poster: PosterRecord) -> list[tuple[str, str]]:
    """Where a poster is listed: in its channel and in any, by no mark, its level and its checks.

    A check counts under the poster's level only, as `fail contrast`: a poster that failed is not
    looked for among the warnings.
    """
    level = poster.level
    marks = ["", level, *(each for each in poster.checks if each.startswith(f"{level} "))]
    return [(channel, mark) for channel in ("", poster.channel) for mark in marks]


def _card(result: Result) -> dict[str, Any]:
    """A product without a campaign."""
    card = {"number": result.number, "name": str(result.brief.get("name") or result.where)}
    why = result.failure
    told = {"stage": why.stage, "error": why.error, "remedy": why.remedy} if why else {}
    return card | {"source": result.where} | told


def _campaign(result: Result, made: Record) -> dict[str, Any]:
    card = {
        "number": result.number,
        "name": made.name,
        "source": result.where,
        "id": made.id,
        "language": made.language,
        "headline": made.headline,
        "score": round(made.score, 4),
        "posters": [_poster(each) for each in made.posters],
    }
    return card | ({"note": made.note} if made.note else {})


def _poster(poster: PosterRecord) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": poster.id,
        "channel": poster.channel,
        "file": poster.file,
        "size": poster.size,
        "score": round(poster.score, 4),
        "level": poster.level,
    }
    if poster.shown != poster.file:
        row["shown"] = poster.shown
    return row | ({"checks": poster.checks} if poster.checks else {})


def _ranges(found: array[int]) -> str:
    """Rising numbers as ranges: `0-99 107`."""
    numbers = np.frombuffer(found, np.uint32).astype(np.int64)
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts = numbers[np.concatenate([[0], breaks + 1])]
    lasts = numbers[np.concatenate([breaks, [len(numbers) - 1]])]
    return " ".join(
        str(first) if first == last else f"{first}-{last}"
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
    )


def _size(count: float) -> str:
    """Bytes as people say them: 3.7 GB."""
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} TB"


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("overview.html.j2")
