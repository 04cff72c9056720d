"""Where a model runs: on the graphics card, or on the processor where that is asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import torch

from aigc.errors import ModelError


def choose(asked: str, *, option: str, instead: str) -> torch.device:
    """Turn a `device` option into a device: auto, cpu, cuda, cuda:N, mps or xpu.

    `auto` never means the processor: raises ModelError where there is no graphics card, naming
    the option and what to do `instead`.
    """
    if asked == "auto":
        for kind in ("cuda", "xpu", "mps"):
            if _here(kind):
                return torch.device(kind)
        raise ModelError(
            f"{option} = 'auto': no graphics card that torch {torch.__version__} can use; "
            f"{instead}, or set {option}=cpu and be patient"
        )
    try:
        device = torch.device(asked)
    except RuntimeError as error:
        raise ModelError(f"{option} = '{asked}': choose auto, cuda, cuda:N or cpu") from error
    if device.type != "cpu" and not _here(device.type, device.index or 0):
        raise ModelError(
            f"{option} = '{asked}': torch {torch.__version__} sees no such device; {instead}"
        )
    return device


def _here(kind: str, index: int = 0) -> bool:
    backend = getattr(torch, kind, None)
    count = getattr(backend, "device_count", lambda: 0)
    return backend is not None and bool(backend.is_available()) and index < int(count())


_tenants: dict[str, Callable[[], None]] = {}  # who has weights on the card, the longest first


def make_room(
    place: torch.device, gigabytes: float, tenant: str, leave: Callable[[], None]
) -> None:
    """Have others leave the card until so much of it is free; `leave` is how this one would.

    The stages take turns: what a caption was written by need not stay while scenes are painted,
    but does where there is room, for the next campaign.
    """
    for other in [name for name in _tenants if name != tenant]:
        if place.type != "cuda" or _free(place) >= gigabytes * 1e9:
            break
        _tenants.pop(other)()
        gc.collect()
        torch.cuda.empty_cache()
    _tenants.pop(tenant, None)
    _tenants[tenant] = leave


def gigabytes(folder: Path) -> float:
    """What the weights in a folder take, going by their files; one file is its own size."""
    files = folder.glob("*.safetensors") if folder.is_dir() else [folder]
    return sum(file.stat().st_size for file in files) / 1e9


def _free(place: torch.device) -> float:
    free = float(torch.cuda.mem_get_info(place)[0])
    return free + float(torch.cuda.memory_reserved(place) - torch.cuda.memory_allocated(place))
