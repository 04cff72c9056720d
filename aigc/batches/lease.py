"""One batch at a time on shared storage: a lease that its holder renews and a dead one does not.

A lease is `lease-N.json`; the highest number counts. Who takes over from N makes N + 1, which only
one can where the storage refuses to make an object twice; where it does not, who reads its own name
back has it. Nobody compares clocks: a holder is dead if its lease has not changed for a while on
the watcher's own clock, or, on the same machine, if its process is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from aigc import events
from aigc.batches.storage import held, whoami
from aigc.errors import ExportError

TERM = 60.0  # seconds that a lease lives unrenewed
BEAT = 10.0  # seconds between renewals
SETTLE = 1.0  # seconds for another's write, begun before ours, to arrive
Said = dict[str, Any]


class Lease:
    """The right to write to a storage, until it is released or lost."""

    def __init__(self, fs: Any, folder: str, shown: str) -> None:
        """Take an fsspec file system, the folder of leases in it, and how people name it."""
        self._fs, self._folder, self._shown = fs, folder, shown
        self._owner = uuid.uuid4().hex
        self._number = 0
        self._beats = 0
        self._renewed = 0.0
        self._lost = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def take(self) -> None:
        """Get the lease and keep renewing it.

        Raises ExportError where another batch holds it, which takes up to a minute to tell; and
        whatever the storage's driver raises.
        """
        number, other = self._current()
        if number and not other.get("released") and not self._dead(other):
            raise self._held(other)
        self._number = number + 1
        self._renewed = time.monotonic()
        try:
            self._create()
        except Exception:
            # Refused since it exists, whatever error this driver gives for that?
            now, winner = self._current()
            if now > number and winner.get("owner") != self._owner:
                raise self._held(winner) from None
            raise
        time.sleep(SETTLE)
        now, winner = self._current()
        if (now, winner.get("owner")) != (self._number, self._owner):
            raise self._held(winner)
        for path, older in self._leases():
            if older < self._number:
                with contextlib.suppress(FileNotFoundError):
                    self._fs.rm_file(path)
        self._thread.start()

    def check(self) -> None:
        """Raise ExportError if it was lost."""
        if not self._lost and time.monotonic() - self._renewed > 0.75 * TERM:
            self._lost = "its lease could not be renewed; check the network"
        if self._lost:
            raise ExportError(f"'{self._shown}': {self._lost}; run the same again to go on")

    def release(self) -> None:
        """Let others in."""
        self._ended.set()
        self._thread.join(BEAT)
        with contextlib.suppress(Exception):  # then it runs out by itself
            number, now = self._current()
            if (number, now.get("owner")) == (self._number, self._owner):
                # Not removed: its number must never be used again.
                self._put(self._said() | {"released": True})

    def _keep(self) -> None:
        while not self._ended.wait(BEAT):
            began = time.monotonic()
            try:
                number, now = self._current()
                if (number, now.get("owner")) != (self._number, self._owner):
                    by = now.get("holder", "somebody")
                    self._lost = f"another run took over ({by}), for this one seemed dead"
                    return
                self._put(self._said())
                self._renewed = began
            except Exception:  # noqa: BLE001, S112 - tried again; `check` knows for how long
                continue

    def _dead(self, other: Said) -> bool:
        """Whether the holder is gone: its process, or its heartbeat."""
        here = other.get("machine") and other["machine"] == _machine()
        if here and _started(other["process"]) != other["started"]:
            return True
        holder = other.get("holder", "another run")
        events.report("lease", 0, 1, f"{holder} wrote here: is it still at work?")
        until = time.monotonic() + TERM
        while time.monotonic() < until:
            time.sleep(BEAT / 5)
            if self._current()[1] != other:
                return False
        return True

    def _held(self, other: Said) -> ExportError:
        return held(self._shown, other.get("holder", "unknown"))

    def _current(self) -> tuple[int, Said]:
        """The highest lease's number and what it says; 0 and nothing where there is none."""
        found = self._leases()
        if not found:
            return 0, {}
        path, number = max(found, key=lambda each: each[1])
        try:
            said: Said = json.loads(self._fs.cat_file(path))
        except FileNotFoundError:
            return self._current()  # one took over just now
        except ValueError:
            return number, {}
        return number, said

    def _leases(self) -> list[tuple[str, int]]:
        found = []
        for path in self._fs.find(self._folder):
            name = path.rsplit("/", 1)[-1].removeprefix("lease-").removesuffix(".json")
            if name.isdecimal():
                found.append((path, int(name)))
        return found

    def _create(self) -> None:
        path, data = self._path(), self._bytes(self._said())
        try:
            self._fs.pipe_file(path, data, mode="create")
        except TypeError:  # a driver that cannot
            self._fs.pipe_file(path, data)

    def _put(self, said: Said) -> None:
        self._fs.pipe_file(self._path(), self._bytes(said))

    def _path(self) -> str:
        return f"{self._folder}/lease-{self._number}.json"

    def _said(self) -> Said:
        self._beats += 1
        return {
            "owner": self._owner,
            "holder": whoami(),
            "machine": _machine(),
            "process": os.getpid(),
            "started": _started(os.getpid()),
            "beat": self._beats,
        }

    @staticmethod
    def _bytes(said: Said) -> bytes:
        return json.dumps(said).encode()


def _machine() -> str:
    """Where process ids mean the same as here, since it was switched on; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(process: int) -> str:
    """When a process began, for its number may be used again; empty if there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
