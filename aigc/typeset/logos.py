"""A brand's logo: the version that is seen on what is behind it, and a plate only if none is."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from aigc import photo
from aigc.campaign import Box, Brand, Pixels, pixel_box
from aigc.errors import AigcError, BriefError
from aigc.typeset import contrast
from aigc.typeset.compose import plate

_DARK = 0.18  # luminance below which white is seen better than black


class Mark(NamedTuple):
    """A logo for one place: its pixels (h, w, 4), and the grey of the plate behind it, if any."""

    pixels: Pixels
    plate: int | None


def first(brand: Brand) -> Pixels | None:
    """The logo whose shape a layout makes room for; None where the brand has none.

    Raises BriefError where it is not a picture.
    """
    if brand.logo:
        return load(brand.logo, "brand.logo")
    return load(brand.logo_on_dark, "brand.logo_on_dark") if brand.logo_on_dark else None


def chosen(brand: Brand, ground: Pixels, box: Box) -> Mark | None:
    """The version for a ground (H, W, 3) that is so light, if it is seen there, else the other.

    Where neither is, the first goes onto a plate.
    """
    versions = [
        load(path, field)
        for path, field in ((brand.logo, "brand.logo"), (brand.logo_on_dark, "brand.logo_on_dark"))
        if path
    ]
    if not versions:
        return None
    left, top, right, bottom = pixel_box(box, (ground.shape[1], ground.shape[0]))
    behind = contrast.luminance(ground[max(top, 0) : bottom, max(left, 0) : right]).mean()
    if behind < _DARK:
        versions.reverse()
    aspect = (right - left) / (bottom - top)
    fitted = [_within(each, aspect) for each in versions]
    marks = [Mark(each, plate(ground, each, box)) for each in fitted]
    return next((mark for mark in marks if mark.plate is None), marks[0])


def load(path: str, field: str) -> Pixels:
    """Read a logo, cropped to what shows of it; raises BriefError where it is not a picture."""
    try:
        file = photo.locate(path)
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, AigcError) as error:
        reason = f"not a readable picture ({error}); use PNG"
        raise BriefError(f"{field} = '{path}': {reason}") from error


@lru_cache(16)
def _read(file: Path, _written: int) -> Pixels:
    with Image.open(file) as image:
        image.thumbnail((1024, 1024))
        whole = ImageOps.exif_transpose(image).convert("RGBA")
    return np.asarray(whole.crop(whole.getchannel("A").getbbox()))


def _within(logo: Pixels, aspect: float) -> Pixels:
    """Add clear pixels around a logo until it has the shape of its place."""
    height, width = logo.shape[:2]
    wide, high = max(width, round(height * aspect)), max(height, round(width / aspect))
    if max(wide - width, high - height) <= 1:
        return logo
    made = np.zeros((high, wide, 4), np.uint8)
    left, top = (wide - width) // 2, (high - height) // 2
    made[top : top + height, left : left + width] = logo
    return made
