"""A caption as the merchant put it right: matte, sentence, tags."""

from __future__ import annotations

import cv2

from aigc import edits as corrections
from aigc.campaign import Caption, Edits, Photo, Tag
from aigc.caption import doubt, edges, palette
from aigc.caption.matte import Matte, box
from aigc.caption.product import cropped
from aigc.errors import BriefError

_SAME_SHAPE = 0.02  # of the photo's aspect


def corrected(seen: Caption, photo: Photo, edits: Edits) -> Caption:
    """The caption with what was corrected in place of what was seen; the same where nothing was.

    Raises BriefError for a matte of another shape, or one that shows no product.
    """
    changed: dict[str, object] = {}
    if edits.caption:
        changed["text"] = edits.caption
    if edits.tags is not None:
        changed["tags"] = tuple(Tag(word=word, probability=1.0) for word in edits.tags)
    if edits.matte:
        changed |= _cut_out(seen, photo, edits.matte)
    return seen.model_copy(update=changed) if changed else seen


def _cut_out(seen: Caption, photo: Photo, path: str) -> dict[str, object]:
    drawn = corrections.matte(path)
    height, width = photo.pixels.shape[:2]
    if abs(drawn.shape[1] / drawn.shape[0] * height / width - 1) > _SAME_SHAPE:
        raise BriefError(
            f"edits.matte = '{path}': {drawn.shape[1]}×{drawn.shape[0]} px is not of the photo's "
            f"shape; draw it at {width}×{height} px or in proportion"
        )
    if drawn.shape != (height, width):
        smaller = drawn.shape[0] > height
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        drawn = cv2.resize(drawn, (width, height), interpolation=how).astype("uint8")
    found = box(drawn)
    if found is None:
        raise BriefError(f"edits.matte = '{path}': shows no product; draw it in white")
    colours = edges.decontaminate(photo.pixels, drawn)
    subject, cutout = cropped(Matte(drawn, colours, found, 1.0, seen.background))
    return {
        "cutout": cutout,
        "subject": subject,
        "palette": palette.palette(colours, drawn),
        "confidence": 1.0,
        "note": "",
        "focus": doubt.WHOLE,
    }
