"""What the merchant moved on one poster: taken as far as the poster allows, and no further.

The product stays wholly on the poster and the texts, moved as one block, where the channel shows
them; whether one then covers the other is the judge's to say.
"""

from __future__ import annotations

from typing import Any

from aigc.campaign import Box, pixel_box
from aigc.channels import Channel
from aigc.typeset import PlanRequest, content, layouts
from aigc.typeset.costs import Elements
from aigc.typeset.mass import cut

_MARGIN = 0.045  # of the short side: texts come no nearer to an edge, nor to a fine frame
_MAT = 0.03  # of the short side, between a photo in its mat and the poster's edge
_AT = 2e-3  # of the poster: a box so near to an edge touches it


def data(plan: PlanRequest, layout: str, elements: Elements) -> dict[str, Any]:
    """What a layout reads of the tweaks, given where things stand without: fractions, as seen."""
    product = None
    if (any(plan.product) or plan.scale != 1.0) and _stands_free(plan, layout):
        product = _product(plan, elements["product"].box, elements)
    return {"moved": {"text": _texts(plan, elements), "product": product}}


def _stands_free(plan: PlanRequest, layout: str) -> bool:
    """Whether the product can be moved: a photo that fills its part of the poster cannot."""
    return not plan.caption.whole or layouts.named(layout).photo not in ("bleed", "over")


def _product(plan: PlanRequest, box: Box, elements: Elements) -> Box:
    """Where the product goes: larger on its own base if it stands, in its middle if not.

    An edge that the photo cut off stays where the poster's edge or a panel hides the cut.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    across, down = _mat(plan)
    scale = min(plan.scale, (1 - 2 * across) / width, (1 - 2 * down) / height)
    hidden = _hidden(plan, box, elements)
    held_x = 0.0 if hidden["left"] else 1.0 if hidden["right"] else 0.5
    held_y = 0.0 if hidden["top"] else 1.0 if hidden["bottom"] or content.stands(plan) else 0.5
    left = box[0] + held_x * width * (1 - scale)
    top = box[1] + held_y * height * (1 - scale)
    left += _kept(plan.product[0], hidden["left"], hidden["right"])
    top += _kept(plan.product[1], hidden["top"], hidden["bottom"])
    width, height = width * scale, height * scale
    left = min(max(left, across), 1 - across - width)
    top = min(max(top, down), 1 - down - height)
    moved = (left, top, left + width, top + height)
    return _whole(moved, plan.channel) if plan.caption.whole else moved


def _mat(plan: PlanRequest) -> tuple[float, float]:
    """What is kept free at the sides, and above and below: room for a photo's mat."""
    width, height = plan.channel.size
    mat = _MAT * min(width, height) if plan.caption.whole else 0.0
    return mat / width, mat / height


def _hidden(plan: PlanRequest, box: Box, elements: Elements) -> dict[str, bool]:
    """Which of the product's cut edges the poster's edge hides, or the top of a panel."""
    edges = cut(plan.caption)
    panels = [each.box[1] for name, each in elements.items() if name.startswith("panel")]
    return {
        "left": edges.left and box[0] < _AT,
        "top": edges.top and box[1] < _AT,
        "right": edges.right and box[2] > 1 - _AT,
        "bottom": edges.bottom and any(abs(box[3] - at) < _AT for at in (1.0, *panels)),
    }


def _kept(by: float, low: bool, high: bool) -> float:
    """A move that brings neither end out of what hides it."""
    return min(max(by, 0.0) if high else by, 0.0) if low else max(by, 0.0) if high else by


def _whole(box: Box, channel: Channel) -> Box:
    """The box on whole pixels: a photo in its mat meets what is drawn around it."""
    width, height = channel.size
    left, top, right, bottom = pixel_box(box, channel.size)
    return left / width, top / height, right / width, bottom / height


def _texts(plan: PlanRequest, elements: Elements) -> tuple[float, float]:
    """How far the texts go, all of them together; what lies beyond the margin goes no further."""
    boxes = [each.box for name, each in elements.items() if _is_text(name, each.box)]
    if not boxes:
        return 0.0, 0.0
    lows, highs = (
        [pick(box[i] for box in boxes) for i in ends]
        for pick, ends in ((min, (0, 1)), (max, (2, 3)))
    )
    width, height = plan.channel.size
    least = _MARGIN * min(width, height)
    top, right, bottom, left = plan.channel.safe
    from_ = (max(left, least / width), max(top, least / height))
    to = (1 - max(right, least / width), 1 - max(bottom, least / height))
    across, down = (
        min(max(by, min(0.0, start - low)), max(0.0, end - high))
        for by, low, high, start, end in zip(plan.text, lows, highs, from_, to, strict=True)
    )
    return across, down


def _is_text(name: str, box: Box) -> bool:
    """Whether it moves with the texts: all but the product, and panels along the poster's edges."""
    if not name.startswith("panel"):
        return name != "product"
    return min(box[0], box[1]) > _AT and max(box[2], box[3]) < 1 - _AT
