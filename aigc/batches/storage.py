"""Where a batch is kept: a folder of this machine, or shared storage by its fsspec path."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from aigc import disk
from aigc.batches import PRIVATE
from aigc.disk import writing
from aigc.errors import ExportError


class Place:
    """A folder of this machine: campaigns are made where they stay."""

    remote = False

    def __init__(self, outputs: str) -> None:
        self._folder = Path(outputs.removeprefix("file://"))

    def root(self) -> Path:
        """The folder of this machine that campaigns are made in."""
        return self._folder

    def pull(self, campaign: str) -> None:
        """Bring what there is of a campaign to this machine."""

    def push(self, campaign: str) -> None:
        """Keep what has changed of a campaign; what says that it is whole comes last."""

    def whole(self, campaign: str) -> bool:
        """Whether a campaign is finished."""
        return self.exists(f"{campaign}/campaign.json")

    def shown(self, campaign: str) -> str:
        """The path or address of a campaign's folder."""
        return str(self._folder / campaign)

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the batch itself, whole or not at all; raises ExportError."""
        disk.write(self._folder / name, data)

    def read(self, name: str) -> bytes:
        """Read a file of the batch itself."""
        return (self._folder / name).read_bytes()

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._folder / name).exists()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other batches out; a dead process keeps nobody out. Raises ExportError."""
        path = self._folder / PRIVATE / "lock"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            with writing(path):
                lock.acquire()
        except Timeout as error:
            raise ExportError(
                f"'{self._folder}' is being written by another run{_holder(path)}; wait for it"
            ) from error
        try:
            (path.parent / "holder").write_text(f"{socket.gethostname()}, process {os.getpid()}")
            yield
        finally:
            lock.release()


def _holder(path: Path) -> str:
    try:
        return f" ({(path.parent / 'holder').read_text()})"
    except OSError:
        return ""


def place(outputs: str) -> Place:
    """Find the place that a path names."""
    return Place(outputs)
