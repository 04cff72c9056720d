"""What is painted for a long banner: a picture of a shape that models know, to be cut."""

from __future__ import annotations

import math
from typing import NamedTuple

from aigc.campaign import Box, Pixels, Size, pixel_box
from aigc.scene import SceneRequest

LONGEST = 2.4  # times the shorter side: beyond it models repeat themselves
_GROUND = 0.72  # of the canvas's height: where a product's base looks at home


class Canvas(NamedTuple):
    """A picture to paint, and where the one that was asked for lies in it, in pixels."""

    request: SceneRequest  # with the canvas's size, and slots that lie as before
    left: int
    top: int
    size: Size  # that was asked for

    def cut(self, painted: Pixels) -> Pixels:
        """Cut out what was asked for."""
        width, height = self.size
        return painted[self.top : self.top + height, self.left : self.left + width]


def canvas(request: SceneRequest) -> Canvas:
    """Add room above and below a long banner, or beside a tall one; others stay as they are."""
    width, height = request.size
    wide, tall = max(width, math.ceil(height / LONGEST)), max(height, math.ceil(width / LONGEST))
    if (wide, tall) == request.size:
        return Canvas(request, 0, 0, request.size)
    left, top = (wide - width) // 2, (tall - height) // 2
    floor = request.slots.floor
    if floor is not None:
        top = min(max(round(_GROUND * tall - floor * height), 0), tall - height)

    def moved(box: Box) -> Box:
        edges = pixel_box(box, request.size)  # whole pixels, which round to themselves again
        return (
            (left + edges[0]) / wide,
            (top + edges[1]) / tall,
            (left + edges[2]) / wide,
            (top + edges[3]) / tall,
        )

    slots = request.slots.model_copy(
        update={
            "product": moved(request.slots.product),
            "quiet": tuple(moved(box) for box in request.slots.quiet),
            "floor": None if floor is None else (top + floor * height) / tall,
        }
    )
    changed = {"size": (wide, tall), "slots": slots}
    return Canvas(request.model_copy(update=changed), left, top, request.size)
