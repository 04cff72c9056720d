"""One log of an ad platform: which of its columns say what, and its rows, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from aigc import tables
from aigc.errors import BriefError
from aigc.feedback import cells, privacy
from aigc.feedback.creatives import Finder
from aigc.feedback.names import ENDS, FIELDS, LINKS, SEGMENTS, STARTS

_LOOK = 1000  # rows that tell which column names creatives, and how days are written
_LONGEST = 200  # characters
_ROUNDED = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)  # 2.38512E+16
_TOTAL = re.compile(r"(grand )?totals?\b.*|(合计|总计|汇总|小计|总和).*", re.IGNORECASE)


class Options(NamedTuple):
    """What the caller says of the logs; a column `=VALUE` is that value for every row."""

    columns: Mapping[str, str]
    segments: tuple[str, ...] | None = None  # COLUMN or KEY=COLUMN; None: those that are known
    day_format: str = ""
    ignore: tuple[str, ...] = ()


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
                yield Bad(row.line, str(error))
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

    def _counted(self, row: Mapping[str, Any]) -> Counted:
        creative = self._creative(_text(self._value(row, "creative")))
        channel = _text(self._value(row, "channel"))
        _refuse_personal("channel", channel)
        impressions = self._value(row, "impressions")
        if cells.blank(impressions):
            raise ValueError("no impressions")
        counted = Counted(
            creative,
            channel,
            self._segment(row),
            self._day(row),
            _named("impressions", cells.count, impressions),
            _named("clicks", cells.count, self._value(row, "clicks")),
            _named("conversions", cells.amount, self._value(row, "conversions")),
            _named("cost", cells.amount, self._value(row, "cost")),
        )
        if counted.clicks > counted.impressions:
            raise ValueError(f"{counted.clicks} clicks of {counted.impressions} impressions")
        if any(len(text) > _LONGEST for text in counted[:3]):
            raise ValueError(f"creative, channel or segment is longer than {_LONGEST} characters")
        return counted

    def _value(self, row: Mapping[str, Any], name: str) -> Any:
        column = self.chosen.get(name, "=")
        return column[1:] if column.startswith("=") else row.get(column)

    def _creative(self, text: str) -> str:
        if not text:
            raise ValueError("no creative")
        found = self.finder.find(text)
        if found:
            return found  # alone: what else stands in an ad's name is not stored
        if _TOTAL.fullmatch(text):
            raise ValueError(f"'{text}' is a total, no creative")
        if _ROUNDED.fullmatch(text):
            raise ValueError(f"creative '{text}' was rounded by a spreadsheet; export it as text")
        _refuse_personal("creative", text, number=True)
        return text

    def _segment(self, row: Mapping[str, Any]) -> str:
        traits: dict[str, str] = {}
        for key, column in self.segments.items():
            text = _text(row.get(column))
            if not text:
                continue
            _refuse_personal(f"segment {key}", text)
            if len(self.seen[key]) <= privacy.MANY:
                self.seen[key].add(text)
            traits.update(_traits(key, text))
        return "; ".join(f"{key}={traits[key]}" for key in sorted(traits))

    def _day(self, row: Mapping[str, Any]) -> date | None:
        if "day" not in self.chosen:
            return None
        value = self._value(row, "day")
        if cells.blank(value):
            raise ValueError("no day")
        found = cells.day(value, self.day_format)
        if self.ends and not cells.blank(row.get(self.ends)):
            last = cells.day(row[self.ends], self.day_format)
            if last != found:
                raise ValueError(f"{found} to {last} is more than a day; export by day")
        return found


def opened(path: str | Path, options: Options, finder: Finder) -> Log:
    """Find out which columns of a log say what.

    Raises BriefError where one cannot be found, a column identifies people, or a day may be read
    in two ways.
    """
    table = Path(path).expanduser()
    where = f"'{table}'"
    found = tables.columns(table)
    for name in options.ignore:
        if name not in found:
            raise BriefError(f"{where}: no column '{name}' to ignore; found: {', '.join(found)}")
    read = [name for name in found if name not in options.ignore]
    sample = list(islice((row for row in tables.rows(table) if not row.wrong), _LOOK))
    fixed = {name: column for name, column in options.columns.items() if column.startswith("=")}
    wanted = {name: row for name, row in FIELDS.items() if name not in fixed}
    given = {name: column for name, column in options.columns.items() if name not in fixed}
    if "creative" in wanted and "creative" not in given:
        usual = FIELDS["creative"].names
        named = [name for name in (*usual, *LINKS) if _holds_ids(name, read, sample, finder)]
        wanted["creative"] = tables.Wanted((*named, *usual))
    chosen = {**tables.mapped(read, wanted, given, where), **fixed}
    log = Log(
        table,
        {name: chosen[name] for name in FIELDS if name in chosen},
        _segments(read, options.segments, where),
        privacy.Watch(privacy.personal(read), where),
        finder,
        options.day_format,
    )
    if tables.plain(chosen.get("day", "")) in STARTS:
        ends = tables.mapped(read, {"ends": tables.Wanted(ENDS, needed=False)}, {}, where)
        log.ends = ends.get("ends", "")
    if not log.day_format:
        log.day_format = _day_format(log, [row.values for row in sample])
    return log


def _holds_ids(
    name: str, columns: Sequence[str], sample: Iterable[tables.Row], finder: Finder
) -> bool:
    """Whether a column of this name has our ids: of the ad's name, id and link one does."""
    wanted = {"it": tables.Wanted((name,), needed=False)}
    column = tables.mapped(columns, wanted, {}, "").get("it")
    return column is not None and any(finder.find(_text(row.values.get(column))) for row in sample)


def _segments(columns: Sequence[str], given: Sequence[str] | None, where: str) -> dict[str, str]:
    if given is None:
        wanted = {key: tables.Wanted(names, needed=False) for key, names in SEGMENTS.items()}
        return tables.mapped(columns, wanted, {}, where)
    named = {}
    for each in given:
        key, _, column = each.rpartition("=") if each not in columns else ("", "", each)
        if column not in columns:
            raise BriefError(
                f"{where}: no column '{column}' for segment; found: {', '.join(columns)}"
            )
        named[_key(key or column)] = column
    return named


def _key(column: str) -> str:
    """What a segment's column is called in what is stored: `Age range` is age."""
    name = tables.plain(column)
    known = (key for key, names in SEGMENTS.items() if name in map(tables.plain, names))
    return next(known, re.sub(r"[=;\s]+", " ", column).strip().casefold())


def _traits(key: str, text: str) -> Iterator[tuple[str, str]]:
    """`age=18-24; gender=f` in a column of segments is two traits; all else is one value."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if key == "segment" and all(name.strip() and value.strip() for name, _, value in parts):
        for name, _, value in parts:
            yield name.strip().casefold(), value.strip().replace("=", ":")
    else:
        yield key, text.replace(";", ",").replace("=", ":")


def _day_format(log: Log, sample: Sequence[Mapping[str, Any]]) -> str:
    """Whether 11/12/2026 is the 11th or the 12th, which any other day of the file may tell."""
    column = log.chosen.get("day", "=")
    if column.startswith("="):
        return ""
    try:
        return cells.order(row.get(column) for row in sample)
    except cells.Unclear:
        pass
    try:
        return cells.order(row.values.get(column) for row in tables.rows(log.path))
    except cells.Unclear as error:
        raise BriefError(
            f"'{log.path}': {error}; say which with --day-format %d/%m/%Y or %m/%d/%Y"
        ) from error


def _text(value: Any) -> str:
    if cells.blank(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def _named(name: str, read: Any, value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from error


def _refuse_personal(name: str, text: str, *, number: bool = False) -> None:
    if what := privacy.looks_like(text, number=number):
        raise ValueError(f"{name} looks like {what}")  # without the value: it is personal
