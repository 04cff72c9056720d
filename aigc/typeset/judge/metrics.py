"""Layout metrics of PosterLayout (Hsu et al., CVPR 2023), as docs/judge.md defines them.

Boxes are fractions (left, top, right, bottom); maps are (h, w) float32 in 0..1 on the judge's
canvas. A metric is None where a poster has nothing that it could measure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Box, Pixels, Size, pixel_box

AREA = 513 * 750  # px of the paper's canvas; ours has as many at the poster's own aspect
LEAST_AREA = 0.001  # of the canvas: what is smaller is no element
_ROUNDING = 1e-4  # of a side: boxes that were rounded to pixels still contain each other

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)


def canvas_size(size: Size) -> Size:
    """The judge's canvas for a poster of `size`: as large as the paper's, never enlarged."""
    scale = min(1.0, math.sqrt(AREA / (size[0] * size[1])))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def validity(boxes: Sequence[Box]) -> float | None:
    """Share of elements that cover more than 0.1 % of the canvas."""
    return sum(is_valid(box) for box in boxes) / len(boxes) if boxes else None


def is_valid(box: Box) -> bool:
    """Whether what shows of a box is large enough to be an element."""
    return _area(_clipped(box)) > LEAST_AREA


def overlay(boxes: Sequence[Box]) -> float:
    """Sum of the pairs' intersection over union, by element; underlays are not given."""
    return sum(iou(one, other) for one, other in combinations(boxes, 2)) / max(1, len(boxes))


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    common = shared(one, other)
    return common / (_area(one) + _area(other) - common) if common else 0.0


def alignment(boxes: Sequence[Box]) -> float:
    """Sum over elements of the distance to the neighbour that is best aligned with it.

    The distance is −log10(1 − Δ), Δ the least over six axes and all other elements. (The paper's
    code takes the least over all pairs for each element: one aligned pair makes it 0.)
    """
    if len(boxes) < 2:
        return 0.0
    edges = np.array(boxes)  # (n, 4)
    axes = np.concatenate([edges, (edges[:, :2] + edges[:, 2:]) / 2], axis=1)  # (n, 6)
    apart = np.abs(axes[:, None] - axes[None]).min(axis=2)  # (n, n)
    np.fill_diagonal(apart, np.inf)
    nearest = np.clip(apart.min(axis=1), 0.0, 1 - 1e-6)
    return float(np.maximum(-np.log10(1 - nearest), 0.0).sum())


def underlay_loose(underlays: Sequence[Box], elements: Sequence[Box]) -> float | None:
    """Mean over underlays of the largest share of an element that lies on it."""
    if not underlays:
        return None
    best = [max((_on(each, under) for each in elements), default=0.0) for under in underlays]
    return sum(best) / len(best)


def underlay_strict(underlays: Sequence[Box], elements: Sequence[Box]) -> float | None:
    """Share of underlays that contain some element whole. (The paper's code never compares
    the right edges.)
    """
    if not underlays:
        return None
    full = [any(contains(under, each) for each in elements) for under in underlays]
    return sum(full) / len(full)


def contains(outer: Box, inner: Box) -> bool:
    """Whether a box lies within another, but for rounding."""
    return (
        outer[0] <= inner[0] + _ROUNDING
        and outer[1] <= inner[1] + _ROUNDING
        and outer[2] >= inner[2] - _ROUNDING
        and outer[3] >= inner[3] - _ROUNDING
    )


def utility(boxes: Iterable[Box], saliency: Map) -> float | None:
    """Share of the non-salient area that elements use."""
    free = 1 - saliency
    total = float(free.sum())
    return float(free[covered(boxes, saliency.shape)].sum()) / total if total > 0 else None


def occlusion(boxes: Iterable[Box], saliency: Map) -> float | None:
    """Mean saliency under the elements."""
    under = saliency[covered(boxes, saliency.shape)]
    return float(under.mean()) if under.size else None


def readability(texts: Iterable[Box], slope: Map) -> float | None:
    """Mean gradient of the ground under texts; it is NaN where an underlay hides the ground."""
    values = slope[covered(texts, slope.shape)]
    return mean(values) if values.size else None


def mean(values: Map) -> float:
    """The mean of those that are numbers; 0 where none is."""
    numbers = values[~np.isnan(values)]
    return float(numbers.mean()) if numbers.size else 0.0


def gradient(picture: Pixels) -> Map:
    """How steep the lightness of (h, w, 3) is: 1 at a straight edge between black and white.

    Sobel in floats. On uint8, as in the paper's code, every slope from light to dark is clipped
    to 0 and squares wrap at 256. No division by the picture's own greatest slope either: it makes
    the grain of a plain wall as bad as an edge.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / (4 * 255))
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / (4 * 255))
    return np.asarray(cv2.magnitude(across, down))


def covered(boxes: Iterable[Box], shape: tuple[int, ...]) -> Mask:
    """Where boxes lie on a canvas of this (height, width)."""
    mask = np.zeros(shape[:2], bool)
    for box in boxes:
        under(box, mask)[...] = True
    return mask


def under(box: Box, values: NDArray[T]) -> NDArray[T]:
    """The part of a map that lies under a box; one pixel at least."""
    height, width = values.shape[:2]
    left, top, right, bottom = pixel_box(_clipped(box), (width, height))
    return values[min(top, height - 1) : bottom, min(left, width - 1) : right]


def shared(one: Box, other: Box) -> float:
    """The area that two boxes have in common."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _on(element: Box, under: Box) -> float:
    return shared(element, under) / max(_area(element), 1e-12)


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _clipped(box: Box) -> Box:
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in box)
    return left, top, right, bottom
