"""Where a model runs: on the graphics card, or on the processor where that is asked for."""

from __future__ import annotations

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
