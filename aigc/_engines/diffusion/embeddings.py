"""Encodes each prompt once: a campaign repeats its prompts over sizes, seeds and repaints."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch

_KEPT = 64  # prompts a model; FLUX's take 4 MB each, SDXL's a third of one
_Encoded = dict[str, torch.Tensor]
_kept: WeakKeyDictionary[Any, OrderedDict[tuple[str, str | None, int], _Encoded]] = (
    WeakKeyDictionary()
)

# What encode_prompt gives, by family: it gives them in this order.
_SD = ("prompt_embeds", "negative_prompt_embeds")  # 1.5, 2.1, Turbo
_POOLED = (*_SD, "pooled_prompt_embeds", "negative_pooled_prompt_embeds")  # SDXL, SD3
_FLUX = ("prompt_embeds", "pooled_prompt_embeds")


def of(
    pipe: Any,
    prompts: Sequence[str],
    negatives: Sequence[str],
    guidance: float,
    length: int = 0,
) -> dict[str, Any]:
    """Give what a pipeline is called with in place of `prompt` and `negative_prompt`.

    Each prompt is encoded alone, so that its embedding does not depend on the batch, and kept:
    the text encoders may leave the card once the prompts are known. Negatives count where
    `guidance` is above 1. `length` is how many tokens are read, of models that leave the choice; 0:
    the pipeline's own. A family whose encoding is not known here gets its prompts as they are.
    """
    names = _names(pipe)
    if not names:
        return {"prompt": list(prompts), "negative_prompt": list(negatives)}
    both = guidance > 1 and "negative_prompt_embeds" in names
    rows = [
        _one(pipe, names, prompt, negative if both else None, length)
        for prompt, negative in zip(prompts, negatives, strict=True)
    ]
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


def forget(pipe: Any) -> None:
    """Drop what is kept of this pipeline's prompts."""
    _kept.pop(pipe, None)


def _names(pipe: Any) -> tuple[str, ...]:
    takes = set(inspect.signature(pipe.encode_prompt).parameters)
    guided = "do_classifier_free_guidance" in takes
    if any("mask" in name for name in takes) or "prompt_embeds" not in takes:
        return ()
    if "pooled_prompt_embeds" in takes:
        return _POOLED if guided else _FLUX
    return _SD if guided and "num_images_per_prompt" in takes else ()


def _one(
    pipe: Any, names: tuple[str, ...], prompt: str, negative: str | None, length: int
) -> _Encoded:
    kept = _kept.setdefault(pipe, OrderedDict())
    key = (prompt, negative, length)
    if key not in kept:
        kept[key] = _encode(pipe, names, prompt, negative, length)
        if len(kept) > _KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _encode(
    pipe: Any, names: tuple[str, ...], prompt: str, negative: str | None, length: int
) -> _Encoded:
    takes = inspect.signature(pipe.encode_prompt).parameters
    asked = {
        "prompt": prompt,
        "prompt_2": None,
        "prompt_3": None,
        "device": _home(pipe),
        "num_images_per_prompt": 1,
        "do_classifier_free_guidance": negative is not None,
        "negative_prompt": negative,
    }
    if length:
        asked["max_sequence_length"] = length
    with torch.no_grad():
        given = pipe.encode_prompt(**{key: value for key, value in asked.items() if key in takes})
    model = pipe.transformer if getattr(pipe, "unet", None) is None else pipe.unet
    return {
        name: value.to(pipe._execution_device, model.dtype)
        for name, value in zip(names, given, strict=False)  # FLUX also gives the text's places
        if value is not None
    }


def _home(pipe: Any) -> torch.device:
    """Where the text encoder is, or is brought to when it is called."""
    encoder = pipe.text_encoder
    hooks = getattr(encoder, "_diffusers_hook", None)  # of layers that wait in main memory
    offloaded = hasattr(encoder, "_hf_hook") or (hooks is not None and bool(hooks.hooks))
    found: torch.device = pipe._execution_device if offloaded else encoder.device
    return found
