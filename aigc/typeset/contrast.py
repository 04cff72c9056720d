"""WCAG contrast of text against the pixels that are really behind it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

ENOUGH = 4.5  # WCAG 2 level AA for text
LEAST_SHARE = 2  # per cent of the pixels behind a text that may fall below: specks, grain

_value = np.arange(256) / 255
_LINEAR = np.where(_value <= 0.04045, _value / 12.92, ((_value + 0.055) / 1.055) ** 2.4)
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def rgb(colour: str) -> tuple[int, int, int]:
    """Read #rrggbb."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def luminance(pixels: Pixels) -> NDArray[np.float64]:
    """Relative luminance of sRGB pixels (..., 3), 0 to 1."""
    return np.asarray(_LINEAR[pixels] @ _WEIGHTS)


def least(colour: str, behind: Pixels) -> float:
    """The contrast that all but 2 % of the pixels behind a text reach, 1 to 21."""
    ink = float(luminance(np.array(rgb(colour), np.uint8)))
    ground = luminance(behind.reshape(-1, 3))
    ratios = (np.maximum(ground, ink) + 0.05) / (np.minimum(ground, ink) + 0.05)
    return float(np.percentile(ratios, LEAST_SHARE, method="lower"))
