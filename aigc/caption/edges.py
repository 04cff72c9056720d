"""Soft edges: how much of each outline pixel is product, and the product's own colour there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

Floats = NDArray[np.float32]

BAND = 0.0022  # of the longest side: half the width of the outline whose alpha is worked out
CONTRAST = 20.0  # 8-bit levels between the two sides at which an outline is fully trusted


def soften(pixels: Pixels, inside: NDArray[np.bool_]) -> tuple[Pixels, float]:
    """Turn a mask of any size into an alpha at the photo's size, and score the outline's contrast.

    Within a narrow band each pixel is unmixed between the mean colours of the product and of the
    backdrop beside it; a guided filter (He et al. 2010) joins that to the mask where the two
    sides look alike. Gives alpha (H, W) and the contrast in 0..1.
    """
    height, width = pixels.shape[:2]
    smooth = cv2.resize(inside.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    step = max(height, width) / max(inside.shape)  # px of the photo a pixel of the mask
    radius = max(2, round(BAND * max(height, width)), round(1.5 * step))
    mask = (smooth > 0.5).astype(np.uint8)
    # Deeper on the inside: a backdrop's flood stops where an edge begins, not at its middle.
    core = cv2.erode(mask, _disc(radius + 2))
    rest = 1 - cv2.dilate(mask, _disc(radius))
    band = (core == 0) & (rest == 0)
    picture = pixels.astype(np.float32)
    reach = 4 * radius + 5
    front, near_front = _mean_beside(picture, core, reach)
    back, near_back = _mean_beside(picture, rest, reach)
    axis = front - back
    length = (axis * axis).sum(2)
    unmixed = np.clip(((picture - back) * axis).sum(2) / np.maximum(length, 1e-3), 0, 1)
    unmixed = np.clip((unmixed - 0.06) / 0.86, 0, 1)  # noise on either side is no mixture
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    guided = cv2.ximgproc.guidedFilter(grey, smooth, radius, 1e-4)
    known = near_front & near_back
    trust = np.where(known, np.clip(length / (2 * CONTRAST) ** 2, 0, 1), 0)
    alpha = np.where(band, trust * unmixed + (1 - trust) * guided, core)
    away = np.sqrt(length[band & known])
    contrast = float(np.clip(away / CONTRAST, 0, 1).mean()) if away.size else 0.0
    return (np.clip(alpha, 0, 1) * 255).round().astype(np.uint8), contrast


def _disc(radius: int) -> Pixels:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _mean_beside(picture: Floats, where: Pixels, reach: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean colour of the pixels of `where` within `reach`, and whether there are any."""
    weight = where.astype(np.float32)
    total = cv2.blur(weight, (reach, reach))
    mean = cv2.blur(picture * weight[..., None], (reach, reach))
    return mean / np.maximum(total, 1e-6)[..., None], total > 1e-4


def decontaminate(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Free the colours of half-transparent pixels of the background that shows through them.

    Blur fusion (Forte 2021), two passes; pixels that are opaque or clear stay the photo's own.
    """
    mixed = (alpha > 0) & (alpha < 255)
    if not mixed.any():
        return pixels
    rows, columns = np.flatnonzero(mixed.any(1)), np.flatnonzero(mixed.any(0))
    wide = max(9, round(max(alpha.shape) * 0.02)) | 1
    top, left = max(0, rows[0] - wide), max(0, columns[0] - wide)
    part = np.s_[top : rows[-1] + wide + 1, left : columns[-1] + wide + 1]
    picture = pixels[part].astype(np.float32)
    share = alpha[part].astype(np.float32)[..., None] / np.float32(255)
    front, back = picture, picture
    for reach in (wide, max(5, wide // 4) | 1):
        front, back = _fuse(picture, front, back, share, reach)
    clean = pixels.copy()
    clean[part][mixed[part]] = np.clip(front, 0, 255).round().astype(np.uint8)[mixed[part]]
    return clean


def _fuse(
    picture: Floats, front: Floats, back: Floats, share: Floats, reach: int
) -> tuple[Floats, Floats]:
    size = (reach, reach)
    # Squared shares: colours are taken from pixels that are nearly all one side.
    of_front, of_back = share**2, (1 - share) ** 2
    near_front = cv2.blur(front * of_front, size) / (
        cv2.blur(of_front, size)[..., None] + np.float32(1e-5)
    )
    near_back = cv2.blur(back * of_back, size) / (
        cv2.blur(of_back, size)[..., None] + np.float32(1e-5)
    )
    residue = picture - share * near_front - (1 - share) * near_back
    return np.clip(near_front + share * residue, 0, 255), near_back
