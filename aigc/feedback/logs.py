"""The rows of an ad platform's log, checked one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from aigc import tables
from aigc.errors import BriefError
from aigc.feedback import cells, privacy
from aigc.feedback.creatives import Finder
from aigc.feedback.names import FIELDS

_LONGEST = 200  # characters that are stored
LONGEST_LINK = 2000  # characters in which an id is looked for
_ROUNDED = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)  # 2.38512E+16
_TOTAL = re.compile(r"(grand )?totals?\b.*|(合计|总计|汇总|小计|总和).*", re.IGNORECASE)


class Counted(NamedTuple):
    """A row of a log, checked."""

    creative: str
    channel: str
    segment: str
    day: date | None
    impressions: int
    clicks: int
    conversions: Decimal
    cost: Decimal


class Bad(NamedTuple):
    """A row that is skipped, and why."""

    line: int
    reason: str


@dataclass
class Log:
    """A log whose columns are known."""

    path: Path
    chosen: dict[str, str]  # field → column or =VALUE
    segments: dict[str, str]  # key → column
    watch: privacy.Watch
    finder: Finder
    day_format: str = ""
    ends: str = ""  # the column of a row's last day
    seen: dict[str, set[str]] = field(default_factory=dict)  # values of each segment

    def __post_init__(self) -> None:
        """Remember what was read before: a log says the same few things again and again."""
        remember = lru_cache(1 << 16)
        self._creative, self._channel = remember(self._read_creative), remember(self._read_channel)
        self._segment, self._day = remember(self._read_segment), remember(self._read_day)
        self._columns = [self.chosen.get(name, "") for name in FIELDS]
        self._fixed = {name: name[1:] for name in self._columns if name.startswith("=")}

    @property
    def breakdown(self) -> str:
        """What its figures are broken down by: rows of two breakdowns count the same clicks."""
        by = [name for name in ("channel", "day") if name in self.chosen]
        return ", ".join([*by, *sorted(self.segments)])

    @property
    def columns(self) -> dict[str, str]:
        """Which column says what, as people are shown it."""
        return {**self.chosen, **{f"segment {key}": name for key, name in self.segments.items()}}

    def rows(self) -> Iterator[Counted | Bad]:
        """Give every row, checked.

        Raises BriefError where a column identifies people.
        """
        self.seen = {key: set() for key in self.segments}
        good = 0
        for row in tables.rows(self.path):
            if row.wrong:
                yield Bad(row.line, row.wrong)
                continue
            self.watch.look(row.line, row.values)
            try:
                found = self._counted(row.values)
            except ValueError as error:
                yield Bad(row.line, _printable(str(error)))
                continue
            good += 1
            yield found
        for key, values in self.seen.items():
            if privacy.too_many(len(values), good):
                raise BriefError(
                    f"'{self.path}': column '{self.segments[key]}' has so many values "
                    f"({len(values)} in {good} rows) that they single out people, so nothing was "
                    f"imported; group them, or leave it unread with --ignore '{self.segments[key]}'"
                )

    def _counted(self, row: dict[str, Any]) -> Counted:
        row.update(self._fixed)
        creative, channel, day, *figures = (row.get(column) for column in self._columns)
        if cells.blank(figures[0]):
            raise ValueError("no impressions")
        at = ""
        try:
            at = "creative"
            name = self._creative(creative)
            at = "channel"
            where = self._channel(channel)
            at = "segment"
            segment = self._segment(tuple(row.get(column) for column in self.segments.values()))
            at = "day"
            when = self._day(day, row.get(self.ends)) if "day" in self.chosen else None
            at = "impressions"
            impressions = cells.count(figures[0])
            at = "clicks"
            clicks = cells.count(figures[1])
            at = "conversions"
            conversions = cells.amount(figures[2])
            at = "cost"
            cost = cells.amount(figures[3])
        except TypeError as error:  # a list of JSON cannot be looked up
            raise ValueError(f"{at} is no plain value") from error
        except ValueError as error:
            raise ValueError(f"{at} {error}") from error
        if clicks > impressions:
            raise ValueError(f"{clicks} clicks of {impressions} impressions")
        return Counted(name, where, segment, when, impressions, clicks, conversions, cost)

    def _read_creative(self, cell: Any) -> str:
        text = plain_text(cell)
        if not text:
            raise ValueError("is empty")
        if len(text) > LONGEST_LINK:
            raise ValueError(f"is longer than {LONGEST_LINK} characters")
        found = self.finder.find(text)
        if found:
            return _checked(found)  # alone: what else stands in an ad's name is not stored
        if _TOTAL.fullmatch(text):
            raise ValueError(f"'{text}' is a total")
        if _ROUNDED.fullmatch(text):
            raise ValueError(f"'{text}' was rounded by a spreadsheet; export it as text")
        return _checked(text, number=True)

    def _read_channel(self, cell: Any) -> str:
        return _checked(plain_text(cell))

    def _read_segment(self, row: tuple[Any, ...]) -> str:
        traits: dict[str, str] = {}
        for key, cell in zip(self.segments, row, strict=True):
            text = _checked(plain_text(cell))
            if not text:
                continue
            if len(self.seen[key]) <= privacy.MANY:
                self.seen[key].add(text)
            traits.update(_traits(key, text))
        return _checked("; ".join(f"{key}={traits[key]}" for key in sorted(traits)))

    def _read_day(self, cell: Any, last: Any) -> date:
        if cells.blank(cell):
            raise ValueError("is empty")
        found = cells.day(cell, self.day_format)
        if not cells.blank(last) and (end := cells.day(last, self.day_format)) != found:
            raise ValueError(f"{found} goes to {end}; export by day")
        return found


def _traits(key: str, text: str) -> Iterator[tuple[str, str]]:
    """`age=18-24; gender=f` in a column of segments is two traits; all else is one value."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if key == "segment" and all(name.strip() and value.strip() for name, _, value in parts):
        for name, _, value in parts:
            yield name.strip().casefold(), value.strip().replace("=", ":")
    else:
        yield key, text.replace(";", ",").replace("=", ":")


def plain_text(value: Any) -> str:
    if cells.blank(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _printable(str(value))


def _printable(text: str) -> str:
    """One line, without what a terminal would obey."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())


def _checked(text: str, *, number: bool = False) -> str:
    """A text that may be stored; what is personal is not shown in the error either."""
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    if what := privacy.looks_like(text, number=number):
        raise ValueError(f"looks like {what}")
    return text
