"""Logs in the database beside the campaigns: all the files of one import are stored, or none.

A row is known by its source, creative, channel, segment and day. Rows of one log that agree in all
of them are added up; a later log that says something else of them restates them, as the ad
platforms do for days, and replaces what was there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from aigc import events
from aigc.campaign import Value
from aigc.errors import BriefError, ExportError
from aigc.feedback import Performance, choosing, connection, creatives, database, merging
from aigc.feedback.logs import Bad, Counted, Log
from aigc.feedback.names import FIELDS

_BATCH = 50_000  # rows that are in memory at a time
_TOLD = 1000  # skipped rows of a file that are named; the rest is counted
_STAGE = f"""
CREATE TABLE files (file INTEGER, breakdown VARCHAR);
CREATE TABLE rows (file INTEGER, {connection.KEY}, {connection.FIGURES});
CREATE TABLE fresh (file INTEGER, {connection.KEY}, {connection.FIGURES}, breakdown VARCHAR);
"""
_ADD_UP = """
INSERT INTO fresh
SELECT file, creative, channel, segment, day, sum(impressions), sum(clicks), sum(conversions),
       sum(cost), breakdown
FROM rows JOIN files USING (file) GROUP BY ALL;
DROP TABLE rows;
"""
_INSERT = """
INSERT INTO rows
SELECT ?, creative, channel, segment, day::DATE, impressions, clicks, conversions::DECIMAL(18,6),
       cost::DECIMAL(18,6)
FROM batch
"""


class ImportedFile(Value):
    """What became of one log; `new`, `known` and `replaced` count rows once added up by key."""

    file: str
    columns: dict[str, str] = Field(description="Which column says what; =VALUE is a fixed one")
    rows: int = Field(description="Rows read, bad ones included")
    new: int = 0
    known: int = Field(0, description="As they stood there already")
    replaced: int = Field(0, description="Restated: other figures than before")
    fewer: int = Field(0, description="Of those replaced, with fewer impressions than before")
    skipped: int = 0
    reasons: tuple[tuple[int, str], ...] = Field((), description="(line, why) of those skipped")


class Imported(Value):
    """What an import did, file by file."""

    database: str
    source: str
    files: tuple[ImportedFile, ...]
    creatives: int = Field(description="Creatives in these logs")
    unknown: tuple[str, ...] = Field(description="Those of no campaign there; stored all the same")
    dry_run: bool

    @property
    def stored(self) -> int:
        """How many rows the logs hold that are, or with dry_run would be, in the database."""
        return sum(each.new + each.known + each.replaced for each in self.files)


def import_logs(
    paths: str | Path | Iterable[str | Path],
    outputs: str | Path = "outputs",
    columns: Mapping[str, str | Sequence[str]] | None = None,
    *,
    source: str = "",
    day_format: str = "",
    ignore: Sequence[str] = (),
    afresh: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Store what ad platforms' logs say of creatives, beside the campaigns in `outputs`.

    columns: field (creative, channel, segment, day, impressions, clicks, conversions, cost) to
    column, where names do not tell it; `=VALUE` is the same for all rows; segment may have several.
    source: whose figures they are, where two accounts each count their own part of a creative's.
    afresh: what that source held is dropped first. All files are stored, or none: raises
    BriefError for a log that cannot be read, identifies people, or counts twice what is there, and
    ExportError where the database cannot be written.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    files = [Path(path).expanduser() for path in given]
    if not files:
        raise BriefError("no log to import; give at least one file")
    options = _options(columns or {}, day_format, tuple(ignore))
    finder = creatives.Finder(creatives.known(outputs))
    opened = [choosing.opened(path, options, finder) for path in files]
    with tempfile.TemporaryDirectory(prefix="aigc-feedback-") as scratch:
        staged = Path(scratch) / "logs.duckdb"
        read, found = _staged(staged, opened)
        counts = merging.merged(staged, Path(outputs), source, afresh=afresh, dry_run=dry_run)
    done = tuple(file.model_copy(update=counts.get(number, {})) for number, file in enumerate(read))
    imported = Imported(
        database=str(database(outputs)),
        source=source,
        files=done,
        creatives=len(found),
        unknown=tuple(name for name in found if not finder.knows(name)),
        dry_run=dry_run,
    )
    _remark(imported)
    return imported


def read(outputs: str | Path, campaign: str = "") -> list[Performance]:
    """Give what is known, summed by creative, channel, segment and day, in that order.

    campaign: only that one's creatives, by its id. Where nothing was imported, nothing is given.
    Raises ExportError where the database cannot be read.
    """
    with connection.reading(outputs) as found:
        if found is None:
            return []
        rows = found.execute(
            "SELECT creative, channel, segment, day, sum(impressions)::BIGINT, "
            "sum(clicks)::BIGINT, sum(conversions)::DOUBLE, sum(cost)::DOUBLE FROM performance "
            "WHERE starts_with(creative, ?) GROUP BY ALL ORDER BY ALL",
            [f"{campaign}." if campaign else ""],
        ).fetchall()
    names = tuple(Performance.model_fields)
    return [Performance(**dict(zip(names, row, strict=True))) for row in rows]


def _options(
    columns: Mapping[str, str | Sequence[str]], day_format: str, ignore: tuple[str, ...]
) -> choosing.Options:
    unknown = columns.keys() - FIELDS.keys() - {"segment"}
    if unknown:
        raise BriefError(
            f"no field '{min(unknown)}' in a log; it has {', '.join(FIELDS)} and segment"
        )
    named = {name: column for name, column in columns.items() if name != "segment"}
    for name, column in named.items():
        if not isinstance(column, str):
            raise BriefError(f"{name} is one column, not {column!r}")
    segments = columns.get("segment")
    return choosing.Options(
        {name: str(column) for name, column in named.items()},
        (segments,) if isinstance(segments, str) else None if segments is None else tuple(segments),
        day_format,
        ignore,
    )


def _staged(path: Path, opened: Sequence[Log]) -> tuple[list[ImportedFile], list[str]]:
    """Read the logs into a database of their own, rows of one key added up, before any lock."""
    import duckdb

    try:
        with duckdb.connect(str(path)) as stage:
            stage.execute(_STAGE)
            read = [_stage(stage, number, len(opened), log) for number, log in enumerate(opened)]
            breakdowns = [[number, log.breakdown] for number, log in enumerate(opened)]
            stage.executemany("INSERT INTO files VALUES (?, ?)", breakdowns)
            stage.execute(_ADD_UP)
            found = stage.execute("SELECT DISTINCT creative FROM fresh ORDER BY 1").fetchall()
    except duckdb.Error as error:
        raise ExportError(connection.explained(path, error)) from error
    return read, [name for (name,) in found]


def _stage(stage: Any, number: int, files: int, log: Log) -> ImportedFile:
    batch: list[Counted] = []
    reasons: list[tuple[int, str]] = []
    total = skipped = 0
    for row in log.rows():
        total += 1
        if isinstance(row, Bad):
            skipped += 1
            if len(reasons) < _TOLD:
                reasons.append((row.line, row.reason))
            continue
        batch.append(row)
        if len(batch) == _BATCH:
            _insert(stage, number, batch)
            batch.clear()
            events.report("feedback", number, files, f"{total} rows")
    _insert(stage, number, batch)
    return ImportedFile(
        file=str(log.path),
        columns=log.columns,
        rows=total,
        skipped=skipped,
        reasons=tuple(reasons),
    )


def _insert(stage: Any, number: int, batch: Sequence[Counted]) -> None:
    """A column at a time: row by row takes DuckDB a hundred times as long."""
    import numpy as np

    if not batch:
        return
    cells = zip(Counted._fields, zip(*batch, strict=True), strict=True)
    counted = {"impressions", "clicks"}
    stage.register(
        "batch",
        {
            name: np.array(column, dtype=np.int64)
            if name in counted
            else np.array([None if cell is None else str(cell) for cell in column], dtype=object)
            for name, column in cells
        },
    )
    stage.execute(_INSERT, [number])
    stage.unregister("batch")


def _remark(imported: Imported) -> None:
    """Say what people should know of an import that went well."""
    for file in imported.files:
        if "day" not in file.columns and file.rows > file.skipped:
            events.report(
                "feedback", 0, 0, f"'{file.file}' has no days: a later log replaces its figures"
            )
        if file.fewer:
            events.report(
                "feedback",
                0,
                0,
                f"{file.fewer} rows of '{file.file}' replaced rows with more impressions; where "
                "each log counts a part (another account), give each its own --source",
            )
