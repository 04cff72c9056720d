"""The engine of a cluster: the same workers, as Ray actors on whatever nodes there are."""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc import events
from aigc.batches import Job, Outcome, actors, storage
from aigc.batches.engine import Ended, Engine, Leg, WorkerLost, legs
from aigc.batches.local import cores
from aigc.errors import AigcError, BriefError, MissingExtra
from aigc.recipe import Recipe

_PATIENCE = 600.0  # seconds for the first actor: a cluster that grows on demand takes minutes
_TRIES = 5  # actors that may fail at birth, one after the other, before the batch gives up
_REFRESH = 5.0  # seconds between looks at how large the cluster is
_STORE = 80 * 2**20  # bytes: what passes through the object store are paths and texts
# Ray says this of lost workers on standard output, where results belong; it is said elsewhere.
_HUSH = "A worker died or was killed|killed due to memory pressure|Raylet is terminated"


@dataclass
class _Actor:
    """An actor, and what it is doing."""

    resource: str
    handle: Any
    ticket: int = 0
    late: float = 0.0  # when it will have taken too long
    node: str = ""


class Cluster(Engine):
    """Ray actors, replaced when they or their nodes are lost; nodes may come and go."""

    def __init__(
        self,
        recipe: Recipe,
        outputs: str,
        resources: Sequence[str],
        workers: int | None,
        timeout: float,
        gpus: float = 1.0,
    ) -> None:
        """Join the cluster of RAY_ADDRESS, or the one this process is in, or start one here.

        `workers`: actors for the processor (default: the cluster's cores); `gpus`: cards, or the
        share of one, for each actor that needs one. Raises MissingExtra, BriefError, ExportError.
        """
        if not (0 < gpus <= 1 or gpus == int(gpus) > 0):
            raise BriefError(f"gpus = {gpus:g}: a share of a card such as 0.5, or whole cards")
        self._ray = _ray()
        self._recipe, self._timeout, self._gpus, self._asked = recipe, timeout, gpus, workers
        self._outputs = outputs if "://" in outputs else str(Path(outputs).absolute())
        self._mark = secrets.token_hex(8)
        storage.place(self._outputs).write(actors.MARK, self._mark.encode())
        self._stages = {
            name: tuple(
                stage for leg in legs(recipe) if leg.resource == name for stage in leg.stages
            )
            for name in resources
        }
        self._backlog: dict[str, deque[tuple[int, Leg, tuple[Job, ...]]]] = {
            name: deque() for name in resources
        }
        self._free: dict[str, list[_Actor]] = {name: [] for name in resources}
        self._coming: dict[Any, _Actor] = {}  # by the answer that they owe
        self._working: dict[Any, _Actor] = {}
        self._misses: Counter[str] = Counter()  # births that failed since the last that did not
        self._pause = 0.0  # no births before
        self._joined = contextlib.ExitStack()
        self._ours = self._joined.enter_context(_joined(self._ray, workers))
        self._looked = -_REFRESH
        self.workers = {}
        self._look_around()

    def ready(self, leg: Leg) -> None:
        """Raise AigcError where a stage of it cannot run on the first node to have room for it."""
        began = time.monotonic()
        while not self._free[leg.resource]:
            self._hire()
            for resource, error in self._births(1.0):
                if resource == leg.resource:
                    raise error
            waited = time.monotonic() - began
            if self._ours and leg.resource == "gpu" and not self._cards():
                raise BriefError(
                    f"{', '.join(leg.stages)}: this machine has no graphics card that Ray sees; "
                    "set RAY_ADDRESS to a cluster that has, or device=cpu"
                )
            if waited > _PATIENCE:
                raise AigcError(
                    f"{', '.join(leg.stages)}: no node of the cluster has had room for a worker "
                    f"for {waited:.0f} s; see `ray status`"
                )

    def room(self, resource: str) -> int:
        """How many more chunks to hand over."""
        wanted = self.workers[resource]
        held = len(self._backlog[resource]) + self.busy()[resource]
        return wanted + 1 + wanted // 8 - held

    def submit(self, ticket: int, leg: Leg, jobs: tuple[Job, ...]) -> None:
        """Hand over a chunk of jobs: to a free actor, or to the next that will be."""
        self._backlog[leg.resource].append((ticket, leg, jobs))
        self._assign()

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended since."""
        self._look_around()
        self._hire()
        for _, error in self._births(0):
            events.report("batch", 0, 0, f"a node is of no use: {error}")
        self._assign()
        ended = [self._end(ref) for ref in self._done(self._working, seconds)]
        ended += [self._end(ref, late=True) for ref in self._too_late()]
        self._assign()
        return ended

    def busy(self) -> dict[str, int]:
        """Chunks that are being worked on, by resource."""
        counts = Counter(actor.resource for actor in self._working.values())
        return {name: counts[name] for name in self._backlog}

    def close(self, *, now: bool) -> None:  # noqa: ARG002 - nobody is at work unless `now`
        """End the actors, and leave the cluster."""
        for actor in self._everyone():
            self._ray.kill(actor.handle)
        self._coming.clear()
        self._working.clear()
        self._free = {name: [] for name in self._free}
        self._joined.close()

    def _everyone(self) -> list[_Actor]:
        free = [actor for actors in self._free.values() for actor in actors]
        return [*self._coming.values(), *self._working.values(), *free]

    def _look_around(self) -> None:
        """Note how many actors there should be: nodes come and go."""
        if time.monotonic() - self._looked < _REFRESH:
            return
        self._looked = time.monotonic()
        each = int(1 / self._gpus + 1e-9) if self._gpus <= 1 else 1 / self._gpus
        places = {
            "cpu": self._asked or self._sum("CPU"),
            "gpu": int(self._cards() * each),
            "net": 1,  # one for all that spends money, so that its caps hold
        }
        # One at least: what is asked for is what makes a cluster grow.
        self.workers.update({name: max(1, int(places[name])) for name in self._backlog})

    def _sum(self, name: str) -> float:
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        return float(sum(node["Resources"].get(name, 0) for node in nodes))

    def _cards(self) -> float:
        return self._sum("GPU")

    def _hire(self) -> None:
        """Ask for as many actors as there should be; those without a place wait for one."""
        if time.monotonic() < self._pause:
            return
        there = Counter(actor.resource for actor in self._everyone())
        # A card first: its node's processors would otherwise be taken.
        for resource in sorted(self._backlog, key=("gpu", "net", "cpu").index):
            needs = {
                "num_cpus": 1 if resource == "cpu" else 0,
                "num_gpus": self._gpus if resource == "gpu" else 0,
            }
            hand = self._ray.remote(max_restarts=0, max_task_retries=0, **needs)(actors.Hand)
            for _ in range(self.workers[resource] - there[resource]):
                handle = hand.remote(self._recipe, self._outputs, str(Path.cwd()))
                answer = handle.look.remote(self._stages[resource], self._mark)
                self._coming[answer] = _Actor(resource, handle)

    def _births(self, seconds: float) -> Iterator[tuple[str, AigcError]]:
        """Take in the actors that have come; gives why others are of no use where they are."""
        for answer in self._done(self._coming, seconds):
            actor = self._coming.pop(answer)
            try:
                actor.node = self._ray.get(answer)
            except Exception as error:  # noqa: BLE001 - Ray's, or what ready() raised
                self._ray.kill(actor.handle)
                refused = actors.refusal(error)
                self._miss(actor.resource, refused)
                if not actors.was_lost(error):
                    yield actor.resource, refused
            else:
                self._misses[actor.resource] = 0
                self._free[actor.resource].append(actor)

    def _miss(self, resource: str, error: AigcError) -> None:
        """Wait a little longer each time; give up where nobody is left who could do it."""
        self._misses[resource] += 1
        self._pause = time.monotonic() + min(30.0, 0.5 * 2.0 ** self._misses[resource])
        left = [actor for actor in self._everyone() if actor.resource == resource]
        if self._misses[resource] >= _TRIES and not left:
            raise error

    def _assign(self) -> None:
        for resource, waiting in self._backlog.items():
            free = self._free[resource]
            while waiting and free:
                ticket, leg, jobs = waiting.popleft()
                actor = free.pop()
                actor.ticket = ticket
                actor.late = time.monotonic() + self._timeout * len(jobs)
                self._working[actor.handle.work.remote(jobs, leg.stages)] = actor

    def _done(self, refs: dict[Any, _Actor], seconds: float) -> list[Any]:
        """Those that have an answer; waits so long for the first, a birth ends the waiting too."""
        if not refs and not self._coming:
            time.sleep(min(seconds, 0.2))  # all were lost, and others are not asked for yet
            return []
        asked = {**refs, **self._coming}
        first, _ = self._ray.wait([*asked], num_returns=1, timeout=seconds)
        if not first or not refs:
            return []
        done, _ = self._ray.wait([*refs], num_returns=len(refs), timeout=0)
        return list(done)

    def _too_late(self) -> list[Any]:
        now = time.monotonic()
        return [ref for ref, actor in self._working.items() if actor.late < now]

    def _end(self, ref: Any, *, late: bool = False) -> Ended:
        actor = self._working.pop(ref)
        lost = WorkerLost(reason=f"took longer than {self._timeout:g} s", stuck=True)
        if not late:
            try:
                outcomes: list[Outcome] = self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                lost = WorkerLost(reason=actors.because(error))
                if "node" in lost.reason:  # and so are those on it that had nothing to do
                    for name, free in self._free.items():
                        self._free[name] = [each for each in free if each.node != actor.node]
            else:
                self._free[actor.resource].append(actor)
                return actor.ticket, outcomes
        # It may live yet, where only the network is down: nobody else may write then.
        self._ray.kill(actor.handle)
        return actor.ticket, lost


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine unasked
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", _HUSH)
    if "RAY_ADDRESS" in os.environ:
        # Of 40 s each; Ray's 20 are a quarter of an hour without a word.
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "2")
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise MissingExtra("engine 'ray' needs Ray: pip install 'aigc[ray]'") from error


@contextlib.contextmanager
def _joined(ray: Any, workers: int | None) -> Iterator[bool]:
    """Be in a cluster; gives whether it is one of our own, which ends with the batch."""
    if ray.is_initialized():
        yield False
        return
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    address = os.environ.get("RAY_ADDRESS")
    own: dict[str, Any] = {
        "num_cpus": workers or cores(),
        "include_dashboard": False,
        "object_store_memory": _STORE,
    }
    try:
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level="ERROR",
            **({} if address else own),
        )
    except Exception as error:  # where a node does not start, a plain Exception
        where = f"RAY_ADDRESS '{address}'" if address else "Ray"
        said = str(error).splitlines()[0]
        raise AigcError(f"{where}: no cluster ({said}); `ray status` tells more") from error
    try:
        yield not address
    finally:
        ray.shutdown()
        if main:
            signal.signal(signal.SIGTERM, before)  # Ray leaves its own
