"""What a cluster's nodes run: a worker that is a Ray actor, and what its end tells."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import socket
from collections.abc import Sequence

from aigc.batches import PRIVATE, Job, Outcome, storage, worker
from aigc.errors import AigcError, ExportError
from aigc.recipe import Recipe

MARK = f"{PRIVATE}/seen"  # in the output folder: who reads it there sees the same folder


class Hand:
    """An actor: one worker, on the node that Ray put it on."""

    def __init__(self, recipe: Recipe, outputs: str, folder: str) -> None:
        """Take a recipe, an output folder, and the folder that relative paths begin at."""
        with contextlib.suppress(OSError):  # not on every node: there paths must be absolute
            os.chdir(folder)
        worker.settle()
        self._recipe, self._outputs = recipe, outputs

    def look(self, stages: Sequence[str], mark: str) -> str:
        """Name this node; raise AigcError where it lacks what stages need, or the output folder."""
        try:
            seen = storage.place(self._outputs).read(MARK).decode() == mark
        except (OSError, AigcError):
            seen = False
        if not seen:
            raise ExportError(
                f"'{self._outputs}' is not the same folder on {socket.gethostname()}; put it where "
                "every node sees it (NFS), or name a shared store such as s3://bucket/folder"
            )
        for stage in stages:
            self._recipe[stage].ready()
        return str(importlib.import_module("ray").get_runtime_context().get_node_id())

    def work(self, jobs: Sequence[Job], stages: Sequence[str]) -> list[Outcome]:
        """Take jobs along some stages."""
        return worker.work(jobs, stages, self._recipe, self._outputs)


def because(error: Exception) -> str:
    """Why an actor was lost, from Ray's own words, which are many."""
    found = re.search(r"because (it.+?)[.:](\s|$)", str(error))
    return found[1] if found else f"its worker died ({type(error).__name__})"


def was_lost(error: Exception) -> bool:
    """Whether nothing is known against the node: it, or the actor, is gone."""
    return getattr(error, "actor_init_failed", None) is False


def refusal(error: Exception) -> AigcError:
    """What a failed birth tells the user."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, AigcError):
        return cause
    last = str(error).strip().splitlines()[-1].strip()
    return AigcError(
        f"a node cannot start a worker: {last}; every node needs this aigc and its extras, "
        "installed or brought by a runtime environment"
    )
