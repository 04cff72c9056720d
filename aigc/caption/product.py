"""The product of each photo: cut out, with its colours, and whether the cut-out is to be trusted.

Every backend of this stage needs it, whatever finds the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aigc.campaign import Attributes, Box, Caption, Photo, Pixels, Swatch, Tag, pixel_box
from aigc.caption import doubt, palette
from aigc.caption import matte as mattes
from aigc.caption.matte import Matte


class Product(NamedTuple):
    """A product as posters will show it."""

    matte: Matte  # as it was found
    shown: Matte  # the same, or the whole photo where that is not to be trusted
    palette: tuple[Swatch, ...]
    note: str  # why the whole photo is shown; empty for a cut-out
    focus: Box

    def caption(
        self, text: str, tags: tuple[Tag, ...] = (), attributes: Attributes | None = None
    ) -> Caption:
        """Join what is seen with what is said of it."""
        subject, cutout = cropped(self.shown)
        return Caption(
            text=text,
            attributes=attributes,
            tags=tags,
            palette=self.palette,
            background=self.shown.background,
            subject=subject,
            confidence=self.shown.confidence,
            note=self.note,
            focus=self.focus,
            cutout=cutout,
        )


def find(photos: Sequence[Photo], method: str, min_confidence: float) -> list[Product]:
    """Cut each product out; below `min_confidence` the whole photo stands in its place."""
    return [_find(photo, method, min_confidence) for photo in photos]


def _find(photo: Photo, method: str, min_confidence: float) -> Product:
    matte = mattes.cut_out(photo, method=method)
    note = doubt.doubt(matte, min_confidence)
    focus = doubt.focus(photo.pixels, matte) if note else doubt.WHOLE
    shown = doubt.whole(photo.pixels, matte) if note else matte
    return Product(matte, shown, palette.palette(shown.foreground, shown.alpha), note, focus)


def cropped(matte: Matte) -> tuple[Box, Pixels]:
    """Crop the cut-out to its box; the box is then that of the whole pixels taken."""
    height, width = matte.alpha.shape
    left, top, right, bottom = pixel_box(matte.box, (width, height))
    rgba = np.dstack([matte.foreground, matte.alpha])[top:bottom, left:right]
    box = (left / width, top / height, right / width, bottom / height)
    return box, np.ascontiguousarray(rgba)
