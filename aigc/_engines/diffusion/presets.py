"""What each painter is best run with: a family's defaults, then the model's own."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aigc.campaign import Size

_HERE = Path(__file__).parent
_TASK = re.compile(r"Inpainting|Inpaint|Img2Img|ControlNet(?:Union)?|PAG|Pipeline$")


@dataclass(frozen=True)
class Preset:
    """How a model is run unless its user says otherwise."""

    steps: int
    guidance: float
    scheduler: str  # a name of load.SCHEDULERS; empty: the model's own
    sizes: tuple[Size, ...]  # wide and upright
    negative: bool  # whether it reads a negative prompt
    tokens: int  # of a prompt that are read
    lora: str = ""
    control: str = ""  # a ControlNet that fits


def family(pipeline: str) -> str:
    """The family of a pipeline's class: StableDiffusionXLInpaintPipeline → StableDiffusionXL."""
    return _TASK.sub("", pipeline)


def preset(ref: str, pipeline: str, side: int | None = None) -> Preset:
    """Give what a model of that pipeline class is best run with.

    A model that has no row and says that it was trained at another `side` gets its family's sizes
    to that scale.
    """
    found = _families().get(family(pipeline)) or _families()["other"]
    own = _rows().get(ref.removeprefix("hf:").split("@")[0], {})
    row = found | own
    fields = {key: value for key, value in row.items() if key in Preset.__dataclass_fields__}
    wide = [tuple(size) for size in fields.pop("sizes")]
    if side and "sizes" not in own:
        wide = [_scaled(size, side / wide[0][0]) for size in wide]
    upright = [(height, width) for width, height in wide if width != height]
    return Preset(sizes=(*wide, *upright), **fields)


def _scaled(size: Size, scale: float) -> Size:
    grid = 64 if scale * min(size) >= 256 else 16
    width, height = (max(grid, round(scale * each / grid) * grid) for each in size)
    return width, height


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_HERE / "presets.toml").read_text("utf-8"))


@cache
def _families() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_HERE / "families.toml").read_text("utf-8"))
