"""From latents to bytes on the host, with as little work there as can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch.nn import functional

from aigc.campaign import Size


def fits(pipe: Any) -> bool:
    """Tell whether `decode` can read this pipeline's latents; else it must decode by itself."""
    return type(pipe.vae).__name__ in ("AutoencoderKL", "AutoencoderTiny")


def decode(pipe: Any, latents: torch.Tensor, size: Size, at_once: int = 0) -> torch.Tensor:
    """Turn latents into pictures on their device: (N, H, W, 3) uint8.

    `at_once` is how many are decoded together (0: all), as the decoder takes 2 GB for a picture of
    1024 px; the last lot is padded, so that every one has the same shape. At four steps the
    decoder is 28 % of SDXL's arithmetic and, in float32, was over half of its published time.
    Not-a-number comes out black.
    """
    vae = pipe.vae
    if latents.ndim == 3:  # FLUX packs 2×2 latents into a token
        latents = pipe._unpack_latents(latents, size[1], size[0], pipe.vae_scale_factor)
    latents = _unscaled(vae, latents.float()).to(vae.dtype)
    lot = at_once or len(latents)
    missing = -len(latents) % lot
    padded = functional.pad(latents, (0, 0) * 3 + (0, missing))
    with torch.no_grad():
        lots = [to_bytes(vae.decode(each, return_dict=False)[0]) for each in padded.split(lot)]
    return torch.cat(lots)[: len(latents)]


def to_bytes(pictures: torch.Tensor) -> torch.Tensor:
    """Turn (N, 3, H, W) in -1..1 into (N, H, W, 3) uint8."""
    wide = pictures.float().nan_to_num(-1.0, 1.0, -1.0).mul(127.5).add(127.5)
    return wide.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def fetch(tensor: torch.Tensor) -> Callable[[], NDArray[Any]]:
    """Start copying to the host; the function given waits for it and gives the array.

    Ask after the next batch is under way: the card then computes while the host copies, judges
    and writes. Diffusers' way (float32 on the host, one PIL image after another) takes 30 ms a
    picture of 512 px, which alone keeps SD-Turbo from a tenth of what a card can do.
    """
    if tensor.device.type != "cuda":
        array: NDArray[Any] = tensor.cpu().numpy()
        return lambda: array
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    host.copy_(tensor, non_blocking=True)
    done = torch.cuda.Event()
    done.record()

    def wait() -> NDArray[Any]:
        done.synchronize()
        copied: NDArray[Any] = host.numpy()
        return copied

    return wait


def _unscaled(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    scale, shift = vae.config.scaling_factor, getattr(vae.config, "shift_factor", None) or 0.0
    mean = getattr(vae.config, "latents_mean", None)
    std = getattr(vae.config, "latents_std", None)
    if mean is not None and std is not None:
        mean, std = (latents.new_tensor(each).view(1, -1, 1, 1) for each in (mean, std))
        return latents * std / scale + mean
    return latents / scale + shift
