"""What happens in a batch, as JSON lines for other programs: each with `time` and `event`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from aigc.batches import Snapshot
from aigc.batches.pace import Pace
from aigc.errors import ExportError

_EVERY = 30.0  # seconds between snapshots


class Log:
    """Writes events, a line each; a log that can no longer be written stops nothing."""

    def __init__(self, stream: TextIO | None) -> None:
        """Write to a stream, or nowhere."""
        self._stream = stream
        self._pace = Pace()
        self._next = 0.0

    def write(self, event: str, fields: Mapping[str, Any]) -> None:
        """Write an event."""
        if self._stream is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "event": event, **fields}, ensure_ascii=False, default=str)
        try:
            self._stream.write(line.encode("utf-8", "replace").decode() + "\n")
            self._stream.flush()
        except OSError as error:
            self._stream = None
            print(f"no more is logged: {error.strerror or error}", file=sys.stderr)  # noqa: T201

    def __call__(self, snapshot: Snapshot) -> None:
        """Write how a product ended, and now and then where the batch stands."""
        if self._stream is None:
            return
        self._pace.see(snapshot)
        last = snapshot.last
        if last is not None:
            what = last.model_dump(
                mode="json",
                include={"number", "where", "id", "folder", "seconds", "failure"},
                exclude_none=True,
            )
            self.write(last.status, what | {"name": last.brief.get("name")})
        if snapshot.elapsed >= self._next:
            self._next = snapshot.elapsed + _EVERY
            state = snapshot.model_dump(mode="json", exclude={"last"})
            self.write("snapshot", state | {"rate": self._pace.rate, "left": self._pace.left})


@contextlib.contextmanager
def opened(name: str | None) -> Iterator[Log]:
    """Open the log: a file, which is gone on with, `-` for stdout, or none.

    Raises ExportError where it cannot be written.
    """
    if name is None or name == "-":
        with _ending(Log(sys.stdout if name else None)) as log:
            yield log
        return
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        raise ExportError(f"--log-json '{name}': cannot be written ({error.strerror})") from error
    try:
        with _ending(Log(stream)) as log:
            yield log
    finally:
        with contextlib.suppress(OSError):  # what it could not write, it has said
            stream.close()


@contextlib.contextmanager
def _ending(log: Log) -> Iterator[Log]:
    """Say why a batch ended that did not come to its end."""
    try:
        yield log
    except BaseException as error:
        log.write("ended", {"error": str(error) or type(error).__name__})
        raise
