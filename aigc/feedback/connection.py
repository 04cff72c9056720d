"""The database of logs beside the campaigns: one DuckDB file, one process at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from aigc import events
from aigc.disk import writing
from aigc.errors import ExportError
from aigc.feedback import database

SCHEMA = 1
WAIT = 120.0  # seconds for others to finish
_SOON = 2.0  # seconds after which people are told why nothing happens
KEY = "creative VARCHAR, channel VARCHAR, segment VARCHAR, day DATE"
FIGURES = "impressions BIGINT, clicks BIGINT, conversions DECIMAL(18,6), cost DECIMAL(18,6)"
TABLES = f"""
BEGIN TRANSACTION;
CREATE TABLE performance (source VARCHAR, {KEY}, {FIGURES}, breakdown VARCHAR);
CREATE TABLE schema_version AS SELECT {SCHEMA} AS number;
COMMIT;
"""  # figures are decimal, so that sums do not depend on their order


@contextlib.contextmanager
def reading(outputs: str | Path) -> Iterator[Any]:
    """Open the database to read it; None where there is none yet."""
    path = database(outputs)
    if not path.exists():
        yield None
        return
    with _locked(path, needed=False), _connected(path, read_only=True) as found:
        yield found if _version(found) else None


@contextlib.contextmanager
def changing(outputs: str | Path) -> Iterator[Any]:
    """Open the database for one change, made as a whole or not at all; others wait."""
    path = database(outputs)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path, needed=True), _connected(path, read_only=False) as found:
        found.execute("BEGIN TRANSACTION")
        yield found  # where this ends in an error, closing undoes all
        found.execute("COMMIT")


@contextlib.contextmanager
def _locked(path: Path, *, needed: bool) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        with writing(path):
            if not _acquired(lock, _SOON):
                events.report("feedback", 0, 0, f"'{path}' is in use; waiting for it")
                if not _acquired(lock, WAIT):
                    raise ExportError(
                        f"'{path}' is in use by another import, for {WAIT:.0f} s now; "
                        "try again later"
                    )
    except ExportError as error:
        # On a disk that cannot be written nobody else writes while we read.
        if needed or not isinstance(error.__cause__, OSError):
            raise
    try:
        yield
    finally:
        lock.release()


def _acquired(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:  # an OSError, which `writing` would take for one of the disk
        return False
    return True


@contextlib.contextmanager
def _connected(path: Path, *, read_only: bool) -> Iterator[Any]:
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=read_only) as found:
            version = _version(found)
            if version is None:  # a first import that was killed leaves it empty
                if not read_only:
                    found.execute(TABLES)
            elif version != SCHEMA:
                raise ExportError(_other(path, version))
            yield found
    except duckdb.Error as error:
        raise ExportError(explained(path, error)) from error


def _version(found: Any) -> int | None:
    """Which schema it has; None: it is empty."""
    names = {name for (name,) in found.execute("SHOW TABLES").fetchall()}
    if not names:
        return None
    if "schema_version" not in names:
        return 0
    return int(found.execute("SELECT max(number) FROM schema_version").fetchone()[0])


def _other(path: Path, version: int) -> str:
    if version > SCHEMA:
        return (
            f"'{path}' was made by a newer aigc (schema {version}, this one knows {SCHEMA}); "
            "upgrade aigc"
        )
    return f"'{path}' is no database of logs; move it away, and import the logs again"


def explained(path: Path, error: Exception) -> str:
    """Say in one line what is wrong with the database, and what to do."""
    said = str(error).splitlines()[0]
    if "could not set lock" in said.lower():
        return f"'{path}' is open in another program; close it there, and try again"
    if "version number" in said:
        return f"'{path}' was written by a newer DuckDB; `pip install -U duckdb`"
    if "not a valid DuckDB" in said or "corrupt" in said.lower() or "checksum" in said.lower():
        return f"'{path}' is damaged; move it away, and import the logs again ({said})"
    return f"'{path}' cannot be read or written ({said})"
