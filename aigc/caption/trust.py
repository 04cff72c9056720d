"""How far to trust a cut-out, told from the cut-out and its photo alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels
from aigc.caption import backdrop

Bools = NDArray[np.bool_]

SIDE = 240  # px
RING = 0.12  # of the longest side: how far around the product its surroundings reach
WEAK = 4.0  # ΔE a pixel: an outline on a fainter edge may lie anywhere
ORIGIN = np.array([0, -128, -128], np.float32)
BINS = np.array(
    [12.5, 10, 10], np.float32
)  # L*, a*, b*: colours nearer than this count as the same
MOST_SHARED = 0.2  # of the colours may occur on both sides at no loss


def certainty(share: NDArray[np.float32]) -> float:
    """Expected IoU of a mask cut at one half, were every share the chance of its place."""
    inside = share > 0.5
    certain = float(share[inside].sum())
    possible = float(inside.sum() + share[~inside].sum())
    return certain / possible if possible else 0.0


def agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """IoU of two masks of any sizes, cut at one half."""
    height, width = other.shape
    first = cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) > 0.5
    second = other > 0.5
    either = float((first | second).sum())
    return float((first & second).sum()) / either if either else 0.0


def expected_iou(score: float) -> float:
    """Turn a GrabCut's score into the IoU it had, on average, on photographs with known mattes."""
    return 0.78 + 0.17 * score


def score(pixels: Pixels, inside: Bools) -> float:
    """Score a mask of any size in 0..1; no truth is needed, and none is implied.

    It falls where the product and its surroundings share colours (Bhattacharyya coefficient),
    where the outline follows no edge, where the product touches several borders, and with each
    piece that lies apart.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    way = cv2.INTER_AREA if size[0] < inside.shape[1] else cv2.INTER_LINEAR
    mask = np.asarray(cv2.resize(inside.astype(np.float32), size, interpolation=way) > 0.5)
    gap = max(2, round(0.015 * max(size)))
    ring = backdrop.grown(mask, round(RING * max(size))) & ~backdrop.grown(mask, gap)
    core = backdrop.shrunk(mask, 1)
    if not ring.any() or not core.any():
        return 0.5
    shared = _shared(lab, core, ring)
    faint = _faint(lab, mask & ~core)
    sides = sum(float(side.mean()) > 0.05 for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    colours = float(np.clip(1 - 1.5 * (shared - MOST_SHARED), 0, 1))
    return colours * (1 - 0.5 * faint) * 0.85 ** max(0, sides - 1) * _one_piece(inside)


def _shared(lab: NDArray[np.float32], first: Bools, second: Bools) -> float:
    """Bhattacharyya coefficient of two regions' colours: 0 for none in common, 1 for all."""
    steps = np.floor((lab - ORIGIN) / BINS).astype(np.int64)
    index = (steps[..., 0] * 32 + steps[..., 1]) * 32 + steps[..., 2]
    one, other = (np.bincount(index[where], minlength=16384) for where in (first, second))
    return float(np.sqrt(one / one.sum() * (other / other.sum())).sum())


def _faint(lab: NDArray[np.float32], line: Bools) -> float:
    """Share of an outline that lies near no edge; the picture's own border does not count."""
    slopes = [
        cv2.magnitude(cv2.Sobel(channel, cv2.CV_32F, 1, 0), cv2.Sobel(channel, cv2.CV_32F, 0, 1))
        for channel in cv2.split(lab)
    ]
    steepest = cv2.dilate(np.max(slopes, axis=0) / 8, np.ones((3, 3), np.uint8))
    inner = line.copy()
    inner[[0, -1]] = inner[:, [0, -1]] = False
    return float((steepest[inner] < WEAK).mean()) if inner.any() else 0.0


def _one_piece(inside: Bools) -> float:
    """Score connectedness: 1 for a single piece, 0.5 for crumbs."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(0.5 + 0.5 * areas.max() / areas.sum())
