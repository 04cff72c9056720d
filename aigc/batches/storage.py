"""Where a batch is kept: a folder of this machine, or shared storage by its fsspec path."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from aigc import disk
from aigc.batches import PRIVATE
from aigc.disk import writing
from aigc.errors import ExportError

WHOLE = "campaign.json"  # the last file of a campaign: it says that all others are there
_FILE = "file://"


class Place(ABC):
    """Campaigns by their ids, and files of the batch itself by their names ("index.html").

    Campaigns are made in `root()`, a folder of this machine. Every method raises ExportError, in
    one line, where the storage cannot be read or written.
    """

    remote: bool

    @abstractmethod
    def root(self) -> Path:
        """The folder of this machine that campaigns are made in."""

    @abstractmethod
    def pull(self, campaign: str) -> None:
        """Bring what there is of a campaign to this machine."""

    @abstractmethod
    def push(self, campaign: str) -> None:
        """Keep what has changed of a campaign; what says that it is whole comes last."""

    @abstractmethod
    def drop(self, campaign: str) -> None:
        """Let go of what this machine need not hold of a campaign; never fails."""

    @abstractmethod
    def shown(self, campaign: str) -> str:
        """The path or address of a campaign's folder."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Read a file."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """The names of all files in a folder, in order."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""

    @abstractmethod
    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other batches out; a dead process keeps nobody out for long."""

    @abstractmethod
    def check(self) -> None:
        """Raise ExportError if the lock was lost meanwhile; quick."""

    def whole(self, campaign: str) -> bool:
        """Whether a campaign is finished."""
        return self.exists(f"{campaign}/{WHOLE}")


class Folder(Place):
    """A folder of this machine: campaigns are made where they stay."""

    remote = False

    def __init__(self, outputs: str) -> None:
        """Take a path; nothing is made yet."""
        self._folder = Path(outputs.removeprefix(_FILE))

    def root(self) -> Path:
        """The folder itself."""
        return self._folder

    def pull(self, campaign: str) -> None:
        """Nothing to bring."""

    def push(self, campaign: str) -> None:
        """It is there already."""

    def drop(self, campaign: str) -> None:
        """It stays."""

    def shown(self, campaign: str) -> str:
        """The path of a campaign's folder."""
        return str(self._folder / campaign)

    def write(self, name: str, data: bytes) -> None:
        """Write a file under a temporary name, then rename it."""
        disk.write(self._folder / name, data)

    def read(self, name: str) -> bytes:
        """Read a file."""
        path = self._folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise ExportError(f"cannot read '{path}': {error.strerror or error}") from error

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._folder / name).exists()

    def names(self, folder: str) -> list[str]:
        """The names of all files in a folder, in order."""
        paths = (path for path in (self._folder / folder).rglob("*") if path.is_file())
        return sorted(path.relative_to(self._folder).as_posix() for path in paths)

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""
        with writing(self._folder / name):
            (self._folder / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold a file that the system lets go of when this process ends, however it does."""
        path = self._folder / PRIVATE / "lock"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        # Any thread may end what another began: a generator is read wherever its reader is.
        lock = FileLock(path, timeout=0, thread_local=False)
        holder = path.with_name("holder")
        with writing(path):
            try:
                lock.acquire()
            except Timeout as error:
                raise held(str(self._folder), _text(holder)) from error
        try:
            with writing(holder):
                holder.write_text(whoami())
            yield
        finally:
            lock.release()

    def check(self) -> None:
        """A file's lock is not lost."""


def held(outputs: str, holder: str) -> ExportError:
    """Say that another batch is at work there."""
    return ExportError(f"'{outputs}' is being written by another run ({holder}); wait for it")


def whoami() -> str:
    """This process, as people find it."""
    return f"{socket.gethostname()}, process {os.getpid()}"


def place(outputs: str) -> Place:
    """Find the place that a path names: a folder, file://, or s3://, gs://, oss://, memory:// ...

    Raises MissingExtra where the storage's driver is not installed, ExportError where there is no
    such storage.
    """
    if outputs.startswith(_FILE) or not ("://" in outputs or "::" in outputs):
        return Folder(outputs)
    url = outputs.rstrip("/")
    if url.endswith(":"):
        raise ExportError(f"'{outputs}' names no bucket; say which, and a folder in it")
    return _bucket(url)


@functools.cache  # what a process knows of a storage is kept
def _bucket(url: str) -> Place:
    from aigc.batches.bucket import Bucket

    return Bucket(url)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return "unknown"
