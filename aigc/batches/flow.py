"""Many briefs at once: takes jobs from a catalogue, along the legs, to results.

What is begun is finished before more is begun, and no more is begun than keeps the workers busy:
memory is bounded, however long the catalogue and however slow its reader.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

from aigc.batches import Entry, Failure, Job, Outcome, Result, Snapshot
from aigc.batches.engine import Engine, WorkerLost, legs
from aigc.batches.given import Given, brief_of, entry_of, known_by, said
from aigc.batches.journal import Journal
from aigc.batches.storage import Place
from aigc.batches.worker import failure
from aigc.errors import AigcError
from aigc.recipe import Recipe

Listener = Callable[[Snapshot], None]


class Flow:
    """The jobs of a batch on their way: waiting for a leg, or being taken along it."""

    def __init__(
        self,
        engine: Engine,
        recipe: Recipe,
        where: Place,
        journal: Journal,
        listener: Listener | None,
        total: int | None,
    ) -> None:
        self._engine, self._where, self._journal = engine, where, journal
        self._listener = listener
        self._legs = legs(recipe)
        self._waiting: list[deque[Job]] = [deque() for _ in self._legs]
        self._away: dict[int, tuple[int, tuple[Job, ...]]] = {}  # by ticket
        self._given: dict[int, dict[str, Any]] = {}  # the fields of those on their way
        self._seconds: dict[int, Counter[str]] = {}
        self._alone: Counter[int] = Counter()  # how often a worker died of it alone
        self._twins: dict[str, list[Entry]] = {}  # those like one that is on its way, by key
        self._tickets = 0
        self._began = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._spent: Counter[str] = Counter()
        self._total = total
        self._recipe = said(recipe)

    def results(self, source: Iterator[Given]) -> Iterator[Result]:
        """Give each result as it comes, until the source has no more and all have ended."""
        ends = False
        number = 0
        while True:
            self._hand_over()
            while not ends and len(self._given) < self._window() and self._hungry():
                number += 1
                try:
                    given = next(source)
                except StopIteration:
                    ends = True
                    break
                ended = self._admit(number, given)
                if ended is not None:
                    yield self._tell(ended)
                self._hand_over()
            if not self._given:
                if ends:
                    return
                continue
            self._where.check()
            for ticket, outcomes in self._engine.wait(1.0):
                yield from map(self._tell, self._back(ticket, outcomes))
            self._report(None)

    def _window(self) -> int:
        """How many may be on their way: twice what the workers hold, who may become more."""
        return 2 * sum(leg.chunk * (self._engine.workers[leg.resource] + 1) for leg in self._legs)

    def _hungry(self) -> bool:
        """Whether the first leg could take more than is waiting for it."""
        first = self._legs[0]
        return len(self._waiting[0]) < first.chunk * max(1, self._engine.room(first.resource))

    def _hand_over(self) -> None:
        # The last leg first: what is nearly done makes room.
        for number, leg in reversed([*enumerate(self._legs)]):
            waiting = self._waiting[number]
            while waiting and self._engine.room(leg.resource) > 0:
                chunk = tuple(waiting.popleft() for _ in range(min(leg.chunk, len(waiting))))
                self._submit(number, chunk)

    def _submit(self, leg: int, jobs: tuple[Job, ...]) -> None:
        self._tickets += 1
        self._away[self._tickets] = (leg, jobs)
        self._engine.submit(self._tickets, self._legs[leg], jobs)

    def _admit(self, number: int, given: Given) -> Result | None:
        """Make a job of what was given; the result, if it has ended already."""
        entry = entry_of(number, given)
        try:
            brief = brief_of(entry, given)
            key = known_by(brief, self._recipe)
        except AigcError as error:
            return _failed(entry, "", failure("brief", error))
        before = self._journal.find(key)
        if before is not None and self._where.whole(before.id):
            return before.model_copy(
                update={
                    "number": entry.number,
                    "where": entry.where,
                    "status": "kept",
                    "seconds": {},
                    "folder": self._where.shown(before.id),
                }
            )
        self._given[entry.number] = entry.fields
        if key in self._twins:
            self._twins[key].append(entry)
            return None
        self._twins[key] = []
        job = Job(number=entry.number, where=entry.where, brief=brief, key=key)
        self._seconds[job.number] = Counter()
        self._waiting[0].append(job)
        return None

    def _back(self, ticket: int, outcomes: list[Outcome] | WorkerLost) -> Iterator[Result]:
        leg, jobs = self._away.pop(ticket)
        if isinstance(outcomes, WorkerLost):
            yield from self._lost(leg, jobs, outcomes)
            return
        for job, outcome in zip(jobs, outcomes, strict=True):
            self._seconds[job.number].update(outcome.seconds)
            self._spent.update(outcome.seconds)
            if outcome.again:
                self._waiting[leg].append(job)
            elif outcome.failure is not None or outcome.record is not None:
                yield from self._ended(job, outcome)
            else:
                self._waiting[leg + 1].append(job)

    def _lost(self, leg: int, jobs: tuple[Job, ...], lost: WorkerLost) -> Iterator[Result]:
        """Try each alone; one that its worker dies of twice, or is stuck with, has failed."""
        if len(jobs) > 1:
            for job in jobs:
                self._submit(leg, (job,))
            return
        (job,) = jobs
        self._alone[job.number] += 1
        if not lost.stuck and self._alone[job.number] < 2:
            self._submit(leg, jobs)
            return
        found = Failure(
            stage="worker",
            kind="WorkerLost",
            error=f"{' → '.join(self._legs[leg].stages)}: {lost.reason}",
            remedy="allow more with timeout"
            if lost.stuck
            else "perhaps memory ran out: use fewer workers, or a smaller photo",
        )
        yield from self._ended(job, Outcome(number=job.number, failure=found))

    def _ended(self, job: Job, outcome: Outcome) -> Iterator[Result]:
        """Make the result of a job whose way is at its end, and of those like it."""
        self._alone.pop(job.number, None)
        result = Result(
            number=job.number,
            where=job.where,
            brief=self._given.pop(job.number),
            status="failed" if outcome.failure else "kept" if outcome.kept else "done",
            id=outcome.id,
            folder=self._where.shown(outcome.id) if outcome.id else "",
            failure=outcome.failure,
            seconds=dict(self._seconds.pop(job.number)),
            record=outcome.record,
            key=job.key,
        )
        yield result
        for twin in self._twins.pop(job.key):
            given = {"number": twin.number, "where": twin.where, "brief": twin.fields}
            status = "failed" if outcome.failure else "kept"
            yield result.model_copy(update=given | {"status": status, "seconds": {}})
            del self._given[twin.number]

    def _tell(self, result: Result) -> Result:
        """Write a result down, and tell the listener."""
        self._journal.add(result)
        self._counts[result.status] += 1
        self._report(result)
        return result

    def _report(self, last: Result | None) -> None:
        if self._listener is not None:
            self._listener(
                Snapshot(
                    total=self._total,
                    done=self._counts["done"],
                    kept=self._counts["kept"],
                    failed=self._counts["failed"],
                    waiting=len(self._given),
                    elapsed=time.monotonic() - self._began,
                    seconds=dict(self._spent),
                    busy=self._engine.busy(),
                    workers=self._engine.workers,
                    last=last,
                )
            )


def _failed(entry: Entry, key: str, why: Failure) -> Result:
    return Result(
        number=entry.number,
        where=entry.where,
        brief=entry.fields,
        status="failed",
        failure=why,
        key=key or f"brief {entry.number}",
    )
