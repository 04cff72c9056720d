"""Counts what a batch would make, product by product, and picks some to measure."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from slugify import slugify

from aigc import brief as briefs
from aigc import channels, edits, pipeline, portable
from aigc.batches import Entry, Result, given, journal, run
from aigc.batches.journal import Journal
from aigc.batches.storage import Place, place
from aigc.campaign import Brief
from aigc.errors import AigcError
from aigc.recipe import Recipe

# brief, photo, cutout, caption, copywrite, rank, scene, typeset, campaign, index: each campaign's.
_FIXED = 11
_PICKED = 64  # products to choose from, at most
_NAMED = re.compile(r"(.+)-[0-9a-f]{8}")


class Count:
    """The products of a batch so far; made by `counting`."""

    def __init__(self, recipe: Recipe, where: Place, before: Journal | None) -> None:
        """Count nothing yet."""
        self.products = self.wrong = self.whole = self.repeated = 0
        self.make = self.posters = self.painted = self.pixels = self.files = 0
        self.before = before
        self._recipe, self._said, self._where = recipe, given.said(recipe), where
        self._there = _there(where)
        self._known: set[int] = set()
        self._picked: list[Entry] = []
        self._every = 1

    def add(self, entry: Entry) -> None:
        """Count a product."""
        self.products += 1
        if entry.wrong:
            self.wrong += 1
            return
        brief = briefs.make(entry.fields)
        key = given.known_by(brief, self._said)
        short = int(key[:16], 16)
        if short in self._known:
            self.repeated += 1
            return
        self._known.add(short)
        if self._is_whole(brief, key):
            self.whole += 1
            return
        if self.make % self._every == 0:
            self._pick(entry)
        self.make += 1
        made = [
            channels.channel(name)
            for name in brief.channels
            for _ in range(edits.variants(brief, name))
        ]
        self.posters += len(made)
        self.painted += sum(each.background != "white" for each in made)
        self.pixels += sum(each.size[0] * each.size[1] for each in made)
        # A scene and a poster each; a print has a preview and a report beside it.
        self.files += portable.besides(brief, self._recipe)
        self.files += _FIXED + sum(4 if each.format == "pdf" else 2 for each in made)
        self.files += any(each.platform == "Google" for each in made)

    def spread(self, most: int) -> list[Entry]:
        """Some of the products to make, from all over the catalogue."""
        count = len(self._picked)
        if count <= most:
            return self._picked
        return [self._picked[number * count // most] for number in range(most)]

    def _pick(self, entry: Entry) -> None:
        self._picked.append(entry)
        if len(self._picked) > _PICKED:
            self._picked = self._picked[::2]
            self._every *= 2

    def _is_whole(self, brief: Brief, key: str) -> bool:
        found = self.before.find(key) if self.before else None
        if found is not None:
            return self._where.whole(found.id)
        if (slugify(brief.name, max_length=40) or "campaign") not in self._there:
            return False
        try:  # made by `aigc run`, or by a batch whose journal is gone
            made = pipeline.begun(brief, self._recipe, self._where.root())
        except AigcError:
            return False  # a photo that cannot be read: it will fail
        return self._where.whole(made.id)


@contextlib.contextmanager
def counting(recipe: Recipe, outputs: str) -> Iterator[Count]:
    """Count what is to be made where `outputs` are; nothing is written there."""
    where = place(outputs)
    with contextlib.ExitStack() as held:
        before = None
        if where.exists(run.JOURNAL):
            path = where.root() / run.JOURNAL
            if where.remote:
                folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
                path = folder / "journal.sqlite"
                path.write_bytes(where.read(run.JOURNAL))
            before = held.enter_context(journal.opened(path))
        yield Count(recipe, where, before)


def prior(before: Journal | None, most: int) -> list[Result]:
    """Results of earlier runs, of products that were made from the first stage to the last."""
    found: list[Result] = []
    for result in before.results("done") if before else ():
        if {"caption", "typeset"} <= result.seconds.keys():
            found.append(result)
        if len(found) == most:
            break
    return found


def _there(where: Place) -> set[str]:
    """The names of products that have a campaign; of remote outputs the journal knows."""
    if where.remote or not where.root().is_dir():
        return set()
    named = (_NAMED.fullmatch(each.name) for each in where.root().iterdir())
    return {each[1] for each in named if each}
