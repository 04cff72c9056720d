"""The journal of a batch on shared storage: what is new in it is sent there as the batch runs.

A store has no append, so new results go into small files of their own; when the batch ends, the
whole journal is sent instead of them. A killed batch knows all but the last seconds, and those
campaigns themselves are there: they are only looked at again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from aigc import disk
from aigc.batches import PRIVATE, Result
from aigc.batches.journal import Journal
from aigc.batches.storage import Place

_NEW = f"{PRIVATE}/results"
_EVERY = 30.0  # seconds
_MANY = 1000  # results


class Mirror(Journal):
    """A journal of this machine, and what is not in the stored one yet."""

    def __init__(self, path: Path, place: Place) -> None:
        """Take the journal, and read what a killed batch left beside the stored one."""
        super().__init__(path)
        self._place = place
        self._lines: list[str] = []
        self._sent = time.monotonic()
        self._parts = place.names(_NEW)
        self._next = max((int(PurePosixPath(name).stem) for name in self._parts), default=0) + 1
        latest = self.run
        for name in self._parts:
            for line in place.read(name).decode().split("\n")[:-1]:
                run, _, result = line.partition(" ")
                self.run = int(run)
                super().add(Result.model_validate_json(result))
                latest = max(latest, self.run)
        self.run = latest

    def add(self, result: Result) -> None:
        """Write down how one product ended, and now and then send the latest."""
        super().add(result)
        self._lines.append(f"{self.run} {result.model_dump_json()}\n")
        if len(self._lines) >= _MANY or time.monotonic() - self._sent > _EVERY:
            self._send()

    def _send(self) -> None:
        name = f"{_NEW}/{self._next:08}.jsonl"
        self._place.write(name, "".join(self._lines).encode())
        self._parts.append(name)
        self._lines.clear()
        self._next += 1
        self._sent = time.monotonic()

    def forget(self) -> None:
        """Remove what the stored journal holds by now."""
        for name in self._parts:
            self._place.remove(name)


@contextlib.contextmanager
def mirrored(place: Place, name: str) -> Iterator[Journal]:
    """Fetch a journal from shared storage, and send it back in the end."""
    path = place.root() / name
    if place.exists(name):
        disk.write(path, place.read(name))
    journal = Mirror(path, place)
    try:
        yield journal
    finally:
        journal.close()
        place.write(name, path.read_bytes())
        journal.forget()
