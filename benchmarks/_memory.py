"""The memory of a process and all its children while they work."""

from __future__ import annotations

import threading
import time
from typing import Any

import psutil

EVERY = 0.25  # seconds


class Sampler(threading.Thread):
    """Sums the memory of a process tree four times a second.

    Pages that several processes share are counted once (PSS) on Linux; elsewhere each counts its
    own (RSS). `peak` is the largest sum in bytes; `apart` sums each worker's own largest; `sums`
    are all sums, each with its time.monotonic().
    """

    def __init__(self, pid: int) -> None:
        """Begin to watch."""
        super().__init__(daemon=True)
        self.peak = 0
        self.sums: list[tuple[float, int]] = []
        self.unit = "PSS" if psutil.LINUX else "RSS"
        self._root = psutil.Process(pid)
        self._largest: dict[int, int] = {}
        self._over = threading.Event()
        self.start()

    @property
    def apart(self) -> int:
        """What there would be if all processes were largest at the same time; replaced ones too."""
        return sum(self._largest.values())

    def run(self) -> None:
        """Sample until told to end."""
        while not self._over.wait(EVERY):
            total = 0
            for process in self._family():
                held = self._held(process)
                self._largest[process.pid] = max(held, self._largest.get(process.pid, 0))
                total += held
            self.peak = max(self.peak, total)
            self.sums.append((time.monotonic(), total))

    def end(self) -> None:
        """Stop sampling."""
        self._over.set()
        self.join()

    def _family(self) -> list[Any]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []

    def _held(self, process: Any) -> int:
        try:
            info = process.memory_full_info() if psutil.LINUX else process.memory_info()
        except psutil.Error:
            return 0
        return int(info.pss if psutil.LINUX else info.rss)
