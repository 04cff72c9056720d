"""Paints jobs with a loaded model: each picture from its own seed, whatever stands beside it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from aigc import events
from aigc._engines.diffusion import Job, Made, Settings, Usable, load
from aigc.campaign import Pixels, Size
from aigc.errors import AigcError


def generate(
    settings: Settings, jobs: Sequence[Job], usable: Usable, repaints: int
) -> list[Made | AigcError]:
    """Paint each job; one that `usable` turns down is tried again with the next seed.

    Gives an error in the place of each job that failed.
    """
    if not jobs:
        return []
    painter = load.painter(settings)
    return [_one(painter, settings, job, usable, repaints) for job in jobs]


def _one(
    painter: load.Painter, settings: Settings, job: Job, usable: Usable, repaints: int
) -> Made:
    for tried in range(repaints + 1):
        seed = (job.seed + tried) % 2**32
        pixels = _paint(painter, settings, job._replace(seed=seed))
        fault = usable(job, pixels)
        if not fault:
            break
    return Made(pixels, seed, tried, fault)


def _paint(painter: load.Painter, settings: Settings, job: Job) -> Pixels:
    preset = painter.preset
    width, height = _bucket(job.size, preset.sizes)
    steps = settings.steps if settings.steps is not None else preset.steps
    guidance = settings.guidance if settings.guidance is not None else preset.guidance

    def step(_pipe: Any, index: int, _time: Any, state: dict[str, Any]) -> dict[str, Any]:
        events.report("scene", index + 1, steps + 1)
        return state

    options: dict[str, Any] = {
        "prompt": [job.prompt],
        "width": width,
        "height": height,
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "generator": [torch.Generator("cpu").manual_seed(job.seed)],
        "output_type": "np",
        "callback_on_step_end": step,
    }
    if preset.negative:
        options["negative_prompt"] = [job.negative]
    pipe = painter.backdrop
    if job.start is not None and job.mask is not None:
        pipe = painter.in_place
        options |= _in_place(job.start, job.mask, settings.strength, (width, height))
    elif "Inpaint" in type(pipe).__name__:
        grey = np.full((height, width, 3), 127, np.uint8)
        options |= _in_place(grey, np.ones((height, width), np.float32), 1.0, (width, height))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="__array__ implementation")
        (picture,) = pipe(**options).images
    pixels = np.rint(255 * np.nan_to_num(picture)).astype(np.uint8)
    return np.asarray(Image.fromarray(pixels).resize(job.size, Image.Resampling.LANCZOS))


def _in_place(start: Pixels, mask: Any, strength: float, size: Size) -> dict[str, Any]:
    return {
        "image": [Image.fromarray(start).resize(size, Image.Resampling.LANCZOS)],
        "mask_image": [Image.fromarray(np.rint(255 * mask).astype(np.uint8)).resize(size)],
        "strength": strength,
    }


def _bucket(size: Size, sizes: Sequence[Size]) -> Size:
    aspect = np.log(size[0] / size[1])
    return min(sizes, key=lambda each: abs(np.log(each[0] / each[1]) - aspect))
