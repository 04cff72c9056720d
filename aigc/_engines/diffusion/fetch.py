"""What is taken of a hub's repository: what will be loaded, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

# Asked for by neither us nor the merchant: a filter of 1.2 GB, and what it looks through.
LEFT_OUT = ("safety_checker", "feature_extractor", "image_encoder")


def model(repo: str, revision: str | None, dtype: torch.dtype, parts: dict[str, Any]) -> str | Path:
    """Fetch what will be loaded, and nothing else: safetensors, in 16 bits where it is at hand."""
    import diffusers

    leave = dict.fromkeys((*LEFT_OUT, *parts))
    for kind in ("fp16", None) if dtype != torch.float32 else (None,):
        try:
            found: str = diffusers.DiffusionPipeline.download(
                repo, revision=revision, variant=kind, use_safetensors=True, **leave
            )
        except ValueError as error:
            if kind is None or "variant" not in str(error):
                raise
        else:
            return found
    raise AssertionError("unreachable")


def part(repo: str, revision: str | None, dtype: torch.dtype) -> str | Path:
    """Fetch a single model, such as a ControlNet or a decoder: its config and one set of weights.

    Raises OSError where it has none as safetensors.
    """
    import huggingface_hub

    for weights in ("model.fp16.safetensors", "model.safetensors"):
        if dtype == torch.float32 and "fp16" in weights:
            continue
        found: str = huggingface_hub.snapshot_download(
            repo, revision=revision, allow_patterns=["config.json", f"diffusion_pytorch_{weights}"]
        )
        if any(Path(found).glob(f"diffusion_pytorch_{weights}")):
            return found
    raise OSError(f"{repo} has no safetensors")


def file(repo: str, revision: str | None, name: str) -> str | Path:
    """Fetch one file, such as a LoRA."""
    import huggingface_hub

    found: str = huggingface_hub.hf_hub_download(repo, name, revision=revision)
    return found


def variant(path: Path, dtype: torch.dtype) -> str | None:
    """Which of the weights in a folder to load: those of 16 bits where all are to be so."""
    names = [file.name for file in path.rglob("*.safetensors")]
    halves = [name for name in names if ".fp16" in name]
    return "fp16" if halves and (dtype != torch.float32 or len(halves) == len(names)) else None
