"""A batch from its first brief to its index: holds the output folder, and runs the flow."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Generator, Iterable
from pathlib import Path

from aigc.batches import PRIVATE, Result
from aigc.batches.engine import Engine, legs
from aigc.batches.flow import Flow, Listener
from aigc.batches.given import Given
from aigc.batches.index import write_index
from aigc.batches.journal import Journal, opened
from aigc.batches.mirror import mirrored
from aigc.batches.storage import Place, place
from aigc.errors import AigcError, BriefError
from aigc.recipe import Recipe

ENGINES = ("local", "ray")
FAILED = "failed.jsonl"
JOURNAL = f"{PRIVATE}/journal.sqlite"
_REFRESH = 600.0  # seconds between two indexes of a batch that goes on all night, at least


def batch(
    briefs: Iterable[Given],
    *,
    recipe: Recipe | None = None,
    outputs: str | Path = "outputs",
    workers: int | None = None,
    engine: str = "local",
    gpus: float = 1.0,
    listener: Listener | None = None,
    timeout: float = 1800.0,
    total: int | None = None,
    retry: bool = False,
) -> Generator[Result, None, None]:
    """Make a campaign of every brief, and give each one's result as it ends.

    `briefs` may be any iterable, a generator of a million too: Brief values, their fields, paths of
    brief files, or a catalogue's entries. One that fails is a result like the others; nothing but
    an unusable output folder or recipe is raised (AigcError). The same call goes on where a killed
    one stopped. `workers` are processes of this machine (default: its cores), or actors of a Ray
    cluster; `gpus` is the share of a card that a Ray actor gets; `timeout` is seconds for one
    product in one leg of the way; `retry` says that these are only the failed ones of a batch.
    In a script, call it under `if __name__ == "__main__":`, for workers import the script.
    """
    if engine not in ENGINES:
        raise BriefError(f"engine = '{engine}': choose from {', '.join(ENGINES)}")
    if workers is not None and workers < 1:
        raise BriefError(f"workers = {workers}: at least 1")
    recipe = recipe or Recipe.load()
    where = place(str(outputs))
    with where.lock(), _journal(where) as journal:
        if not retry:
            journal.begin()
        made = _engine(engine, recipe, str(outputs), workers, gpus, timeout)
        flow = Flow(made, recipe, where, journal, listener, total)
        try:
            for leg in legs(recipe):
                made.ready(leg)
            yield from _indexed(flow.results(iter(briefs)), journal, where)
        except BaseException:
            made.close(now=True)
            with contextlib.suppress(AigcError):  # what stopped the batch is what to tell
                if not retry:  # else the list holds what was mended and not tried yet
                    _write_failed(journal, where)
                write_index(journal, where)
            raise
        made.close(now=False)
        if not retry:
            journal.end()
        _write_failed(journal, where)
        write_index(journal, where)


def _indexed(
    results: Iterable[Result], journal: Journal, where: Place
) -> Generator[Result, None, None]:
    """Write the index now and then; of a million products it takes minutes, so the more seldom."""
    due = time.monotonic() + _REFRESH
    for result in results:
        yield result
        began = time.monotonic()
        if began > due:
            write_index(journal, where)
            took = time.monotonic() - began
            due = began + max(_REFRESH, 20 * took)


def _engine(
    name: str, recipe: Recipe, outputs: str, workers: int | None, gpus: float, timeout: float
) -> Engine:
    resources = tuple(dict.fromkeys(leg.resource for leg in legs(recipe)))
    if name == "ray":
        from aigc.batches.cluster import Cluster

        return Cluster(recipe, outputs, resources, workers, timeout, gpus)
    from aigc.batches.local import Processes

    return Processes(recipe, outputs, resources, workers, timeout)


def _journal(where: Place) -> contextlib.AbstractContextManager[Journal]:
    """The journal, which a remote batch takes along."""
    return mirrored(where, JOURNAL) if where.remote else opened(where.root() / JOURNAL)


def _write_failed(journal: Journal, where: Place) -> None:
    """List what failed, with all that is needed to mend it and try again."""
    rows = [
        json.dumps(
            {"number": row.number, "where": row.where, "brief": row.brief}
            | (row.failure.model_dump(exclude_defaults=True) if row.failure else {}),
            ensure_ascii=False,
            default=str,
        )
        for row in journal.results("failed")
    ]
    if rows or where.exists(FAILED):
        where.write(FAILED, "".join(f"{row}\n" for row in rows).encode())
