"""WCAG contrast of text against the pixels that are really behind it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

ENOUGH = 4.5  # WCAG 2 level AA for text
LEAST_SHARE = 0.02  # of the pixels behind a text may fall below: specks, grain
_LEVELS = 8192  # steps of luminance that are told apart

_value = np.arange(256) / 255
_LINEAR = np.where(_value <= 0.04045, _value / 12.92, ((_value + 0.055) / 1.055) ** 2.4)
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
_TABLE = _LINEAR.astype(np.float32)


class Ground(NamedTuple):
    """What is behind a text, as far as contrast goes: luminances, and how many pixels have each."""

    luminance: NDArray[np.float64]
    pixels: NDArray[np.int64]

    def least(self, colour: str) -> float:
        """The contrast with a colour that all but 2 % of the pixels reach, 1 to 21."""
        ink = float(luminance(np.array(rgb(colour), np.uint8)))
        brighter, darker = np.maximum(self.luminance, ink), np.minimum(self.luminance, ink)
        ratios = (brighter + 0.05) / (darker + 0.05)
        order = np.argsort(ratios)
        passed = np.cumsum(self.pixels[order]) > LEAST_SHARE * (self.pixels.sum() - 1)
        return float(ratios[order[np.argmax(passed)]])


def rgb(colour: str) -> tuple[int, int, int]:
    """Read #rrggbb."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def luminance(pixels: Pixels) -> NDArray[np.float64]:
    """Relative luminance of sRGB pixels (..., 3), 0 to 1."""
    return np.asarray(_LINEAR[pixels] @ _WEIGHTS)


def ground(behind: Pixels) -> Ground:
    """Measure what is behind a text, (h, w, 3)."""
    linear = cv2.LUT(np.ascontiguousarray(behind), _TABLE)
    level = cv2.transform(linear, _WEIGHTS[None] * (_LEVELS - 1))
    counts = np.bincount((level + 0.5).astype(np.int32).ravel(), minlength=_LEVELS)
    seen = np.flatnonzero(counts)
    return Ground(seen / (_LEVELS - 1), counts[seen])


def least(colour: str, behind: Pixels) -> float:
    """The contrast that all but 2 % of the pixels behind a text reach, 1 to 21."""
    return ground(behind).least(colour)
