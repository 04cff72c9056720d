"""A logo above the type, on its plate where it needs one."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from aigc.campaign import Box, Pixels
from aigc.typeset.print.assemble import Picture

_PAD = 0.2  # of the logo's height: the plate around it


def picture(logo: Pixels, box: Box, level: int | None) -> Picture:
    """The logo in its own pixels, (h, w, 4), in a box in mm."""
    if level is None:
        return Picture(logo, box)
    height, width = logo.shape[:2]
    pad = round(_PAD * height)
    size = (width + 2 * pad, height + 2 * pad)
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    edges = (0, 0, size[0] * 2 - 1, size[1] * 2 - 1)
    ImageDraw.Draw(mask).rounded_rectangle(edges, 2 * pad, fill=255)
    plate = Image.new("RGB", size, (level, level, level))
    mark = Image.fromarray(logo)
    plate.paste(mark, (pad, pad), mark)
    pixels = np.dstack([np.asarray(plate), np.asarray(mask.resize(size, Image.Resampling.BOX))])
    around = pad * (box[3] - box[1]) / height
    grown = (box[0] - around, box[1] - around, box[2] + around, box[3] + around)
    return Picture(np.ascontiguousarray(pixels), grown)
