"""Which columns of an ad platform's log say what: by name, by what they hold, or as told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from aigc import tables
from aigc.errors import BriefError
from aigc.feedback import cells, privacy
from aigc.feedback.creatives import Finder
from aigc.feedback.logs import LONGEST_LINK, Log, plain_text
from aigc.feedback.names import ENDS, FIELDS, LINKS, SEGMENTS, STARTS

_LOOK = 1000  # rows that tell which column names creatives, and how days are written


class Options(NamedTuple):
    """What the caller says of the logs; a column `=VALUE` is that value for every row."""

    columns: Mapping[str, str]
    segments: tuple[str, ...] | None = None  # COLUMN or KEY=COLUMN; None: those that are known
    day_format: str = ""
    ignore: tuple[str, ...] = ()


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
        wanted["creative"] = tables.Wanted(_naming(read, sample, finder))
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


def _naming(
    columns: Sequence[str], sample: Sequence[tables.Row], finder: Finder
) -> tuple[str, ...]:
    """Names of a creative's column, best first: of the ad's name, id and link one has our ids."""
    usual = FIELDS["creative"].names
    ours, filled = [], []
    for name in (*usual, *LINKS):
        wanted = {"it": tables.Wanted((name,), needed=False)}
        column = tables.mapped(columns, wanted, {}, "").get("it")
        texts = [plain_text(row.values.get(column)) for row in sample] if column else []
        if any(finder.find(text[:LONGEST_LINK]) for text in texts):
            ours.append(name)
        elif any(texts) and name in usual:
            filled.append(name)
    return (*ours, *filled, *usual)


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
