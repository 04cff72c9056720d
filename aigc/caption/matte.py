"""Cuts the product out of its photo: a matte, clean edge colours, and how far to trust them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from aigc.campaign import Box, Photo, Pixels
from aigc.caption import backdrop, edges, trust
from aigc.caption.grabcut import grabcut
from aigc.caption.mask import LARGEST, SMALLEST, Background, Mask
from aigc.caption.net import net
from aigc.errors import BriefError


class Matte(NamedTuple):
    """A cut-out at the photo's own size."""

    alpha: Pixels  # (H, W)
    foreground: Pixels  # (H, W, 3): the photo, edge pixels freed of the old background
    box: Box
    confidence: float
    background: Background


def cut_out(photo: Photo, *, method: str = "net") -> Matte:
    """Separate the product from its background.

    A photo that has its own alpha keeps it. Where no subject can be told, the whole photo is
    kept, at a confidence of 0.1 or less. `method` is `net`, `grabcut`, `rembg` or `rembg:MODEL`,
    or a reference to a model that transformers loads. Raises BriefError for any other.
    """
    find = _method(method)
    if photo.alpha is not None:
        return _matte(photo.pixels, photo.alpha, 1.0, "transparent")
    mask = find(photo.pixels)
    covered = float((mask.share > 0.5).mean())
    if SMALLEST <= covered <= LARGEST:
        alpha = edges.soften(photo.pixels, mask.share)
        return _matte(photo.pixels, alpha, mask.trust, mask.background)
    whole = np.full(photo.pixels.shape[:2], 255, np.uint8)
    return Matte(whole, photo.pixels, (0.0, 0.0, 1.0, 1.0), 0.1, mask.background)


def _method(name: str) -> Callable[[Pixels], Mask]:
    kind, _, model = name.partition(":")
    if name in METHODS:
        return METHODS[name]
    if kind == "rembg":
        return partial(rembg, model=model or "u2net")
    if kind in ("hf", "file", "pypi") or "/" in name:
        return partial(transformers, ref=name)
    raise BriefError(
        f"caption.matte = '{name}': choose {', '.join(METHODS)}, rembg:MODEL, or a model "
        "for transformers as hf:OWNER/NAME or a folder's path"
    )


def _matte(pixels: Pixels, alpha: Pixels, confidence: float, background: Background) -> Matte:
    found = box(alpha)
    if found is None:  # an alpha channel that hides everything
        return Matte(alpha, pixels, (0.0, 0.0, 1.0, 1.0), 0.0, background)
    foreground = edges.decontaminate(pixels, alpha)
    return Matte(alpha, foreground, found, min(1.0, confidence), background)


def box(alpha: Pixels) -> Box | None:
    """Where a matte (H, W) shows anything; None where nowhere."""
    height, width = alpha.shape
    rows = np.flatnonzero((alpha >= 16).any(1))
    columns = np.flatnonzero((alpha >= 16).any(0))
    if not len(rows):
        return None
    return (
        float(columns[0] / width),
        float(rows[0] / height),
        float((columns[-1] + 1) / width),
        float((rows[-1] + 1) / height),
    )


def rembg(pixels: Pixels, *, model: str) -> Mask:
    """Cut by a model of the rembg package."""
    from aigc._engines import segmenters

    share = segmenters.rembg(pixels, model)
    return Mask(share, trust.certainty(share), backdrop.measure(pixels).kind)


def transformers(pixels: Pixels, *, ref: str) -> Mask:
    """Cut by a segmentation or matting model that transformers loads."""
    from aigc._engines import segmenters

    share = segmenters.transformers(pixels, ref)
    return Mask(share, trust.certainty(share), backdrop.measure(pixels).kind)


METHODS: dict[str, Callable[[Pixels], Mask]] = {"net": net, "grabcut": grabcut}
