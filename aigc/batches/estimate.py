"""What a batch would take, before it is begun: time, bytes and memory, measured.

Measured on what this output folder's last runs took, or else by making a few of the catalogue's own
products in a folder that is deleted. Nothing is asked of a remote service, and no card is used:
what they would be asked is counted instead.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Literal

from pydantic import Field

from aigc.batches import Entry, Result, local, run
from aigc.batches.count import Count, prior
from aigc.batches.engine import resource
from aigc.campaign import Value
from aigc.recipe import Recipe
from aigc.stage import STAGES

_ENOUGH = 20  # earlier results from which on nothing is measured anew
_PRIOR = 500  # of them that are looked at
_EACH = 2  # products that a worker is measured on, after its first one
_MOST = 4  # workers that are measured at once
_DRAWN = ("scene", "typeset")  # stages that take as long as there are posters


class Asked(Value):
    """What a stage would ask of a remote service, or of a model on a graphics card."""

    of: Literal["endpoint", "card"]
    model: str
    requests: int = Field(description="At least: repairs and repeats come on top")


class Estimate(Value):
    """What a batch would make, and what it would take."""

    products: int
    wrong: int = Field(description="Rows that do not hold")
    whole: int = Field(description="Finished before")
    repeated: int = Field(description="The same as one before it")
    make: int = Field(description="Campaigns to make, or to finish")
    posters: int
    files: int = Field(description="In the folders of these campaigns")
    workers: dict[str, int] = Field(description="By resource")
    basis: Literal["sample", "earlier", "nothing"] = Field(
        description="Measured on a few products that were made for it, or on earlier runs"
    )
    measured: int = Field(0, description="Products that it was measured on")
    seconds: float | None = None
    likely: tuple[float, float] | None = Field(None, description="Seconds, from and to")
    work: float | None = Field(None, description="Seconds of one worker, if there were one")
    bytes: int | None = None
    memory: int | None = Field(None, description="Bytes that a worker took at most")
    asked: dict[str, Asked] = Field({}, description="By stage")


class _Took(Value):
    """What one product took."""

    seconds: dict[str, float]  # by stage
    posters: int
    pixels: int
    drawn: int  # bytes of scenes and posters
    fixed: int  # bytes of the rest


def estimate(
    count: Count, recipe: Recipe, workers: int | None, say: Callable[[str], None]
) -> Estimate:
    """Say what the counted products would take; some may be made for it, as `say` is told.

    Raises AigcError where a backend cannot run here.
    """
    asked = _asked(recipe, count)
    places = _places(recipe, workers)
    took = [each for result in prior(count.before, _PRIOR) if (each := _took(result, recipe))]
    begin, memory, basis = 0.0, None, "earlier"
    if len(took) < _ENOUGH:
        basis, took = "nothing", []
        if not asked and count.make:
            at_once = min(places["cpu"], _MOST)
            sample = count.spread(at_once * (1 + _EACH))
            say(f"measuring on {len(sample)} of its products …")
            took, begin, memory = _measured(sample, recipe, at_once)
            basis = "sample" if took else "nothing"
    work = seconds = likely = None
    if took or not count.make:
        work = _work(took, recipe, count)
        # The busiest resource holds up the others; and more workers than products cannot help.
        seconds = max(spent / max(1, min(count.make, places[n])) for n, spent in work.items())
        likely = _likely(seconds, begin, took, basis, places)
    return Estimate(
        products=count.products,
        wrong=count.wrong,
        whole=count.whole,
        repeated=count.repeated,
        make=count.make,
        posters=count.posters,
        files=count.files,
        workers=places,
        basis=basis,
        measured=len(took),
        seconds=None if seconds is None else begin + seconds,
        likely=likely,
        work=None if work is None else sum(work.values()),
        bytes=_bytes(took, count),
        memory=memory,
        asked=asked,
    )


def _asked(recipe: Recipe, count: Count) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for stage in STAGES:
        kind = resource(recipe[stage])
        # White grounds are drawn, whatever paints the others.
        requests = count.painted if stage == "scene" else count.make
        if kind != "cpu" and requests:
            model = str(getattr(recipe[stage], "model", "") or "")
            of: Literal["endpoint", "card"] = "endpoint" if kind == "net" else "card"
            found[stage] = Asked(of=of, model=model, requests=requests)
    return found


def _places(recipe: Recipe, workers: int | None) -> dict[str, int]:
    counts = {"cpu": workers or local.cores(), "net": 1}
    names = dict.fromkeys(["cpu", *(resource(recipe[stage]) for stage in STAGES)])
    return {name: counts[name] if name in counts else local.cards() for name in names}


def _measured(
    sample: Sequence[Entry], recipe: Recipe, workers: int
) -> tuple[list[_Took], float, int | None]:
    """What these took, each worker's first one apart; seconds to begin; bytes of a worker."""
    with tempfile.TemporaryDirectory(prefix="aigc-dry-run-") as folder:
        made = run.batch(sample, recipe=recipe, outputs=folder, workers=workers)
        with contextlib.closing(made):
            took = [each for result in made if (each := _took(result, recipe))]
    memory = _largest_worker()
    # The first of each worker loads the models.
    first, rest = took[:workers], took[workers:]
    if not rest:
        return took, 0.0, memory
    begin = max(_sum(each) for each in first) - fmean(_sum(each) for each in rest)
    return rest, max(0.0, begin), memory


def _largest_worker() -> int | None:
    """The most memory that a process which this one began has held, bytes."""
    try:
        import resource as system
    except ImportError:  # Windows does not say
        return None
    largest = system.getrusage(system.RUSAGE_CHILDREN).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def _took(result: Result, recipe: Recipe) -> _Took | None:
    """What a product took; None where it failed, or was made by another recipe or elsewhere."""
    folder = Path(result.folder)
    if result.status != "done" or result.record is None:
        return None
    try:
        made = json.loads((folder / "campaign.json").read_text("utf-8"))["recipe"]
        sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    except (OSError, ValueError, LookupError):
        return None
    if made != recipe.table():
        return None
    drawn = sum(size for path, size in sizes.items() if path.parent.name in _DRAWN)
    posters = result.record.posters
    return _Took(
        seconds=result.seconds,
        posters=len(posters),
        pixels=sum(each.size[0] * each.size[1] for each in posters),
        drawn=drawn,
        fixed=sum(sizes.values()) - drawn,
    )


def _work(took: Sequence[_Took], recipe: Recipe, count: Count) -> dict[str, float]:
    """Seconds of one worker, by resource, for all that is to be made."""
    work = {"cpu": 0.0}
    for stage in ("photo", *STAGES) if took else ():
        spent = sum(each.seconds.get(stage, 0.0) for each in took)
        where = "cpu" if stage == "photo" else resource(recipe[stage])
        posters = count.posters / sum(each.posters for each in took)
        share = posters if stage in _DRAWN else count.make / len(took)
        work[where] = work.get(where, 0.0) + spent * share
    return work


def _likely(
    seconds: float, begin: float, took: Sequence[_Took], basis: str, places: dict[str, int]
) -> tuple[float, float]:
    """From and to: by how much products differ, and by what was not measured."""
    sums = [_sum(each) for each in took]
    spread = 0.5
    if len(sums) > 2:
        spread = 2 * stdev(sums) / fmean(sums) / math.sqrt(len(sums))
    spread = min(0.5, max(0.1 if basis == "earlier" else 0.2, spread))
    # Workers slow each other down, by how much nobody measured.
    crowd = 1.25 if basis == "sample" and places["cpu"] > _MOST else 1.0
    return begin + seconds * (1 - spread), begin + seconds * (1 + spread) * crowd


def _bytes(took: Sequence[_Took], count: Count) -> int | None:
    if not count.make:
        return 0
    if not took:
        return None
    drawn = sum(each.drawn for each in took) / max(1, sum(each.pixels for each in took))
    return round(count.make * fmean(each.fixed for each in took) + count.pixels * drawn)


def _sum(took: _Took) -> float:
    return sum(took.seconds.values())
