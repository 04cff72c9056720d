"""Paints jobs with a loaded model: each picture from its own seed, whatever stands beside it.

On the CPU pictures are painted one at a time: kernels for larger batches round otherwise. On a
card every batch is filled up to one size with repeats, so that each picture always goes through
the same kernels; another `batch`, or less memory, may change its last bits.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from PIL import Image

from aigc import events
from aigc._engines.diffusion import (
    Job,
    Made,
    Settings,
    Usable,
    embeddings,
    load,
    loop,
    memory,
    pixels,
    speed,
)
from aigc._engines.diffusion.fit import Fit, back, fit, mask_onto, onto
from aigc._engines.diffusion.load import Painter
from aigc.campaign import Size
from aigc.errors import AigcError, ModelError


class _Way(NamedTuple):
    """What jobs painted together have in common."""

    size: Size
    in_place: bool
    controlled: bool


@dataclass
class _Progress:
    """Counts steps over all batches; the last is its caller's to report."""

    done: int = 0
    total: int = 1

    def step(self, _index: int) -> None:
        self.done += 1
        self.total = max(self.total, self.done + 1)
        events.report("scene", self.done, self.total)


def generate(
    settings: Settings, jobs: Sequence[Job], usable: Usable, repaints: int
) -> list[Made | AigcError]:
    """Paint each job; those that `usable` turns down are tried again with the next seed.

    Gives an error in the place of each job that failed. Steps are reported; what a listener raises
    there stops the run and leaves the model ready for the next.
    """
    if not jobs:
        return []
    painter = load.painter(settings)
    made: dict[int, Made | AigcError] = {}
    progress = _Progress()
    todo = list(range(len(jobs)))
    try:
        for tried in range(repaints + 1):
            now = {i: jobs[i]._replace(seed=(jobs[i].seed + tried) % 2**32) for i in todo}
            for i, found in _painted(painter, settings, now, progress):
                if isinstance(found, AigcError):
                    made[i] = found
                    continue
                fault = found.fault or usable(now[i], found.pixels)
                made[i] = found._replace(repainted=tried, fault=fault)
            todo = [i for i in todo if isinstance(each := made[i], Made) and each.fault]
            if not todo:
                break
    finally:
        painter.memory.settle()
    return [made[i] for i in range(len(jobs))]


def at_once(settings: Settings, device: torch.device) -> int:
    """How many pictures are asked for at once."""
    return 1 if device.type == "cpu" else speed.batch(settings)


def _painted(
    painter: Painter, settings: Settings, jobs: dict[int, Job], progress: _Progress
) -> Iterator[tuple[int, Made | AigcError]]:
    """Paint jobs in batches of one way; each comes while the next batch is under way."""
    groups: dict[_Way, list[int]] = {}
    for i, job in jobs.items():
        size = fit(job.size, painter.preset.sizes).size
        in_place = job.start is not None and job.mask is not None
        way = _Way(
            size, in_place, in_place and painter.controlled is not None and job.control is not None
        )
        if in_place and painter.in_place is None:
            yield i, ModelError(f"scene.model = '{settings.model}' cannot paint in place")
            continue
        groups.setdefault(way, []).append(i)
    asked = at_once(settings, painter.memory.device)
    batches = sum(-(-len(group) // asked) for group in groups.values())
    progress.total += batches * _steps(painter, settings, in_place=False)
    waiting: Callable[[], list[tuple[int, Made]]] = list
    for way, queue in groups.items():
        while queue:
            most = painter.memory.at_once(asked, way.size[0] * way.size[1] / 1e6)
            batch, rest = queue[:most], queue[most:]
            try:
                now = _batch(painter, settings, way, most, {i: jobs[i] for i in batch}, progress)
            except RuntimeError as error:
                if not memory.is_out_of_memory(error):
                    raise
                failed = error.with_traceback(None)  # its frames hold the tensors
            else:
                yield from waiting()
                waiting, queue = now, rest
                continue
            try:
                painter.memory.less(most, failed)
            except ModelError as failure:
                yield from ((i, failure) for i in batch)
                queue = rest
    yield from waiting()


def _batch(
    painter: Painter,
    settings: Settings,
    way: _Way,
    most: int,
    jobs: dict[int, Job],
    progress: _Progress,
) -> Callable[[], list[tuple[int, Made]]]:
    """Start a batch, filled up to `most`; what is given waits for it."""
    filled = [*jobs.values()]
    filled += [filled[-1]] * (most - len(filled))
    fits = [fit(job.size, painter.preset.sizes) for job in filled]
    pictures, finite = _canvases(painter, settings, way, filled, fits, progress)
    wait, sound = pixels.fetch(pictures), pixels.fetch(finite)

    def collect() -> list[tuple[int, Made]]:
        return [
            (i, Made(back(canvas, fitted, job.size), job.seed, 0, "" if ok else "not a number"))
            for (i, job), canvas, fitted, ok in zip(
                jobs.items(), wait(), fits, sound(), strict=False
            )
        ]

    return collect


def _canvases(
    painter: Painter,
    settings: Settings,
    way: _Way,
    jobs: Sequence[Job],
    fits: Sequence[Fit],
    progress: _Progress,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Paint (N, H, W, 3) uint8 on the device, and whether each came of finite numbers."""
    pipe = (
        painter.controlled
        if way.controlled
        else painter.in_place
        if way.in_place
        else painter.backdrop
    )
    masked = way.in_place or painter.needs_mask
    preset, count = painter.preset, _steps(painter, settings, in_place=way.in_place)
    guidance = preset.guidance if settings.guidance is None else settings.guidance
    generators = [torch.Generator("cpu").manual_seed(job.seed) for job in jobs]
    painter.memory.ready(pipe)
    with speed.attention(settings), torch.no_grad(), _known_warnings():
        prompts = embeddings.of(
            pipe,
            [job.prompt for job in jobs],
            [job.negative for job in jobs],
            guidance,
            preset.tokens,
        )
        if not masked and loop.fits(pipe, count):
            made = loop.paint(pipe, prompts, generators, way.size, count, guidance, progress.step)
        else:
            options = prompts | {
                "width": way.size[0],
                "height": way.size[1],
                "num_inference_steps": count,
                preset.guided_by: guidance,
                "generator": generators,
                "output_type": "latent" if pixels.fits(pipe) else "pt",
                "callback_on_step_end": _callback(progress),
            }
            if preset.tokens:
                options["max_sequence_length"] = preset.tokens
            if masked:
                options |= _in_place(settings, way, jobs, fits)
            known = inspect.signature(pipe.__call__).parameters
            made = pipe(**{key: value for key, value in options.items() if key in known}).images
        finite = torch.isfinite(made).flatten(1).all(1)
        if pixels.fits(pipe):
            return pixels.decode(pipe, made, way.size), finite
        return pixels.to_bytes(made.float() * 2 - 1), finite


def _in_place(
    settings: Settings, way: _Way, jobs: Sequence[Job], fits: Sequence[Fit]
) -> dict[str, Any]:
    if not way.in_place:  # an inpainting model paints a backdrop: all of a grey picture
        grey = Image.new("RGB", way.size, (127, 127, 127))
        white = Image.new("L", way.size, 255)
        return {"image": [grey] * len(jobs), "mask_image": [white] * len(jobs), "strength": 1.0}
    starts, masks, controls = [], [], []
    for job, fitted in zip(jobs, fits, strict=True):
        assert job.start is not None
        assert job.mask is not None
        starts.append(Image.fromarray(onto(job.start, fitted)))
        masks.append(Image.fromarray(mask_onto(job.mask, fitted)))
        if way.controlled and job.control is not None:
            controls.append(Image.fromarray(onto(job.control, fitted)))
    found = {"image": starts, "mask_image": masks, "strength": settings.strength}
    return found | ({"control_image": controls} if way.controlled else {})


def _steps(painter: Painter, settings: Settings, *, in_place: bool) -> int:
    """How many steps a picture takes; in place, one at the least is left of them by `strength`."""
    steps = painter.preset.steps if settings.steps is None else settings.steps
    return max(steps, math.ceil(1 / settings.strength)) if in_place else steps


def _callback(progress: _Progress) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    def after(_pipe: Any, index: int, _time: Any, state: dict[str, Any]) -> dict[str, Any]:
        progress.step(index)
        return state

    return after


class _known_warnings(warnings.catch_warnings):  # noqa: N801
    """Keep quiet about what diffusers does with NumPy 2, which changes nothing here."""

    def __enter__(self) -> Any:
        entered = super().__enter__()
        warnings.filterwarnings("ignore", message="__array__ implementation")
        return entered
