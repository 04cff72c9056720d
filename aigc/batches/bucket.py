"""Shared storage by its fsspec path: campaigns are made in a scratch folder and sent there.

An object store has no rename and needs none: an object is there whole or not at all. It bills
requests, so a campaign is listed once, and each file of it sent once.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from aigc import disk
from aigc.batches import PRIVATE
from aigc.batches.lease import Lease
from aigc.batches.storage import WHOLE, Place
from aigc.errors import AigcError, ExportError
from aigc.stage import STAGES

_STATES = {f"{stage}.json" for stage in STAGES}
_SCRATCH = "aigc-batch-"
_ALIVE = ".alive"  # in a scratch folder: locked by the process whose it is


class Bucket(Place):
    """Shared storage, and what this process knows of it."""

    remote = True

    def __init__(self, url: str) -> None:
        """Find the storage's driver; nothing is asked of the storage yet."""
        self._url = url
        from aigc._engines import remote

        self._fs, base = remote.driver(url)
        self._base = base.rstrip("/")
        self._scratch: Path | None = None
        self._alive: FileLock | None = None
        self._known: dict[str, dict[str, str]] = {}  # by campaign: SHA-256 of what is stored
        self._lease: Lease | None = None
        atexit.register(self._clean)

    def root(self) -> Path:
        """A scratch folder of this process, removed when it ends."""
        if self._scratch is None:
            _sweep()
            # Locked before it gets the name that others look for.
            made = Path(tempfile.mkdtemp(prefix=f".{_SCRATCH}"))
            self._alive = FileLock(made / _ALIVE, thread_local=False)
            self._alive.acquire()
            self._scratch = made.rename(made.with_name(made.name.removeprefix(".")))
        return self._scratch

    def pull(self, campaign: str) -> None:
        """Bring all there is of a campaign, and nothing else, to the scratch folder."""
        self.drop(campaign)
        folder = self.root() / campaign
        with self._reaching():
            paths = [path for path in self._fs.find(self._path(campaign)) if path[-1] != "/"]
            found = self._fs.cat(paths, on_error="return") if paths else {}
        known = self._known[campaign] = {}
        for path, data in found.items():
            if isinstance(data, FileNotFoundError):
                continue  # removed since it was listed
            with self._reaching():
                if isinstance(data, Exception):
                    raise data
            name = self._inside(campaign, path)
            if ".." not in PurePosixPath(name).parts:
                known[name] = _digest(data)
                disk.write(folder / name, data)

    def push(self, campaign: str) -> None:
        """Send what has changed of a campaign: pictures, then stages, then what says it is whole.

        Cut off anywhere, it leaves a campaign that the next pull and export.resume deal with: no
        `campaign.json`, and stages whose files are not as they say.
        """
        folder = self.root() / campaign
        known = self._known.setdefault(campaign, {})
        changed: dict[str, bytes] = {}
        there = set()
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            if path.name.startswith("."):
                continue
            there.add(name)
            data = path.read_bytes()
            if known.get(name) != _digest(data):
                changed[name] = data
        gone = known.keys() - there
        if WHOLE in known and (gone or changed):
            self._remove(campaign, [WHOLE])
        self._remove(campaign, sorted(gone - {WHOLE}))
        pictures = changed.keys() - _STATES - {WHOLE}
        for names in (pictures, changed.keys() & _STATES, there & {WHOLE} - known.keys()):
            self._send(campaign, {name: (folder / name).read_bytes() for name in sorted(names)})

    def drop(self, campaign: str) -> None:
        """Remove a campaign from the scratch folder."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch / campaign, ignore_errors=True)
            (self._scratch / ".locks" / campaign).unlink(missing_ok=True)
        self._known.pop(campaign, None)

    def shown(self, campaign: str) -> str:
        """The address of a campaign's folder."""
        return f"{self._url}/{campaign}"

    def write(self, name: str, data: bytes) -> None:
        """Write a file; a put is atomic."""
        self.check()
        with self._reaching():
            self._fs.pipe_file(self._path(name), data)

    def read(self, name: str) -> bytes:
        """Read a file."""
        with self._reaching():
            data: bytes = self._fs.cat_file(self._path(name))
        return data

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        with self._reaching():
            return bool(self._fs.exists(self._path(name)))

    def names(self, folder: str) -> list[str]:
        """The names of all files in a folder, in order."""
        with self._reaching():
            paths = self._fs.find(self._path(folder))
        return sorted(f"{folder}/{self._inside(folder, path)}" for path in paths)

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""
        with self._reaching(), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._path(name))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold a lease, which is renewed meanwhile."""
        lease = Lease(self._fs, self._path(PRIVATE), self._url)
        with self._reaching():
            lease.take()
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None
            lease.release()
            self._clean()
            _sweep()  # of workers that were ended

    def check(self) -> None:
        """Raise ExportError if the lease was lost meanwhile."""
        if self._lease is not None:
            self._lease.check()

    def _path(self, name: str) -> str:
        return f"{self._base}/{name}"

    def _inside(self, folder: str, path: str) -> str:
        """A listed path as seen from a folder; some drivers begin it with a slash."""
        return path.partition(f"{self._path(folder).strip('/')}/")[2]

    def _send(self, campaign: str, files: dict[str, bytes]) -> None:
        if files:
            with self._reaching():
                self._fs.pipe({self._path(f"{campaign}/{each}"): files[each] for each in files})
            self._known[campaign] |= {name: _digest(data) for name, data in files.items()}

    def _remove(self, campaign: str, names: Iterable[str]) -> None:
        for name in names:  # seldom; not every store removes many at once
            self.remove(f"{campaign}/{name}")
            del self._known[campaign][name]

    def _clean(self) -> None:
        """Remove the scratch folder."""
        if self._scratch is not None and self._alive is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._alive.release()
            self._scratch = self._alive = None
            self._known.clear()

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say in one line why the storage did not answer; every driver has errors of its own."""
        try:
            yield
        except AigcError:
            raise
        except FileNotFoundError as error:
            remedy = "is there such a bucket? make it, or mend its name"
            raise self._unreachable(error, remedy) from error
        except PermissionError as error:
            remedy = "give credentials that may read and write it, where its driver looks for them"
            raise self._unreachable(error, remedy) from error
        except Exception as error:
            remedy = "check its address, the network and the credentials"
            raise self._unreachable(error, remedy) from error

    def _unreachable(self, error: Exception, remedy: str) -> ExportError:
        says = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        return ExportError(f"cannot reach '{self._url}': {says}; {remedy}")


def _sweep() -> None:
    """Remove the scratch folders of processes that were killed."""
    for mark in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*/{_ALIVE}"):
        folder = mark.parent
        try:
            with FileLock(mark, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, Timeout):
            continue  # at work, or another user's


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
