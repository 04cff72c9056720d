"""Finds a painter's weights and makes its pipelines; one model is kept a process."""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from aigc._engines import device, store
from aigc._engines.diffusion import Settings, presets
from aigc._engines.diffusion.presets import Preset
from aigc.errors import ModelError


@dataclass
class Painter:
    """A loaded model: its pipelines share their weights."""

    backdrop: Any  # text → picture; for an inpainting UNet its own pipeline
    in_place: Any  # picture, mask, text → picture; None where the family has none
    preset: Preset
    device: torch.device


_kept: dict[Settings, Painter] = {}


def painter(settings: Settings) -> Painter:
    """Load a model, or give it where it is loaded; another one is dropped first."""
    key = replace(settings, steps=None, guidance=None, strength=1.0, batch=1)
    if key not in _kept:
        forget()
        _kept[key] = _load(settings)
    return _kept[key]


def forget() -> None:
    """Drop the model that is loaded, and give its memory back."""
    _kept.clear()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _load(settings: Settings) -> Painter:
    import diffusers

    where = device.choose(settings.device, option="scene.device", instead="use --scene builtin")
    path = store.resolve(settings.model)
    index = _index(path, settings.model)
    dtype = _dtype(settings.dtype, where)
    pipe = diffusers.DiffusionPipeline.from_pretrained(path, dtype=dtype, local_files_only=True)
    pipe.to(where)
    kind = type(pipe).__name__
    if "Inpaint" in kind:
        both = (pipe, pipe)
    else:
        both = (pipe, diffusers.AutoPipelineForInpainting.from_pipe(pipe))
    for each in both:
        each.set_progress_bar_config(disable=True)
    preset = presets.preset(settings.model, index["_class_name"], _side(pipe))
    return Painter(*both, preset=preset, device=where)


def _side(pipe: Any) -> int | None:
    """The side of the squares that a pipeline was trained on, in px, where it tells."""
    model = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    size = getattr(model.config, "sample_size", None) if model is not None else None
    scale = getattr(pipe, "vae_scale_factor", 8)
    return size * scale if isinstance(size, int) else None


def _index(path: Path, ref: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((path / "model_index.json").read_text("utf-8"))
        found["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"scene.model = '{ref}': no diffusers model there (no model_index.json); give a folder "
            "that diffusers saved, or a model of the hub"
        ) from error
    return found


def _dtype(asked: str, where: torch.device) -> torch.dtype:
    if asked == "auto":
        return torch.float32 if where.type == "cpu" else torch.bfloat16
    found: torch.dtype = getattr(torch, asked)
    return found
