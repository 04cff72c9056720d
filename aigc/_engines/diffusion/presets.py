"""What each painter is best run with: its family's defaults, then its own, then its LoRA's."""

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
_FILE = re.compile(r"^(?P<repo>(?:hf:)?[\w.-]+/[\w.@-]+)/(?P<file>.+\.safetensors)$")
_STEPS = re.compile(r"(\d+)[-_]?steps?", re.IGNORECASE)
_LORA_FILE = "pytorch_lora_weights.safetensors"


@dataclass(frozen=True)
class Preset:
    """How a model is run unless its user says otherwise."""

    steps: int
    guidance: float
    sizes: tuple[Size, ...]  # wide and upright
    negative: bool  # whether it reads a negative prompt
    tokens: int  # of a prompt that are read
    scheduler: str = ""  # a name of schedulers.py; empty: the model's own
    guided_by: str = "guidance_scale"  # the option of its pipeline that takes `guidance`
    lora: str = ""


def family(pipeline: str) -> str:
    """The family of a pipeline's class: StableDiffusionXLInpaintPipeline → StableDiffusionXL."""
    return _TASK.sub("", pipeline)


def preset(ref: str, pipeline: str, lora: str | None = None, side: int | None = None) -> Preset:
    """Give what a model of that pipeline class is best run with.

    `lora` None takes the model's own. A model without a row that was trained at another `side`
    than its family gets the family's sizes to that scale.
    """
    row = _families().get(family(pipeline)) or _families()["other"]
    own = _row(ref)
    chosen = own.get("lora", "") if lora is None else lora
    row = row | own | {"lora": chosen}
    if chosen:
        repo, file = lora_file(chosen)
        row |= {key: value for key, value in _row(repo).items() if key in _OF_LORAS}
        if found := _STEPS.search(file):
            row["steps"] = int(found[1])
    wide = [(width, height) for width, height in row.pop("sizes")]
    if side and "sizes" not in own:
        wide = [_scaled(size, side / wide[0][0]) for size in wide]
    upright = [(height, width) for width, height in wide if width != height]
    fields = {key: value for key, value in row.items() if key in Preset.__dataclass_fields__}
    return Preset(sizes=(*wide, *upright), **fields)


# A LoRA says how its model is run with it, not how large the pictures are.
_OF_LORAS = ("steps", "guidance", "scheduler")


def lora_file(ref: str) -> tuple[str, str]:
    """Part the reference of a LoRA into that of its repository or folder, and its file's name."""
    if found := _FILE.match(ref):
        return found["repo"], found["file"]
    if ref.endswith(".safetensors"):
        return ref, ref.rsplit("/", 1)[-1]
    return ref, _row(ref).get("file", _LORA_FILE)


def _row(ref: str) -> dict[str, Any]:
    return rows().get(ref.removeprefix("hf:").split("@")[0], {})


@cache
def rows() -> dict[str, dict[str, Any]]:
    """presets.toml by reference."""
    return tomllib.loads((_HERE / "presets.toml").read_text("utf-8"))


@cache
def _families() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_HERE / "families.toml").read_text("utf-8"))


def _scaled(size: Size, scale: float) -> Size:
    grid = 64 if scale * min(size) >= 256 else 16
    width, height = (max(grid, round(scale * each / grid) * grid) for each in size)
    return width, height
