"""The parts of a photo that a classifier looks at: what the whole hides, a part may show."""

from __future__ import annotations

import numpy as np

from aigc.campaign import Box, Pixels, pixel_box

MARGIN = 0.03  # of the photo's side, left around the subject
CENTRE: Box = (0.125, 0.125, 0.875, 0.875)
CORNERS: tuple[Box, ...] = (
    (0.0, 0.0, 0.6, 0.6),
    (0.4, 0.0, 1.0, 0.6),
    (0.0, 0.4, 0.6, 1.0),
    (0.4, 0.4, 1.0, 1.0),
)


def regions(pixels: Pixels, subject: Box | None) -> list[Pixels]:
    """Cut a photo (H, W, 3) into regions: whole, subject with a margin, centre, four corners.

    Seven regions; six where the subject is not known.
    """
    around = () if subject is None else (_grown(subject),)
    boxes = (*around, CENTRE, *CORNERS)
    return [pixels, *(_crop(pixels, box) for box in boxes)]


def _grown(box: Box) -> Box:
    left, top, right, bottom = box
    return (
        max(left - MARGIN, 0.0),
        max(top - MARGIN, 0.0),
        min(right + MARGIN, 1.0),
        min(bottom + MARGIN, 1.0),
    )


def _crop(pixels: Pixels, box: Box) -> Pixels:
    left, top, right, bottom = pixel_box(box, (pixels.shape[1], pixels.shape[0]))
    return np.ascontiguousarray(pixels[top:bottom, left:right])
