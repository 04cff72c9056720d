"""The line in front of the machine: campaigns are made in another process, in a fair order."""

from __future__ import annotations

import asyncio
import logging
import pickle
import shutil
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aigc.errors import AigcError

from . import worker
from .crew import Crew, Future
from .pace import Pace
from .turns import Place, Turns
from .worker import End

PER_OWNER, IN_ALL = 20, 200  # jobs that may wait
ENDED = ("done", "stopped", "failed")
_TICK = 0.1  # seconds between two looks at what runs
_NEWS = 0.2  # and between two looks of a follower
_MERCY = 5.0  # seconds in which a job that is to stop may do so by itself
_LAST = 1.0  # and when the server ends
_GONE = 0.5  # in which a process that is ended is gone
_TRIES = 3  # to find a worker for a job
_KEPT = 6 * 3600.0  # seconds for which a job that has ended is remembered

log = logging.getLogger(__name__)


class Preview(NamedTuple):
    """A poster that is done while others are not."""

    id: str
    channel: str
    size: tuple[int, int]  # of the poster, px
    file: str  # of a small picture of it, in the job's folder


class News(NamedTuple):
    """Where a job stands; the whole of it each time."""

    job: str
    state: Literal["waiting", "running", "done", "stopped", "failed"]
    ahead: int = 0  # jobs that come before it
    campaign: str = ""  # name of the campaign's folder, once it is known
    stage: str = ""  # what runs, and how far it is
    done: int = 0
    total: int = 0
    note: str = ""
    seconds: dict[str, float] = {}  # noqa: RUF012  # of every stage that is done
    left: float | None = None  # seconds to go, a guess
    posters: tuple[Preview, ...] = ()
    error: str = ""
    name: str = ""  # what the job is called in a list of jobs


@dataclass(eq=False)
class _Job:
    """A job as the line knows it; only the line's thread changes it once it is put."""

    owner: str
    name: str
    kind: str
    work: bytes
    place: Place
    folder: Path
    news: News
    future: Future = None
    tries: int = 0
    told: dict[str, Any] = field(default_factory=dict)  # by its worker
    read: int = 0  # bytes of what was told
    begun: float = 0.0
    heard: float = 0.0
    entered: float = 0.0  # its stage
    stopped: float | None = None  # when it was asked to end
    cancelled: float | None = None  # when its process was
    stalled: bool = False
    ended: float | None = None


class Line:
    """Takes jobs of several merchants, in turns; a job whose page went away is still made."""

    def __init__(self, scratch: Path, *, workers: int = 1, patience: float = 600) -> None:
        """Jobs' events and previews are kept under `scratch`; silent for `patience` s: stalled."""
        self._scratch, self._patience = scratch, patience
        self._jobs: dict[str, _Job] = {}
        self._turns, self._pace = Turns(), Pace()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closing = False
        self._crew = Crew(workers)
        self._thread = threading.Thread(target=self._watch, name="line", daemon=True)
        self._thread.start()

    def put(self, owner: str, name: str, work: Callable[..., Any], *given: Any) -> str:
        """Line up `work(*given, listener=…)`, a function that a process can import; give its id.

        `name` is what the job is called in a list of jobs. Raises AigcError where too many wait.
        """
        packed = pickle.dumps(partial(work, *given))
        with self._lock:
            waiting = self._in("waiting")
            if self._closing:
                raise AigcError("The page's server ends; start it again first.")
            if sum(each.owner == owner for each in waiting) >= PER_OWNER:
                raise AigcError(f"{PER_OWNER} of your jobs wait already; stop one, or try later.")
            if len(waiting) >= IN_ALL:
                raise AigcError(f"{IN_ALL} jobs wait already; try again in some minutes.")
            job = uuid.uuid4().hex
            folder = self._scratch / job
            folder.mkdir(parents=True)
            place = self._turns.give(owner, waiting)
            news = News(job, "waiting", name=name)
            self._jobs[job] = _Job(owner, name, _kind(work), packed, place, folder, news)
            self._tell_all()
        self._wake.set()
        return job

    async def follow(self, job: str) -> AsyncIterator[News]:
        """Give a job's news, at once and whenever there is some; the last is done or an error.

        Raises AigcError where there is no such job.
        """
        found = self._find(job)
        seen: News | None = None
        while seen is None or seen.state not in ENDED:
            if found.news is not seen:
                seen = found.news
                yield seen
            else:
                await asyncio.sleep(_NEWS)

    def stop(self, job: str) -> None:
        """Stop a job: at its next report, or after a few seconds by ending its process."""
        with self._lock:
            found = self._find(job)
            if found.news.state == "waiting":
                self._end(found, "stopped")
                self._tell_all()
            elif found.ended is None and found.stopped is None:
                found.stopped = time.monotonic()
                (found.folder / worker.STOP).touch()

    def jobs(self, owner: str) -> list[News]:
        """What an owner has waiting and running, and what ended lately; the newest first."""
        with self._lock:
            return [each.news for each in reversed(self._jobs.values()) if each.owner == owner]

    def owner(self, job: str) -> str:
        """Whose job it is; raises AigcError where there is none."""
        return self._find(job).owner

    def close(self) -> None:
        """End the worker; nobody is left to look at what it makes."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            running = self._in("running")
            for each in running:
                (each.folder / worker.STOP).touch()
        self._wake.set()
        self._thread.join()
        until = time.monotonic() + _LAST  # so that locks and files are let go
        while time.monotonic() < until and not all(each.future.done() for each in running):
            time.sleep(0.02)
        self._crew.close()
        with self._lock:
            for each in (*running, *self._in("waiting")):
                if each.ended is None:
                    self._end(each, "stopped")

    def _find(self, job: str) -> _Job:
        found = self._jobs.get(job)
        if found is None:
            raise AigcError(f"job '{job}': there is none; what it made is in History")
        return found

    def _in(self, state: str) -> list[_Job]:
        return [each for each in self._jobs.values() if each.news.state == state]

    def _watch(self) -> None:
        while not self._closing:
            with self._lock:
                try:
                    self._look()
                except Exception:
                    log.exception("the line could not be looked after")
                busy = bool(self._in("running"))
            self._wake.wait(_TICK if busy else 60)
            self._wake.clear()

    def _look(self) -> None:
        now = time.monotonic()
        for job in self._in("running"):
            ended = job.future.done()
            self._hear(job, now)
            if ended and (job.cancelled is None or now - job.cancelled > _GONE):
                self._ended(job)
            elif not ended:
                job.stalled = now - job.heard > self._patience
                if job.stalled or (job.stopped is not None and now - job.stopped > _MERCY):
                    job.cancelled = now
                    job.future.cancel()
        for job in [each for each in self._jobs.values() if each.ended is not None]:
            if job.ended is not None and now - job.ended > _KEPT:
                del self._jobs[job.news.job]
                shutil.rmtree(job.folder, ignore_errors=True)
        while len(self._in("running")) < self._crew.workers and self._in("waiting"):
            self._begin(min(self._in("waiting"), key=lambda each: each.place))
        self._tell_all()

    def _begin(self, job: _Job) -> None:
        job.future = self._crew.begin(job.folder, job.work)
        job.tries += 1
        job.begun = job.heard = job.entered = time.monotonic()
        job.news = job.news._replace(state="running", ahead=0)
        self._turns.begins(job)

    def _hear(self, job: _Job, now: float) -> None:
        told, job.read = worker.last(job.folder, job.read)
        if told is not None:
            if told.get("stage") != job.told.get("stage"):
                job.entered = now
            job.told, job.heard = told, now

    def _ended(self, job: _Job) -> None:
        end = self._crew.end(job.future)
        if end is None and job.tries < _TRIES:
            job.news = job.news._replace(state="waiting")
            return
        end = end or End("failed", "No process could be begun for it; start the page again.")
        if job.stopped is not None and end.state != "done":
            end = End("stopped")
        elif job.stalled:
            heard = f"{max(1, round(self._patience / 60))} min"
            end = End("failed", f"Nothing was heard of it for {heard}, so it was ended; try again.")
        if end.trace:
            log.error("job '%s' failed:\n%s", job.name, end.trace)
        if end.state == "done":
            self._pace.learn(job.kind, job.told, time.monotonic() - job.begun)
        self._end(job, end.state, end.error)

    def _end(self, job: _Job, state: Any, error: str = "") -> None:
        job.ended = time.monotonic()
        job.work = b""
        job.news = _told(job)._replace(state=state, ahead=0, left=None, error=error)

    def _tell_all(self) -> None:
        """Bring the news of every job that has not ended up to date."""
        now, soon = time.monotonic(), 0.0
        running = self._in("running")
        for job in running:
            left = self._pace.left(job.kind, job.told, now - job.begun, now - job.entered)
            soon += left
            self._tell(job, _told(job)._replace(left=float(round(left))))
        busy = len(running) + 1 - self._crew.workers  # jobs that end before the next begins
        waiting = sorted(self._in("waiting"), key=lambda each: each.place)
        for number, job in enumerate(waiting):
            soon += self._pace.left(job.kind, {}, 0, 0)
            left = 5.0 * round(soon / self._crew.workers / 5)  # in steps: all of them look at it
            self._tell(job, job.news._replace(ahead=max(0, number + busy), left=left))

    def _tell(self, job: _Job, news: News) -> None:
        if news != job.news:
            job.news = news


def _told(job: _Job) -> News:
    """A job's news with what its worker told."""
    told = dict(job.told)
    told.pop("count", None)
    posters = tuple(
        Preview(name, channel, (width, height), file)
        for name, channel, (width, height), file in told.pop("posters", ())
    )
    return job.news._replace(**told, posters=posters)


def _kind(work: Callable[..., Any]) -> str:
    while isinstance(work, partial):
        work = work.func
    return f"{work.__module__}.{work.__qualname__}"
