"""Whether a painted picture can be used: not black, not flat, not full of letters."""

from __future__ import annotations

import re
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

BLACK, FLAT, LETTERS = "black", "nearly flat", "full of letters"
BEARABLE = (FLAT, LETTERS)  # better than nothing, where no try gave a better one

_DARK = 20  # levels: what a picture's brightest pixels must exceed; low-key scenes have a lamp
_EVEN = 1.5  # levels of standard deviation; an empty paper sweep has 5 and more
_SIDE = 480  # px at which letters are looked for: those that are seen at a glance
_TYPE = 40.0  # px of type size that is looked for first; much larger and smaller is found too
_WORD = re.compile(r"[^\W_]{3,}|[\u3040-\u9fff]{2,}")  # confetti reads as single letters
_MOST = 3  # letters of words that are overlooked

Reader = Callable[[Pixels, float], str]


def fault(
    pixels: Pixels, painted: NDArray[np.float32] | None = None, read: Reader | None = None
) -> str:
    """Say why a picture (H, W, 3) cannot be used; "" if it can.

    `painted` (H, W) is 1 where the model painted: what stood there before is not looked at.
    """
    shown = pixels
    if painted is not None:
        rim = np.ones((max(painted.shape) // 50 + 1,) * 2, np.uint8)  # shows the product's colours
        own = cv2.erode((painted > 0.5).astype(np.uint8), rim) > 0
        if not own.any():
            return ""
        shown = pixels.copy()
        shown[~own] = np.median(pixels[own], axis=0)  # reads as nothing
    if np.percentile(shown[::3, ::3].max(axis=2), 99.5) < _DARK:
        return BLACK
    small = cv2.resize(shown, (64, 64), interpolation=cv2.INTER_AREA)
    if small.reshape(-1, 3).std(axis=0).max() < _EVEN:
        return FLAT
    if read is not None and _letters(shown, read) > _MOST:
        return LETTERS
    return ""


def _letters(pixels: Pixels, read: Reader) -> int:
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return sum(map(len, _WORD.findall(read(small, _TYPE))))
