"""The engine of one machine: a process a core, a process a graphics card."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as Late
from typing import Any

from pebble import ProcessExpired, ProcessPool

from aigc.batches import Job, Outcome, worker
from aigc.batches.engine import Ended, Engine, Leg, WorkerLost
from aigc.recipe import Recipe


class Processes(Engine):
    """Worker processes, begun when they are first needed and replaced when they die."""

    def __init__(
        self,
        recipe: Recipe,
        outputs: str,
        resources: Sequence[str],
        workers: int | None,
        timeout: float,
    ) -> None:
        """Take a recipe and an output folder; `timeout` is seconds for one job in one leg."""
        self._recipe, self._outputs, self._timeout = recipe, outputs, timeout
        counts = {"cpu": workers or cores(), "gpu": 1, "net": 1}
        # One process for all that spends money, so that its caps hold; one for each card.
        self._pools = {name: [_pool(counts[name])] for name in resources if name != "gpu"}
        if "gpu" in resources:
            self._pools["gpu"] = [_pool(1, str(card)) for card in range(cards())]
        self.workers = {
            name: counts[name] * len(pools) for name, pools in sorted(self._pools.items())
        }
        self._running: dict[Future[list[Outcome]], tuple[int, str, int]] = {}

    def ready(self, leg: Leg) -> None:
        """Raise AigcError where a stage cannot run on this machine."""
        for stage in leg.stages:
            self._recipe[stage].ready()

    def room(self, resource: str) -> int:
        """How many more chunks to hand over."""
        pools = len(self._pools[resource])
        return self.workers[resource] + pools - self.busy().get(resource, 0)

    def submit(self, ticket: int, leg: Leg, jobs: tuple[Job, ...]) -> None:
        """Hand over a chunk of jobs, to the card that has the least to do."""
        held = [pool for _, name, pool in self._running.values() if name == leg.resource]
        pools = self._pools[leg.resource]
        number = min(range(len(pools)), key=held.count)
        future = pools[number].schedule(
            worker.work,
            args=(jobs, leg.stages, self._recipe, self._outputs),
            timeout=self._timeout * len(jobs),
        )
        self._running[future] = (ticket, leg.resource, number)

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended since."""
        done, _ = wait(self._running, seconds, FIRST_COMPLETED)
        return [(self._running.pop(future)[0], _outcomes(future, self._timeout)) for future in done]

    def busy(self) -> dict[str, int]:
        """Chunks that are being worked on, by resource."""
        names = [name for _, name, _ in self._running.values()]
        return {name: names.count(name) for name in self._pools}

    def close(self, *, now: bool) -> None:
        """End the workers."""
        pool: Any  # its methods have no types
        for pool in (pool for pools in self._pools.values() for pool in pools):
            if now:
                pool.stop()
            else:
                pool.close()
            pool.join()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pool(workers: int, card: str | None = None) -> ProcessPool:
    # Spawned, not forked: torch's threads and locks do not survive a fork.
    context: Any = multiprocessing.get_context("spawn")
    return ProcessPool(max_workers=workers, initializer=_begin, initargs=(card,), context=context)


def _begin(card: str | None) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch to deal with
    if card is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = card
    worker.settle()


def cards() -> int:
    """How many graphics cards there are; one where there is none, for what runs without."""
    import torch

    return max(1, int(torch.cuda.device_count()))


def _outcomes(future: Future[list[Outcome]], timeout: float) -> list[Outcome] | WorkerLost:
    try:
        return future.result()
    except Late:
        return WorkerLost(reason=f"took longer than {timeout:g} s", stuck=True)
    except ProcessExpired as error:
        return WorkerLost(reason=f"its worker died (exit code {error.exitcode})")
