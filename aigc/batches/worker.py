"""What a worker does: take some jobs along some stages, each saved as it ends."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import threadpoolctl

from aigc import brandkit, export, pipeline
from aigc.batches import Failure, Job, Outcome, Record, storage
from aigc.batches.record import record
from aigc.batches.storage import Place
from aigc.campaign import Campaign
from aigc.errors import AigcError
from aigc.recipe import Recipe
from aigc.stage import STAGES

_PATIENCE = 60.0  # seconds for a folder that a worker of a killed run may still hold
_ARENAS = -8  # mallopt(3): M_ARENA_MAX
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


def settle(threads: int | None = 1) -> None:
    """Make this process a worker: one thread, for a worker is a core, and no life of its own.

    The only worker of a machine takes all its cores: `threads` is None.
    """
    if threads is not None:
        # For what is loaded from now on, and for what already is.
        os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        threadpoolctl.threadpool_limits(threads)
    _libc("mallopt", _ARENAS, 2)  # each thread that loads a model would keep memory of its own
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)  # its parent was killed: whoever goes on must find nobody writing


def trim() -> None:
    """Give freed memory back: a night is long, and what one product left must not add up."""
    _libc("malloc_trim", 0)


def _libc(function: str, *values: int) -> None:
    """Tell glibc's allocator; elsewhere there is nobody to tell."""
    with contextlib.suppress(OSError, AttributeError):
        getattr(ctypes.CDLL(None), function)(*values)


class _Run:
    """The jobs of one chunk on their way, and what became of each."""

    def __init__(self, recipe: Recipe, place: Place) -> None:
        self.recipe = recipe
        self.place = place
        self.going: dict[int, Campaign] = {}
        self.seconds: dict[int, dict[str, float]] = {}
        self.ended: dict[int, Outcome] = {}

    def begin(self, job: Job, held: contextlib.ExitStack) -> None:
        """Read the photo, and take over what the campaign's folder holds."""
        number = job.number
        try:
            brandkit.check_files(job.brief)
            campaign = pipeline.begun(job.brief, self.recipe, self.place.root())
            if campaign.id in {each.id for each in self.going.values()}:
                self.ended[number] = Outcome(number=number, id=campaign.id, again=True)
                return
            self.going[number] = campaign
            held.callback(self.place.drop, campaign.id)
            self.place.pull(campaign.id)
            folder = Path(campaign.folder)
            held.enter_context(export.open_folder(folder, patience=_PATIENCE))
            whole = (folder / "campaign.json").exists()
            self.going[number] = campaign = export.resume(campaign, self.recipe)
        except Exception as error:  # noqa: BLE001 - one photo must not stop the others
            self.fail(number, "photo", error)
            return
        self.seconds[number] = {}
        if whole and len(campaign.steps) == len(STAGES):
            self.finish(number, kept=True)

    def advance(self, stage: str) -> None:
        """Take all that have not been there through one stage."""
        todo = {
            number: campaign
            for number, campaign in self.going.items()
            if stage not in {step.stage for step in campaign.steps}
        }
        for number, moved in zip(todo, self._moved([*todo.values()], stage), strict=True):
            if isinstance(moved, Exception):
                self.fail(number, stage, moved)
                continue
            before = self.going[number]
            self.going[number] = moved
            self.seconds[number][stage] = moved.steps[-1].seconds
            try:
                if stage == "typeset" and before.scenes != moved.scenes:
                    export.save_stage(moved, "scene")  # some were painted anew
                export.save_stage(moved, stage)
                self.place.push(moved.id)
            except Exception as error:  # noqa: BLE001 - a full disk, perhaps for this one only
                self.fail(number, stage, error)

    def _moved(self, campaigns: list[Campaign], stage: str) -> Sequence[Campaign | Exception]:
        if not campaigns:
            return []
        try:
            return pipeline.advance_each(campaigns, stage, self.recipe)
        except Exception as error:  # noqa: BLE001 - a backend may fail in any way
            if len(campaigns) == 1:
                return [error]
        # Not known whose fault it was: each alone.
        return [moved for each in campaigns for moved in self._moved([each], stage)]

    def finish(self, number: int, *, kept: bool = False) -> None:
        """Write what comes last, and tell the index."""
        campaign = self.going[number]
        made: Record | None = None
        try:
            export.save(campaign, self.recipe)
            self.place.push(campaign.id)
            made = record(campaign, Path(campaign.folder))
        except Exception as error:  # noqa: BLE001
            self.fail(number, "typeset", error)
            return
        self.leave(number, kept=kept, made=made)

    def leave(self, number: int, *, kept: bool = False, made: Record | None = None) -> None:
        """Let go of a campaign; its folder knows how far it is."""
        self.ended[number] = Outcome(
            number=number,
            id=self.going.pop(number).id,
            kept=kept,
            seconds=self.seconds.get(number, {}),
            record=made,
        )

    def fail(self, number: int, stage: str, error: Exception) -> None:
        """Say why a job ends here."""
        gone = self.going.pop(number, None)
        self.ended[number] = Outcome(
            number=number,
            id=gone.id if gone else "",
            failure=failure(stage, error),
            seconds=self.seconds.get(number, {}),
        )


def work(jobs: Sequence[Job], stages: Sequence[str], recipe: Recipe, outputs: str) -> list[Outcome]:
    """Take jobs along some stages, from where each one's folder stands; in the jobs' order.

    One job's error is its own outcome's failure; nothing is raised for it.
    """
    run = _Run(recipe, storage.place(outputs))
    started = time.perf_counter()
    with contextlib.ExitStack() as held:
        for job in jobs:
            run.begin(job, held)
        begun = (time.perf_counter() - started) / len(jobs)
        for stage in stages:
            run.advance(stage)
        for number, campaign in [*run.going.items()]:
            run.seconds[number]["photo"] = round(begun, 3)
            if len(campaign.steps) == len(STAGES):
                run.finish(number)
            else:
                run.leave(number)
    trim()
    return [run.ended[job.number] for job in jobs]


def failure(stage: str, error: BaseException) -> Failure:
    """Say what failed and what to do about it."""
    if not isinstance(error, AigcError):
        return Failure(
            stage=stage,
            kind=type(error).__name__,
            error=f"{type(error).__name__}: {error}",
            remedy="this should not happen: please report it with `trace`",
            trace="".join(traceback.format_exception(error)),
        )
    says, _, remedy = str(error).partition("; ")
    remedy = remedy or "mend what it names, then try the failed ones again"
    return Failure(stage=stage, kind=type(error).__name__, error=says, remedy=remedy)
