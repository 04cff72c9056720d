"""Stable Diffusion and its relatives, through diffusers: what goes in and what comes out.

`load.py` finds the weights and the pipeline, `speed.py` makes it fast, `run.py` paints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels, Size


@dataclass(frozen=True)
class Settings:
    """Which model, and how it is run; None takes the preset's value. It is the key of a loaded one.

    What changes a picture is here once; `run.generate` takes the rest from each job.
    """

    model: str  # a reference that store.resolve knows
    device: str = "auto"
    dtype: str = "auto"  # auto, bfloat16, float16, float32
    lora: str | None = None  # a reference, perhaps with a file name behind it
    control: str | None = None  # a ControlNet, for in-place painting
    scheduler: str | None = None
    steps: int | None = None
    guidance: float | None = None
    strength: float = 1.0  # of in-place painting: 1 repaints from noise
    batch: int = 1  # pictures at once; each batch is filled up to it
    max_vram: float | None = None  # GB that may be taken
    tiny_vae: str = ""  # a reference to a distilled decoder; empty: the model's own
    compile: bool = False  # whole graphs with CUDA graphs: minutes first, then faster
    channels_last: bool = True
    fuse_qkv: bool = False
    fp8: bool = False  # row-wise float8 by torchao
    cache: bool = False  # between steps, for transformers of many steps
    attention: str = "auto"  # a kernel of torch.nn.attention.sdpa_kernel


class Job(NamedTuple):
    """One picture to paint."""

    size: Size
    prompt: str
    negative: str
    seed: int
    start: Pixels | None = None  # (H, W, 3): painted in place where `mask` says so
    mask: NDArray[np.float32] | None = None  # (H, W): 1 where it is to be painted
    control: Pixels | None = None  # (H, W, 3): what a ControlNet is shown


class Made(NamedTuple):
    """A painted picture."""

    pixels: Pixels  # (H, W, 3) at the job's size
    seed: int  # that it was painted with
    repainted: int  # pictures before it that were turned down
    fault: str = ""  # why this one, the last that was tried, cannot be used either


# Says why a picture cannot be used, "" if it can: generate(settings, jobs, usable, repaints) paints
# again with the next seed, `repaints` times at most.
Usable = Callable[[Job, Pixels], str]
