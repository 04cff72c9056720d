"""A whole photo on a poster: what of it shows, how large it may get, and which layouts suit it."""

from __future__ import annotations

import numpy as np

from aigc.campaign import Box, Caption, Pixels, Size, pixel_box
from aigc.typeset.compose import resized

MOST_CUT = 0.25  # of a photo's width or height that a layout may crop away
MOST_ENLARGED = 1.6  # poster pixels a photo pixel; beyond it a photo looks soft


def shapes(caption: Caption) -> tuple[float, float]:
    """Least and greatest width / height to which a photo may be cropped, its focus in sight."""
    height, width = caption.cutout.shape[:2]
    left, top, right, bottom = caption.focus
    across, down = max(1 - MOST_CUT, right - left), max(1 - MOST_CUT, bottom - top)
    return width / height * across, width / height / down


def suits(caption: Caption, box: Box, size: Size) -> bool:
    """Whether a photo can fill a box of a poster of `size`, neither cut too far nor enlarged."""
    left, top, right, bottom = pixel_box(box, size)
    height, width = caption.cutout.shape[:2]
    least, most = shapes(caption)
    cut = (right - left) / (bottom - top)
    enlarged = max((right - left) / width, (bottom - top) / height)
    slack = 1 + 1 / min(right - left, bottom - top)  # boxes are whole pixels
    return least / slack <= cut <= most * slack and enlarged <= MOST_ENLARGED * slack


def shown(caption: Caption, aspect: float) -> Box:
    """The part of a photo that fills a box of this width / height, its focus in the middle."""
    height, width = caption.cutout.shape[:2]
    across, down = min(1.0, aspect * height / width), min(1.0, width / height / aspect)
    left = _centred(caption.focus[0], caption.focus[2], across)
    top = _centred(caption.focus[1], caption.focus[3], down)
    return left, top, left + across, top + down


def _centred(low: float, high: float, length: float) -> float:
    return min(max((low + high - length) / 2, 0.0), 1 - length)


def fitted(caption: Caption, size: Size) -> Pixels:
    """The photo as it is pasted, (h, w, 4): cropped to the shape of `size`."""
    return resized(part(caption, size[0] / size[1]), size)


def part(caption: Caption, aspect: float) -> Pixels:
    """What `shown` tells of a photo, (h, w, 4), in its own pixels."""
    height, width = caption.cutout.shape[:2]
    left, top, right, bottom = pixel_box(shown(caption, aspect), (width, height))
    return np.ascontiguousarray(caption.cutout[top:bottom, left:right])


def subject(caption: Caption, box: Box, size: Size) -> Box:
    """Where the photo's focus comes to lie on a poster whose photo fills `box`."""
    left, top, right, bottom = pixel_box(box, size)
    part = shown(caption, (right - left) / (bottom - top))
    xs = [_within(caption.focus[i], part[0], part[2]) for i in (0, 2)]
    ys = [_within(caption.focus[i], part[1], part[3]) for i in (1, 3)]
    return (
        box[0] + xs[0] * (box[2] - box[0]),
        box[1] + ys[0] * (box[3] - box[1]),
        box[0] + xs[1] * (box[2] - box[0]),
        box[1] + ys[1] * (box[3] - box[1]),
    )


def _within(at: float, low: float, high: float) -> float:
    return min(max((at - low) / (high - low), 0.0), 1.0)
