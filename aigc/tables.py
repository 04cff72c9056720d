"""Tables that others made: CSV, JSONL, Excel and Parquet, row by row, with columns found by name.

Every export names its columns in its own way. `mapped` matches them by name, a caller's own choice
comes first, and what cannot be matched is an error that shows the columns there are.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from aigc import csvs, sheets
from aigc.errors import BriefError

_TEXT = (".csv", ".tsv", ".jsonl", ".ndjson")
_SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES = (*_TEXT, ".parquet", *_SHEETS)
_OTHERS = (".numbers", ".fods", ".et")
_BATCH = 10_000  # rows of a Parquet file that are in memory at a time
_LOOK = 100  # rows of JSONL that are read to learn its columns
_BRACKETS = re.compile(r"[(\[（【][^)\]）】]*[)\]）】]")


class Row(NamedTuple):
    """A row as it stands, and where: its line, or in sheets and Parquet its number, from 1."""

    line: int
    values: dict[str, Any]
    wrong: str = ""  # why it cannot be read; `values` is then empty


class Wanted(NamedTuple):
    """A column that is looked for, under any of these names."""

    names: tuple[str, ...]
    needed: bool = True


def columns(path: str | Path) -> tuple[str, ...]:
    """The columns of a table, in order; of JSONL those of its first rows.

    Raises BriefError where the file is missing, empty, damaged, or of a kind that is not read.
    """
    table, suffix = _checked(path)
    if suffix in (".csv", ".tsv", *_SHEETS):
        found = _or_damaged(table, _cut(table, suffix))
        header: list[str] = next((cells for _, cells, wrong in found if not wrong), [])
    else:
        readable = (row.values for row in rows(table) if not row.wrong)
        header = list(dict.fromkeys(name for each in islice(readable, _LOOK) for name in each))
    if not header and suffix == ".parquet":
        header = [name for name, *_ in _asked(table, "DESCRIBE SELECT * FROM")]
    if not header:
        raise BriefError(f"'{table}': no row can be read")
    return tuple(header)


def mapped(
    found: Sequence[str], wanted: Mapping[str, Wanted], given: Mapping[str, str], where: str
) -> dict[str, str]:
    """Say which column of a table holds which field: the caller's choice, else by name.

    Names are compared without regard to case, width, spaces and punctuation, and what stands in
    brackets counts only where nothing else matches: `Cost (USD)`. Raises BriefError, showing the
    columns found, where a needed field has no column or a chosen column is not there.
    """
    bare = {plain(_BRACKETS.sub("", name)): name for name in reversed(found)}
    by_name = bare | {plain(name): name for name in reversed(found)}
    shown = ", ".join(found)
    chosen: dict[str, str] = {}
    for field, row in wanted.items():
        if field in given:
            if given[field] not in found:
                raise BriefError(f"{where}: no column '{given[field]}' for {field}; found: {shown}")
            chosen[field] = given[field]
            continue
        name = next((by_name[key] for each in row.names if (key := plain(each)) in by_name), None)
        if name is not None:
            chosen[field] = name
        elif row.needed:
            raise BriefError(f"{where}: no column for {field}; found: {shown}; name it by its flag")
    return chosen


def plain(name: str) -> str:
    """Reduce a column's name to what names are compared by."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).casefold()


def rows(path: str | Path) -> Iterator[Row]:
    """Read a table row by row; one that cannot be read says why, and the rest goes on.

    What is nested in JSONL or Parquet is named with dots: `metrics.clicks`. Raises BriefError where
    the file is missing, damaged as a whole, or of a kind that is not read.
    """
    table, suffix = _checked(path)
    if suffix == ".parquet":
        return _parquet(table)
    text = suffix in (".jsonl", ".ndjson")
    return _or_damaged(table, _jsonl(table) if text else _named(_cut(table, suffix)))


def kind(path: str | Path) -> str:
    """The suffix that says how a table is read, in lower case: of a.CSV.gz it is .csv."""
    return Path(Path(path).name.lower().removesuffix(".gz")).suffix


def is_text(path: str | Path) -> bool:
    """Whether its rows have lines, as in an editor."""
    return kind(path) in _TEXT


def _checked(path: str | Path) -> tuple[Path, str]:
    """The file and its kind; text may be packed with gzip."""
    table = Path(path).expanduser()
    name, suffix = table.name.lower(), kind(path)
    if suffix not in SUFFIXES or (suffix not in _TEXT and name.endswith(".gz")):
        remedy = "; save it as CSV" if suffix in _OTHERS else ""
        raise BriefError(
            f"'{table}': tables are read from {', '.join(SUFFIXES)}, text also .gz{remedy}"
        )
    if not table.is_file():
        raise BriefError(f"'{table}': no such file")
    return table, suffix


def _or_damaged(table: Path, found: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from found
    except (OSError, EOFError, zlib.error) as error:  # of gzip the latter two
        raise BriefError(f"'{table}': cannot be read ({error})") from error


def _cut(table: Path, suffix: str) -> Iterator[tuple[int, list[Any], str]]:
    """The header, then rows that are as wide as it: line, cells, what is wrong."""
    return sheets.rows(table) if suffix in _SHEETS else csvs.rows(table, suffix)


def _named(found: Iterator[tuple[int, list[Any], str]]) -> Iterator[Row]:
    header: list[str] | None = None
    for line, cells, wrong in found:
        if wrong:
            yield Row(line, {}, wrong)
        elif header is None:
            header = cells
        else:
            yield Row(line, dict(zip(header, cells, strict=True)))


def _jsonl(table: Path) -> Iterator[Row]:
    with csvs.opened(table) as stream:
        for line, text in enumerate(csvs.lines(stream, table), 1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
                json.dumps(values, ensure_ascii=False).encode()  # half a surrogate is no text
            except (ValueError, RecursionError) as error:
                yield Row(line, {}, f"no JSON: {error}")
                continue
            if isinstance(values, dict):
                yield Row(line, _flat(values))
            else:
                yield Row(line, {}, "no JSON object")


def _parquet(table: Path) -> Iterator[Row]:
    names: list[str] = []
    found = _asked(table, "SELECT * FROM", names)
    for line, cells in enumerate(found, 1):
        yield Row(line, _flat(dict(zip(names, cells, strict=True))))


def _asked(table: Path, verb: str, names: list[str] | None = None) -> Iterator[tuple[Any, ...]]:
    """What DuckDB says of a Parquet file; its columns' names are added to `names`."""
    import duckdb

    escaped = re.sub(r"([*?\[])", r"[\1]", str(table))  # a path is a pattern there
    try:
        with duckdb.connect() as database:
            found = database.execute(f"{verb} read_parquet(?)", [escaped])
            if names is not None:
                names += [column[0] for column in found.description]
            while part := found.fetchmany(_BATCH):
                yield from part
    except duckdb.Error as error:
        raise BriefError(f"'{table}': cannot be read ({str(error).splitlines()[0]})") from error


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    if not any(isinstance(value, dict) for value in values.values()):
        return dict(values)
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": each for inner, each in _flat(value).items()}
        else:
            flat[name] = value
    return flat
