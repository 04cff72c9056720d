"""Where a cut-out cannot be trusted: the whole photo instead, and a sentence that says why."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.campaign import Box, Pixels
from aigc.caption.matte import Matte

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
SALIENT = 0.2  # of the strongest activation: what the classifier looks at
AROUND = 0.04  # of the photo's sides, left around that: the map is coarse
MAP_SIDE = 140  # px; ten times the map's own 14


def doubt(matte: Matte, least: float) -> str:
    """Say to the merchant why a cut-out is not used; empty where it is.

    A photo that brought its own alpha is the merchant's word, and never doubted.
    """
    if matte.background == "transparent":
        return ""
    if _says_nothing(matte):
        return "No product could be told from its background: the posters show the whole photo."
    if matte.confidence < least:
        return (
            "The product could not be told from its background with confidence "
            f"({_figure(matte.confidence)}, at least {_figure(least)} is asked): "
            "the posters show the whole photo."
        )
    return ""


def _says_nothing(matte: Matte) -> bool:
    """Whether a matte takes all of the photo, or none of it."""
    return bool(matte.alpha.min() == 255 or matte.alpha.max() == 0)


def _figure(share: float) -> str:
    """Two decimals, cut and not rounded: 0.349 is not the 0.35 that is asked."""
    return f"{int(share * 100 + 1e-9) / 100:.2f}"


def whole(pixels: Pixels, matte: Matte) -> Matte:
    """The photo itself in place of a cut-out; how far that was trusted is kept."""
    return matte._replace(
        alpha=np.full(pixels.shape[:2], 255, np.uint8), foreground=pixels, box=WHOLE
    )


def focus(pixels: Pixels, matte: Matte) -> Box:
    """The part of a photo that must stay in sight: what the classifier sees, and a doubtful matte.

    Everything, where neither finds anything less.
    """
    from aigc._engines import vision

    seen = cv2.resize(vision.saliency([pixels])[0], (MAP_SIDE, MAP_SIDE)) >= SALIENT
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows):
        return WHOLE
    found = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    left, top, right, bottom = (float(edge) / MAP_SIDE for edge in found)
    if not _says_nothing(matte):
        left, top = min(left, matte.box[0]), min(top, matte.box[1])
        right, bottom = max(right, matte.box[2]), max(bottom, matte.box[3])
    return (
        max(left - AROUND, 0.0),
        max(top - AROUND, 0.0),
        min(right + AROUND, 1.0),
        min(bottom + AROUND, 1.0),
    )
