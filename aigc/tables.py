"""Tables that others made: CSV, JSONL and Parquet, row by row, with columns found by name.

Every export names its columns in its own way. `mapped` matches them by name, a caller's own choice
comes first, and what cannot be matched is an error that shows the columns there are.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aigc.errors import BriefError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
_BATCH = 10_000  # rows of a Parquet file that are in memory at a time


class Row(NamedTuple):
    """A row as it stands, and where: its line, or for Parquet its number, from 1."""

    line: int
    values: dict[str, Any]
    wrong: str = ""  # why it cannot be read; `values` is then empty


class Wanted(NamedTuple):
    """A column that is looked for, under any of these names."""

    names: tuple[str, ...]
    needed: bool = True


def columns(path: str | Path) -> tuple[str, ...]:
    """The columns of a table, in order; of JSONL those of its first row.

    Raises BriefError where the file is missing, empty, or of a kind that is not read.
    """
    table = _checked(path)
    if table.suffix.lower() == ".parquet":
        return tuple(name for name, *_ in _query(table, "DESCRIBE SELECT * FROM"))
    for row in rows(table):
        if not row.wrong:
            return tuple(row.values)
    raise BriefError(f"'{table}': no row can be read")


def mapped(
    found: Sequence[str], wanted: Mapping[str, Wanted], given: Mapping[str, str], where: str
) -> dict[str, str]:
    """Say which column of a table holds which field: the caller's choice, else by name.

    Names are compared without regard to case, spaces and punctuation. Raises BriefError, showing
    the columns found, where a needed field has no column or a chosen column is not there.
    """
    plain = {_plain(name): name for name in reversed(found)}
    shown = ", ".join(found)
    chosen: dict[str, str] = {}
    for field, row in wanted.items():
        if field in given:
            if given[field] not in found:
                raise BriefError(f"{where}: no column '{given[field]}' for {field}; found: {shown}")
            chosen[field] = given[field]
            continue
        name = next((plain[key] for each in row.names if (key := _plain(each)) in plain), None)
        if name is not None:
            chosen[field] = name
        elif row.needed:
            raise BriefError(f"{where}: no column for {field}; found: {shown}; name it by its flag")
    return chosen


def rows(path: str | Path) -> Iterator[Row]:
    """Read a table row by row; one that cannot be read says why, and the rest goes on.

    Raises BriefError where the file is missing or of a kind that is not read.
    """
    table = _checked(path)
    kind = table.suffix.lower()
    if kind == ".parquet":
        yield from _parquet(table)
    elif kind == ".jsonl":
        yield from _jsonl(table)
    else:
        yield from _csv(table, "\t" if kind == ".tsv" else ",")


def _checked(path: str | Path) -> Path:
    table = Path(path).expanduser()
    if table.suffix.lower() not in SUFFIXES:
        raise BriefError(f"'{table}': tables are read from {', '.join(SUFFIXES)}")
    if not table.is_file():
        raise BriefError(f"'{table}': no such file")
    return table


def _csv(table: Path, delimiter: str) -> Iterator[Row]:
    """RFC 4180; the line is the one where a row begins, for a quoted field may hold line ends."""
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        header: list[str] | None = None
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, {}, str(error))
                line = reader.line_num + 1
                continue
            at, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
            elif len(cells) != len(header):
                yield Row(at, {}, f"{len(cells)} cells, {len(header)} columns")
            else:
                yield Row(at, dict(zip(header, cells, strict=True)))


def _jsonl(table: Path) -> Iterator[Row]:
    with table.open(encoding="utf-8-sig", errors="replace") as stream:
        for line, text in enumerate(stream, 1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
            except ValueError as error:
                yield Row(line, {}, f"no JSON: {error}")
                continue
            if isinstance(values, dict):
                yield Row(line, values)
            else:
                yield Row(line, {}, "no JSON object")


def _parquet(table: Path) -> Iterator[Row]:
    import duckdb

    with duckdb.connect() as database:
        found = _asked(database, table, "SELECT * FROM")
        names = [column[0] for column in found.description]
        line = 0
        while part := found.fetchmany(_BATCH):
            for cells in part:
                line += 1
                yield Row(line, dict(zip(names, cells, strict=True)))


def _query(table: Path, verb: str) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect() as database:
        found: list[tuple[Any, ...]] = _asked(database, table, verb).fetchall()
        return found


def _asked(database: Any, table: Path, verb: str) -> Any:
    import duckdb

    try:
        return database.execute(f"{verb} read_parquet(?)", [str(table)])
    except duckdb.Error as error:
        raise BriefError(f"'{table}': cannot be read ({str(error).splitlines()[0]})") from error


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
