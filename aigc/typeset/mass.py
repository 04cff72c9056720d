"""Where a cut-out's mass is, and which of its edges the photo cut off: layouts place it by that."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from aigc.campaign import Caption, Pixels

_AT_EDGE = 0.006  # of the photo: a subject so near to its edge may have been cut off by it
_LOWER = 0.015  # the same at the foot, where a shadow often hides the last pixels
_ALONG = 0.15  # of the subject's own edge that is opaque where it was
_SIDED = 0.03  # of the width: mass so far from the middle of its box is on one side


class Mass(NamedTuple):
    """How a cut-out fills its box."""

    fill: float  # opaque share of the box
    centre: float  # of all that is opaque, from the left

    @property
    def side(self) -> Literal["left", "right", ""]:
        """The heavy side; empty where it is balanced."""
        if abs(self.centre - 0.5) < _SIDED:
            return ""
        return "left" if self.centre < 0.5 else "right"


class Cut(NamedTuple):
    """The edges of the photo that run through the product."""

    left: bool
    top: bool
    right: bool
    bottom: bool


def mass(cutout: Pixels) -> Mass:
    """Measure a cut-out (h, w, 4), on about a hundred pixels a side."""
    step = max(1, min(cutout.shape[:2]) // 100)
    alpha = cutout[::step, ::step, 3].astype(np.float32) / 255
    columns = alpha.sum(0)
    total = float(columns.sum())
    if total == 0:
        return Mass(0.0, 0.5)
    at = (np.arange(columns.size) + 0.5) / columns.size
    return Mass(total / alpha.size, float(columns @ at) / total)


def cut(caption: Caption) -> Cut:
    """Which edges of the photo cut the product off; none of one that came with its own alpha.

    A product that both sides cut off can touch one only, so it touches neither.
    """
    if caption.background == "transparent" or caption.whole:
        return Cut(False, False, False, False)
    left, top, right, bottom = caption.subject
    alpha = caption.cutout[..., 3]
    deep, high = max(1, alpha.shape[1] // 100), max(1, alpha.shape[0] // 100)
    at_left = left <= _AT_EDGE and _along(alpha[:, :deep].max(1)) >= _ALONG
    at_right = right >= 1 - _AT_EDGE and _along(alpha[:, -deep:].max(1)) >= _ALONG
    at_top = top <= _AT_EDGE and _along(alpha[:high].max(0)) >= _ALONG
    at_bottom = bottom >= 1 - _LOWER
    edges = (at_left and not at_right, at_top, at_right and not at_left, at_bottom)
    return Cut(*map(bool, edges))  # NumPy's own are no JSON


def _along(edge: Pixels) -> float:
    """The share of an edge of a cut-out, (n,) of alpha, that is opaque."""
    return float((edge > 127).mean())
