"""A sleeve around a folding box: its panels side by side, and where to cut and fold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from aigc.campaign import Box, Pixels
from aigc.prints import POINT, Print
from aigc.typeset import PlanRequest, content
from aigc.typeset.print.marks import Lines

GLUED = 5.0  # mm of the flap that the last side's colour covers, so that no paper shows
CHAMFER = 4.0  # mm by which the flap is narrower at either end, so that it never sticks out


class Panel(NamedTuple):
    """A part of the sheet with a layout of its own."""

    layout: str  # empty: the poster's
    place: Box  # mm from the trim's top left
    bleed: Box  # how far it goes on at the left, top, right and bottom, mm


def panels(made: Print) -> tuple[Panel, ...]:
    """Front, side, back, side, from left to right as the outside is seen."""
    assert made.box is not None
    width, height, depth = made.box
    layouts = ("", "print/side", "print/back", "print/side")
    found, x = [], 0.0
    for number, (layout, wide) in enumerate(zip(layouts, (width, depth) * 2, strict=True)):
        left = made.bleed if number == 0 else 0.0
        right = min(GLUED, made.flap) if number == 3 else 0.0
        place = (x, 0.0, x + wide, height)
        found.append(Panel(layout, place, (left, made.bleed, right, made.bleed)))
        x += wide
    return tuple(found)


def lines(made: Print) -> tuple[Lines, ...]:
    """The outline with its glue flap, and the four folds."""
    sides = [panel.place[2] for panel in panels(made)]
    right, height = made.trim
    last = sides[-1]
    outline = (
        (0.0, 0.0),
        (last, 0.0),
        (right, CHAMFER),
        (right, height - CHAMFER),
        (last, height),
        (0.0, height),
        (0.0, 0.0),
    )
    folds = tuple(((x, 0.0), (x, height)) for x in sides)
    return Lines("CutContour", (outline,)), Lines("Fold", folds, dashed=True)


def data(plan: PlanRequest, panel: Panel, per: float) -> dict[str, Any]:
    """What the layout of a side or the back reads besides the front's data; `per` is px a mm."""
    left, top, right, bottom = panel.place
    return {
        "width": round((right - left) * per),
        "height": round((bottom - top) * per),
        "mm": per,
        "flip": False,
        **content.pack(plan),
    }


def unfolded(pdf: bytes, made: Print, per: float) -> Pixels:
    """Render a sleeve as it lies flat, cut at the trim, `per` px a mm, (H, W, 3)."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        edge = made.bleed / POINT
        crop = (edge, edge, edge, edge)
        pixels = page.render(scale=per * POINT, crop=crop, rev_byteorder=True).to_numpy()
        return np.ascontiguousarray(pixels[..., :3])
