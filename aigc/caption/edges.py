"""Soft edges: how much of each outline pixel is product, and the product's own colour there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

Floats = NDArray[np.float32]

BAND = 0.003  # of the longest side: half the width of the outline whose alpha is worked out
PURE = 16  # power of a pixel's share: how much colours are taken from pixels of one side
DOUBT = 2.0  # squared contrast over variance at which unmixing begins to be trusted
EDGE = 1e-4  # variance of grey in 0..1 from which the guided filter sees an edge
ROW = 1024  # a list laid out for OpenCV
CONTRAST = 20.0  # 8-bit levels between the two sides at which an outline is fully trusted


def soften(pixels: Pixels, share: Floats) -> Pixels:
    """Turn a mask of any size, (h, w) in 0..1, into an alpha (H, W) at the photo's size.

    Within a narrow band along the outline each pixel is unmixed between the mean colours of the
    product and of the backdrop beside it. A guided filter joins that to the mask where the two
    sides look alike, or the backdrop varies so much that it has no one colour to unmix. Outside
    the band a pixel is product or it is not.
    """
    height, width = pixels.shape[:2]
    step = max(height, width) / max(share.shape)  # px of the photo a pixel of the mask
    radius = max(2, round(BAND * max(height, width)), round(1.5 * step))
    part = _around(share > 0.5, (height, width), 6 * radius + 8)
    smooth = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    mask = (smooth > 0.5).astype(np.uint8)
    alpha = np.asarray(mask * np.uint8(255), np.uint8)
    smooth, mask = smooth[part], mask[part]
    # Deeper on the inside: a backdrop's flood stops where an edge begins, not at its middle.
    core = cv2.erode(mask, _disc(radius + 2))
    rest = 1 - cv2.dilate(mask, _disc(radius))
    band = (core == 0) & (rest == 0)
    if not band.any():  # what was there is lost between the pixels of a tiny photo
        return alpha
    picture = pixels[part]
    front, front_spread = _beside(picture, core, band, radius)
    back, back_spread = _beside(picture, rest, band, radius)
    mixed = picture[band].astype(np.float32)
    axis = front - back
    length = (axis * axis).sum(1)
    along = ((mixed - back) * axis).sum(1) / np.maximum(length, 1e-3)
    unmixed = np.clip((along - 0.06) / 0.86, 0, 1)  # noise on either side is no mixture
    known = (front_spread >= 0) & (back_spread >= 0)
    steady = np.clip(length / np.maximum(DOUBT * back_spread, 1e-3) - 1, 0, 1)
    trust = np.clip(length / (2 * CONTRAST) ** 2, 0, 1) * steady
    trust = np.where(known, trust, 0)
    guided = _guided(picture, smooth, band, radius)
    edge = np.clip(trust * unmixed + (1 - trust) * guided, 0, 1)
    alpha[part][band] = (edge * 255).round().astype(np.uint8)
    return alpha


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
    picture: Pixels, where: Pixels, band: NDArray[np.bool_], radius: int
) -> tuple[Floats, Floats]:
    """Mean colour (N, 3) of the pixels of `where` near each pixel of the band, and its variance.

    The variance is -1 where there are none. Worked out from every few pixels: means are smooth.
    """
    step = max(1, radius // 2)
    weight = where[::step, ::step, None].astype(np.float32)
    colours = picture[::step, ::step].astype(np.float32) * weight
    squares = np.einsum("ijk,ijk->ij", colours, colours)
    side = round((4 * radius + 5) / step) | 1
    sums = _at(cv2.blur(np.dstack([colours, squares, weight]), (side, side)), band, step)
    total = np.maximum(sums[:, 4], 1e-6)
    mean = sums[:, :3] / total[:, None]
    spread = np.maximum(sums[:, 3] / total - np.einsum("ij,ij->i", mean, mean), 0)
    spread = np.where(sums[:, 4] > 1e-3, spread, -1)
    return np.asarray(mean, np.float32), np.asarray(spread, np.float32)


def _guided(picture: Pixels, share: Floats, band: NDArray[np.bool_], radius: int) -> Floats:
    """Share (N,) at a band's pixels, following the picture's edges: fast guided filter.

    He & Sun 2015: share = a · grey + b, with a and b from every few pixels.
    """
    step = max(1, radius // 4)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    guide, given = grey[::step, ::step].astype(np.float32) / 255, share[::step, ::step]
    window = (2 * (radius // step) + 1,) * 2
    mean = cv2.blur(np.dstack([guide, given, guide * guide, guide * given]), window)
    slope = mean[..., 3] - mean[..., 0] * mean[..., 1]
    slope /= mean[..., 2] - mean[..., 0] ** 2 + EDGE
    line = cv2.blur(np.dstack([slope, mean[..., 1] - slope * mean[..., 0]]), window)
    a, b = _at(line, band, step).T
    return np.asarray(a * (grey[band].astype(np.float32) / 255) + b, np.float32)


def _at(small: Floats, band: NDArray[np.bool_], step: int) -> Floats:
    """Look a smooth map (h, w, C) of every `step`-th pixel up at a band's pixels: (N, C)."""
    y, x = (axis.astype(np.float32) / step for axis in np.nonzero(band))
    rows = -len(x) % ROW  # remap takes pictures: lay the list out in rows
    x, y = (np.pad(axis, (0, rows)).reshape(-1, ROW) for axis in (x, y))
    found = cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.reshape(-1, small.shape[2])[: int(band.sum())], np.float32)


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
    near = np.linspace(0, 1, 256, dtype=np.float32) ** PURE
    front = _fused(pixels[part], near[alpha[part]], at, wide)
    back = _fused(pixels[part], near[255 - alpha[part]], at, wide)
    of_front = alpha[part][at][:, None].astype(np.float32) / 255
    residue = pixels[part][at] - of_front * front - (1 - of_front) * back
    clean = pixels.copy()
    clean[part][at] = np.clip(front + of_front * residue, 0, 255).round().astype(np.uint8)
    return clean


def _fused(picture: Pixels, weight: Floats, at: NDArray[np.bool_], wide: int) -> Floats:
    """Weighted mean colour (N, 3) around each pixel of `at`; far pixels count where no near do."""
    narrow = max(5, wide // 4)
    step = max(1, narrow // 5)
    taken = weight[::step, ::step, None]
    small = np.dstack([picture[::step, ::step] * taken, taken])
    near, far = (
        cv2.blur(small, (side, side)) for side in (round(narrow / step) | 1, round(wide / step) | 1)
    )
    sums = _at(near + np.float32(0.05) * far, at, step)
    return np.asarray(sums[:, :3] / (sums[:, 3:] + np.float32(1e-6)), np.float32)
