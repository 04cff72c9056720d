"""A whole photo on a poster: what of it shows, how large it may get, and which layouts suit it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from aigc.campaign import Box, Caption, Pixels, Size, pixel_box
from aigc.typeset.compose import resized
from aigc.typeset.saliency import saliency

Side = Literal["top", "bottom", "left", "right"]

MOST_CUT = 0.25  # of a photo's width or height that a layout may crop away
MOST_CUT_BEHIND = 0.5  # where words stand on the photo itself, and all of its subject shows
MOST_ENLARGED = 1.6  # poster pixels a photo pixel; beyond it a photo looks soft
CALM = 0.28  # saliency up to which a part of a photo carries text well
_LUMA = (0.299, 0.587, 0.114)
_MIDDLE = 140.0  # of 255: below it white reads better, or nearly as well
_SPARE = 0.03  # of the poster, between the subject and the text
_LEAST_BAND, _LEAST_COLUMN = 0.24, 0.38  # of the poster's height or width that words need


class Room(NamedTuple):
    """Where text stands on a photo that fills a poster; boxes are fractions of the poster."""

    side: Side
    text: Box
    subject: Box
    saliency: float  # of the part for text
    ample: bool  # whether words have room beside the subject


def shapes(caption: Caption, most_cut: float = MOST_CUT) -> tuple[float, float]:
    """Least and greatest width / height to which a photo may be cropped, its focus in sight."""
    height, width = caption.cutout.shape[:2]
    left, top, right, bottom = caption.focus
    across, down = max(1 - most_cut, right - left), max(1 - most_cut, bottom - top)
    return width / height * across, width / height / down


def suits(caption: Caption, box: Box, size: Size, most_cut: float = MOST_CUT) -> bool:
    """Whether a photo can fill a box of a poster of `size`, neither cut too far nor enlarged."""
    left, top, right, bottom = pixel_box(box, size)
    height, width = caption.cutout.shape[:2]
    least, most = shapes(caption, most_cut)
    cut = (right - left) / (bottom - top)
    enlarged = max((right - left) / width, (bottom - top) / height)
    slack = 1 + 1 / min(right - left, bottom - top)  # boxes are whole pixels
    return least / slack <= cut <= most * slack and enlarged <= MOST_ENLARGED * slack


def shown(caption: Caption, aspect: float, room_at: Side | None = None) -> Box:
    """The part of a photo that fills a box of this width / height.

    Its focus is in the middle, or as far as it goes from the side that room is wanted at.
    """
    height, width = caption.cutout.shape[:2]
    across, down = min(1.0, aspect * height / width), min(1.0, width / height / aspect)
    from_left, from_top = {"left": 1.0, "right": 0.0}, {"top": 1.0, "bottom": 0.0}
    left = _placed(caption.focus[0], caption.focus[2], across, from_left.get(room_at or "", 0.5))
    top = _placed(caption.focus[1], caption.focus[3], down, from_top.get(room_at or "", 0.5))
    return left, top, left + across, top + down


def _placed(low: float, high: float, length: float, share: float) -> float:
    return min(max(low + (high - low - length) * share, 0.0), 1 - length)


def fitted(caption: Caption, size: Size, room_at: Side | None = None) -> Pixels:
    """The photo as it is pasted, (h, w, 4): cropped to the shape of `size`."""
    return resized(part(caption, size[0] / size[1], room_at), size)


def part(caption: Caption, aspect: float, room_at: Side | None = None) -> Pixels:
    """What `shown` tells of a photo, (h, w, 4), in its own pixels."""
    height, width = caption.cutout.shape[:2]
    left, top, right, bottom = pixel_box(shown(caption, aspect, room_at), (width, height))
    return np.ascontiguousarray(caption.cutout[top:bottom, left:right])


def room(caption: Caption, size: Size, safe: Box = (0.0, 0.0, 0.0, 0.0)) -> Room:
    """Find the calmest side for text on a photo that fills a poster of `size`.

    `safe` tells how much of the top, right, bottom and left takes no text. Tried are bands above
    and below the subject where the poster is not broad, columns beside it where it is not tall.
    """
    aspect = size[0] / size[1]
    sides: list[Side] = ["top", "bottom"] if aspect < 1.3 else []
    sides += ["left", "right"] if aspect > 0.9 else []
    found = [_room(caption, aspect, side, safe) for side in sides]
    return min(found, key=lambda each: (not each.ample, each.saliency - 0.2 * _area(each.text)))


def _room(caption: Caption, aspect: float, side: Side, safe: Box) -> Room:
    subject = _on_poster(caption.focus, shown(caption, aspect, side), (0.0, 0.0, 1.0, 1.0))
    left, top, right, bottom = subject
    high = {"top": top, "bottom": 1 - bottom, "left": left, "right": 1 - right}[side] - _SPARE
    least = _LEAST_BAND if side in ("top", "bottom") else _LEAST_COLUMN
    least += dict(zip(("top", "right", "bottom", "left"), safe, strict=True))[side]
    deep = max(high, least)  # where that is not ample, some of the subject will be covered
    text: Box = {
        "top": (0.0, 0.0, 1.0, deep),
        "bottom": (0.0, 1 - deep, 1.0, 1.0),
        "left": (0.0, 0.0, deep, 1.0),
        "right": (1 - deep, 0.0, 1.0, 1.0),
    }[side]
    seen = saliency(part(caption, aspect, side))
    x0, y0, x1, y1 = pixel_box(text, (seen.shape[1], seen.shape[0]))
    return Room(side, text, subject, float(seen[y0:y1, x0:x1].mean()), bool(high >= least))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def inks(photo: Pixels, text: Box) -> dict[str, str]:
    """Inks for text on a photo (H, W, 3), each with a shade of the photo's own to put behind it.

    White on a shade where the photo is darker than mid-grey, else black on a tint.
    """
    left, top, right, bottom = pixel_box(text, (photo.shape[1], photo.shape[0]))
    mean = photo[top:bottom, left:right].reshape(-1, 3).mean(axis=0)
    shade, tint = (
        f"#{bytes(np.uint8(part)).hex()}" for part in (mean * 0.25, 255 - (255 - mean) * 0.2)
    )
    on_dark, on_light = ("#ffffff", shade), ("#161616", tint)
    return dict([on_dark, on_light] if mean @ _LUMA < _MIDDLE else [on_light, on_dark])


def subject(caption: Caption, box: Box, size: Size) -> Box:
    """Where the photo's focus comes to lie on a poster whose photo fills `box`."""
    left, top, right, bottom = pixel_box(box, size)
    return _on_poster(caption.focus, shown(caption, (right - left) / (bottom - top)), box)


def _on_poster(focus: Box, part: Box, box: Box) -> Box:
    """Where a part of the photo comes to lie when `part` of it fills `box` of the poster."""
    xs = [_within(focus[i], part[0], part[2]) for i in (0, 2)]
    ys = [_within(focus[i], part[1], part[3]) for i in (1, 3)]
    return (
        box[0] + xs[0] * (box[2] - box[0]),
        box[1] + ys[0] * (box[3] - box[1]),
        box[0] + xs[1] * (box[2] - box[0]),
        box[1] + ys[1] * (box[3] - box[1]),
    )


def _within(at: float, low: float, high: float) -> float:
    return min(max((at - low) / (high - low), 0.0), 1.0)
