"""The processes that do the line's jobs; one that dies or is ended is replaced."""

from __future__ import annotations

import logging
import multiprocessing
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from . import worker
from .worker import End

Future = Any  # pebble's have no types
_DIED = (
    "The process that made it was ended, perhaps for want of memory; try again: "
    "what was finished is kept."
)

log = logging.getLogger(__name__)


class Crew:
    """Worker processes that keep their models from one job to the next."""

    def __init__(self, workers: int) -> None:
        """Begin so many, before there is anything to do."""
        self.workers = workers
        self._pool = self._staffed()

    def begin(self, folder: Path, work: bytes) -> Future:
        """Hand over a pickled job, to be told of in `folder`."""
        try:
            return self._pool.schedule(worker.make, args=(folder, work))
        except RuntimeError:  # a worker died while there was nothing to do
            self.close()
            self._pool = self._staffed()
            return self._pool.schedule(worker.make, args=(folder, work))

    def end(self, future: Future) -> End | None:
        """How a job ended, "stopped" where it was cancelled; None if it never began."""
        try:
            ended: End = future.result()
        except CancelledError:
            return End("stopped")
        except BrokenProcessPool:
            return None
        except ProcessExpired as expired:
            log.error("a worker died with exit code %s", expired.exitcode)
            return End("failed", _DIED)
        return ended

    def close(self) -> None:
        """End the processes, whatever they do."""
        self._pool.stop()
        self._pool.join()

    def _staffed(self) -> Any:
        # Spawned, not forked: torch's threads and locks do not survive a fork.
        context: Any = multiprocessing.get_context("spawn")
        pool = ProcessPool(self.workers, initializer=worker.begin, context=context)
        for _ in range(self.workers):
            pool.schedule(worker.warm)
        return pool
