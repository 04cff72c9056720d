"""Where the work of a batch is done: processes of this machine, or a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from aigc.batches import Job, Outcome
from aigc.campaign import Value
from aigc.stage import STAGES, Stage

# Campaigns that a worker is given at once. Models on a card and remote ones want many; on the
# processor they answer one at a time anyway, for batched kernels round otherwise.
CHUNK = {"cpu": 1, "gpu": 16, "net": 16}


class Leg(Value):
    """Stages in a row that need the same resource, done without leaving the worker."""

    resource: str
    stages: tuple[str, ...]

    @property
    def chunk(self) -> int:
        """How many campaigns to take along it at once."""
        return CHUNK[self.resource]


class WorkerLost(Value):
    """A worker was lost, with what it was doing."""

    reason: str
    stuck: bool = False  # it took too long, and would again


Ended = tuple[int, list[Outcome] | WorkerLost]


class Engine(ABC):
    """Takes chunks of jobs along legs; made for one recipe and one output folder."""

    workers: dict[str, int]  # by resource

    @abstractmethod
    def ready(self, leg: Leg) -> None:
        """Raise AigcError where a stage of it cannot run where it would; before any work."""

    @abstractmethod
    def room(self, resource: str) -> int:
        """How many more chunks to hand over: as many as keep every worker busy, and one more."""

    @abstractmethod
    def submit(self, ticket: int, leg: Leg, jobs: tuple[Job, ...]) -> None:
        """Hand over a chunk of jobs; never blocks."""

    @abstractmethod
    def wait(self, seconds: float) -> list[Ended]:
        """What has ended since, by ticket; waits at most so long for the first."""

    @abstractmethod
    def busy(self) -> dict[str, int]:
        """Chunks that are being worked on, by resource."""

    @abstractmethod
    def close(self, *, now: bool) -> None:
        """End the workers; `now`: whatever they are doing."""


def resource(stage: Stage) -> str:
    """What a stage needs most: a core, a graphics card, or the patience for a remote service."""
    if stage.backend == "endpoint":
        return "net"
    return "cpu" if getattr(stage, "device", "cpu") == "cpu" else "gpu"


def legs(recipe: Mapping[str, Stage]) -> tuple[Leg, ...]:
    """Cut the flow where the resource changes."""
    found: list[Leg] = []
    for stage in STAGES:
        needs = resource(recipe[stage])
        if found and found[-1].resource == needs:
            found[-1] = Leg(resource=needs, stages=(*found[-1].stages, stage))
        else:
            found.append(Leg(resource=needs, stages=(stage,)))
    return tuple(found)
