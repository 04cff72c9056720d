"""Soft edges: how much of each outline pixel is product, and the product's own colour there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

Floats = NDArray[np.float32]

BAND = 0.0022  # of the longest side: half the width of the outline whose alpha is worked out
DOUBT = 2.0  # squared contrast over variance at which unmixing begins to be trusted
CONTRAST = 20.0  # 8-bit levels between the two sides at which an outline is fully trusted


def soften(pixels: Pixels, inside: NDArray[np.bool_]) -> tuple[Pixels, float]:
    """Turn a mask of any size into an alpha at the photo's size, and score the outline's contrast.

    Within a narrow band each pixel is unmixed between the mean colours of the product and of the
    backdrop beside it. A guided filter (He et al. 2010) joins that to the mask where the two
    sides look alike, or the backdrop varies so much that it has no one colour to unmix. Gives
    alpha (H, W) and the contrast in 0..1.
    """
    height, width = pixels.shape[:2]
    step = max(height, width) / max(inside.shape)  # px of the photo a pixel of the mask
    radius = max(2, round(BAND * max(height, width)), round(1.5 * step))
    part = _around(inside, (height, width), 6 * radius + 8)
    smooth = cv2.resize(inside.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    mask = (smooth > 0.5).astype(np.uint8)
    alpha = mask * np.uint8(255)
    smooth, mask = smooth[part], mask[part]
    # Deeper on the inside: a backdrop's flood stops where an edge begins, not at its middle.
    core = cv2.erode(mask, _disc(radius + 2))
    rest = 1 - cv2.dilate(mask, _disc(radius))
    band = (core == 0) & (rest == 0)
    picture = pixels[part].astype(np.float32)
    front, front_spread = _beside(picture, core, band, radius)
    back, back_spread = _beside(picture, rest, band, radius)
    mixed = picture[band]
    axis = front - back
    length = (axis * axis).sum(1)
    share = ((mixed - back) * axis).sum(1) / np.maximum(length, 1e-3)
    unmixed = np.clip((share - 0.06) / 0.86, 0, 1)  # noise on either side is no mixture
    known = (front_spread >= 0) & (back_spread >= 0)
    steady = np.clip(length / np.maximum(DOUBT * back_spread, 1e-3) - 1, 0, 1)
    trust = np.clip(length / (2 * CONTRAST) ** 2, 0, 1) * steady
    trust = np.where(known, trust, 0)
    grey = cv2.cvtColor(pixels[part], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    guided = cv2.ximgproc.guidedFilter(grey, smooth, radius, 1e-4)[band]
    edge = np.clip(trust * unmixed + (1 - trust) * guided, 0, 1)
    alpha[part][band] = (edge * 255).round().astype(np.uint8)
    away = np.sqrt(length[known])
    contrast = float(np.clip(away / CONTRAST, 0, 1).mean()) if away.size else 0.0
    return alpha, contrast


def _around(inside: NDArray[np.bool_], size: tuple[int, int], margin: int) -> tuple[slice, slice]:
    """Give the part of a picture of `size` that holds the mask and a margin."""
    slices = []
    for axis, length in enumerate(size):
        at = np.flatnonzero(inside.any(1 - axis))
        scale = length / inside.shape[axis]
        low, high = (int(at[0] * scale), int((at[-1] + 1) * scale)) if len(at) else (0, length)
        slices.append(slice(max(0, low - margin), min(length, high + margin)))
    return slices[0], slices[1]


def _disc(radius: int) -> Pixels:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _beside(
    picture: Floats, where: Pixels, band: NDArray[np.bool_], radius: int
) -> tuple[Floats, Floats]:
    """Mean colour (N, 3) of the pixels of `where` near each pixel of the band, and its variance.

    The variance is -1 where there are none. Worked out at a fraction of the size: means are
    smooth.
    """
    height, width = where.shape
    scale = min(1.0, 2 / radius)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    weight = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    near = cv2.resize(picture * where[..., None], size, interpolation=cv2.INTER_AREA)
    squares = cv2.resize(np.square(picture).sum(2) * where, size, interpolation=cv2.INTER_AREA)
    side = round((4 * radius + 5) * scale) | 1
    sums = cv2.blur(np.dstack([near, squares, weight]), (side, side))
    full = cv2.resize(sums, (width, height), interpolation=cv2.INTER_LINEAR)[band]
    total = np.maximum(full[:, 4], 1e-6)
    mean = full[:, :3] / total[:, None]
    spread = np.maximum(full[:, 3] / total - np.square(mean).sum(1), 0)
    return mean, np.asarray(np.where(full[:, 4] > 1e-3, spread, -1), np.float32)


def decontaminate(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Free the colours of half-transparent pixels of the background that shows through them.

    Blur fusion (Forte 2021) with a narrow and a wide window at once; pixels that are opaque or
    clear stay the photo's own.
    """
    mixed = (alpha > 0) & (alpha < 255)
    if not mixed.any():
        return pixels
    wide = max(9, round(max(alpha.shape) * 0.02))
    part = _around(mixed, alpha.shape, wide)
    at = mixed[part]
    picture = pixels[part].astype(np.float32)
    share = alpha[part].astype(np.float32) / np.float32(255)
    # High powers: colours are taken from pixels that are nearly all one side.
    front = _fused(picture, share**8, at, wide)
    back = _fused(picture, (1 - share) ** 8, at, wide)
    of_front = share[at][:, None]
    residue = picture[at] - of_front * front - (1 - of_front) * back
    clean = pixels.copy()
    clean[part][at] = np.clip(front + of_front * residue, 0, 255).round().astype(np.uint8)
    return clean


def _fused(picture: Floats, weight: Floats, at: NDArray[np.bool_], wide: int) -> Floats:
    """Weighted mean colour (N, 3) around each pixel of `at`; far pixels count where no near do."""
    narrow = max(5, wide // 4)
    scale = min(1.0, 5 / narrow)
    height, width = weight.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    premultiplied = np.dstack([picture * weight[..., None], weight])
    small = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
    near, far = (
        cv2.blur(small, (side, side))
        for side in (round(narrow * scale) | 1, round(wide * scale) | 1)
    )
    sums = cv2.resize(near + np.float32(0.05) * far, (width, height))[at]
    return np.asarray(sums[:, :3] / (sums[:, 3:] + np.float32(1e-6)), np.float32)
