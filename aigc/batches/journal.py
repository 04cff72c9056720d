"""What has become of each product, kept so that a killed batch knows it.

A SQLite database beside the campaigns: each result is a transaction. It only saves looking: that
a campaign is whole is said by its own `campaign.json`, and what the journal does not know is found
there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from aigc.batches import Result
from aigc.disk import writing
from aigc.errors import ExportError

_TABLE = """
CREATE TABLE IF NOT EXISTS results (
    run INTEGER, number INTEGER, key TEXT, status TEXT, result TEXT, PRIMARY KEY (run, number)
);
CREATE INDEX IF NOT EXISTS by_key ON results (key);
"""
# Of a product that several runs speak of, the last one's word; of one run, every row.
_LATEST = """
FROM results AS r WHERE run = (SELECT max(run) FROM results AS s WHERE s.key = r.key)
"""


class Journal:
    """Results by run and number; the runs before an unfinished one are kept until it is whole."""

    def __init__(self, path: Path) -> None:
        """Open or make the journal; raises ExportError where that cannot be."""
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            # A kill loses nothing; at worst a power cut loses the last results, not their files.
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLE)
            (last,) = self._db.execute("SELECT coalesce(max(run), 0) FROM results").fetchone()
        except sqlite3.Error as error:
            raise ExportError(f"'{path}': no journal ({error}); move it away") from error
        self.run = int(last)

    def begin(self) -> None:
        """Begin a run over the whole catalogue."""
        self.run += 1

    def end(self) -> None:
        """Say that this run saw the whole catalogue: what earlier ones knew is out of date."""
        self._do("DELETE FROM results WHERE run < ?", (self.run,))

    def add(self, result: Result) -> None:
        """Write down how one product ended."""
        row = (self.run, result.number, result.key, result.status, result.model_dump_json())
        self._do("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", row)

    def find(self, key: str) -> Result | None:
        """What is known of a product that was made before."""
        found = self._db.execute(
            "SELECT result FROM results WHERE key = ? AND status != 'failed' LIMIT 1", (key,)
        ).fetchone()
        return Result.model_validate_json(found[0]) if found else None

    def results(self, status: str = "") -> Iterator[Result]:
        """Give the latest of each product in the catalogue's order, perhaps of one status only."""
        only = "AND status = ?" if status else ""
        chosen = f"SELECT result {_LATEST} {only} ORDER BY number, run"
        for (row,) in self._db.execute(chosen, (status,) if status else ()):
            yield Result.model_validate_json(row)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _do(self, command: str, values: tuple[object, ...]) -> None:
        try:
            self._db.execute(command, values)
        except sqlite3.Error as error:
            raise ExportError(f"the journal cannot be written: {error}") from error


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """Open a journal, and close it in the end."""
    journal = Journal(path)
    try:
        yield journal
    finally:
        journal.close()
