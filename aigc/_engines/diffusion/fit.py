"""Between a job's own size and the sizes that a model was trained for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aigc.campaign import Pixels, Size

_LANCZOS = Image.Resampling.LANCZOS


class Fit(NamedTuple):
    """A picture lies whole and unstretched in `box` (px) of a canvas of a trained size."""

    size: Size  # of the canvas
    box: tuple[int, int, int, int]


def fit(size: Size, sizes: Sequence[Size]) -> Fit:
    """Choose the canvas whose aspect is nearest, and put the picture in its middle.

    The rim around it is painted too and cut off again: nothing is stretched, and what a model
    paints worst, a canvas of a shape it never saw, is not asked for.
    """
    aspect = math.log(size[0] / size[1])
    canvas = min(sizes, key=lambda each: abs(math.log(each[0] / each[1]) - aspect))
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    width, height = (
        min(room, max(1, round(scale * side))) for side, room in zip(size, canvas, strict=True)
    )
    left, top = (canvas[0] - width) // 2, (canvas[1] - height) // 2
    return Fit(canvas, (left, top, left + width, top + height))


def onto(pixels: Pixels, to: Fit) -> Pixels:
    """Bring a job's picture (H, W, 3) onto the canvas; its edges are continued over the rim."""
    small = np.asarray(Image.fromarray(pixels).resize(_inner(to), _LANCZOS))
    return np.pad(small, (*_rim(to), (0, 0)), mode="edge")


def mask_onto(mask: NDArray[np.float32], to: Fit) -> Pixels:
    """Bring a job's mask (H, W) in 0..1 onto the canvas, (H, W) uint8; the rim is painted."""
    levels = np.rint(255 * np.clip(mask, 0, 1)).astype(np.uint8)
    small = np.asarray(Image.fromarray(levels).resize(_inner(to), Image.Resampling.BILINEAR))
    return np.pad(small, _rim(to), constant_values=255)


def back(pixels: Pixels, fitted: Fit, size: Size) -> Pixels:
    """Cut the job's picture out of a painted canvas, at the job's own size."""
    return np.asarray(Image.fromarray(pixels).resize(size, _LANCZOS, box=fitted.box))


def _inner(to: Fit) -> Size:
    left, top, right, bottom = to.box
    return right - left, bottom - top


def _rim(to: Fit) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top, right, bottom = to.box
    return (top, to.size[1] - bottom), (left, to.size[0] - right)
