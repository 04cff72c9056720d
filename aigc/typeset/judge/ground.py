"""Contrast of a text with its real ground, measured in the finished picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Box, Pixels, pixel_box
from aigc.typeset import contrast

_SPECKS = 100 * contrast.LEAST_SHARE  # per cent of the ground's pixels that may be worse
_LINEAR = contrast.luminance(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)).astype(
    np.float32
)
_WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
_SAMPLE = 20  # px of type size that a sample need not exceed: larger type is read in steps
_THICKEST = 0.45  # of the type size: no stroke is thicker
_GLYPH = 0.62  # of the way from ink to ground: up to here a pixel is the letter's edge
_SOLID = 0.3  # of the way: up to here it is as good as ink; gaps in bold Chinese are not
_LEAST_INK = 0.004  # of the box: with less ink there is no text to see


def reached(picture: Pixels, box: Box, size: float, ink: str = "") -> float:
    """The contrast of the ink with all but 2 % of the pixels around the letters, 1 to 21.

    `size` is the type size in px, 0 where it is not known; so is an empty `ink`, which is then
    taken from the picture. 1.0 where no letters are there.
    """
    crop = _around(picture, box, size)
    if crop.size == 0:
        return 1.0
    light = _luminance(crop)
    tone = np.sqrt(light)  # about even to the eye, as edges are blended
    rim = np.concatenate([tone[0], tone[-1], tone[:, 0], tone[:, -1]])
    usual = float(np.median(rim))
    if ink:
        colour = np.array(contrast.rgb(ink), np.uint8)
        written = float(contrast.luminance(colour))
    else:
        written = _written(tone, usual)
    edge = written**0.5
    far = np.abs(tone - edge)
    like, solid = (far <= max(share * abs(usual - edge), 0.04) for share in (_GLYPH, _SOLID))
    letters = like & ~_wide(solid, crop.shape[0], size)
    if letters.mean() < _LEAST_INK:
        return 1.0
    near = cv2.dilate(letters.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ground = light[~near]
    if ground.size < 8:
        ground = light[~letters]
    if ground.size == 0:
        return 1.0
    ratios = (np.maximum(ground, written) + 0.05) / (np.minimum(ground, written) + 0.05)
    return float(np.percentile(ratios, _SPECKS, method="lower"))


def _around(picture: Pixels, box: Box, size: float) -> Pixels:
    """The box and a little around it; of large type, each second or third pixel."""
    left, top, right, bottom = pixel_box(box, (picture.shape[1], picture.shape[0]))
    pad = max(3, round(0.15 * size))
    step = max(1, int(size / _SAMPLE))
    rows = slice(max(top - pad, 0), max(bottom + pad, 0), step)
    return picture[rows, max(left - pad, 0) : max(right + pad, 0) : step]


def _wide(solid: NDArray[np.bool_], height: int, size: float) -> NDArray[np.bool_]:
    """Patches in the ink's colour too wide to be strokes: ground that the ink is lost on."""
    step = max(1, int(size / _SAMPLE))
    thick = round((size or height) / step * _THICKEST) + 3
    kernel = np.ones((thick, thick), np.uint8)
    return np.asarray(cv2.morphologyEx(solid.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0)


def _written(tone: NDArray[np.float32], usual: float) -> float:
    """The luminance of the ink: that of the few pixels farthest from the usual ground."""
    low, high = np.percentile(tone, (2, 98))
    far = low if usual - low > high - usual else high
    return float(far**2)


def _luminance(pixels: Pixels) -> NDArray[np.float32]:
    linear = cv2.LUT(np.ascontiguousarray(pixels), _LINEAR)
    return np.asarray(cv2.transform(linear, _WEIGHTS))
