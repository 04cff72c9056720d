"""Which layout a poster takes, and what it is told of the product: chosen by measuring."""

from __future__ import annotations

from typing import Any

from aigc.typeset import PlanRequest, content, layouts
from aigc.typeset.mass import cut, mass


def placing(plan: PlanRequest, layout: str, rtl: bool) -> dict[str, Any]:
    """What a layout reads of the product besides its shape: mass, cut edges, side to stand on."""
    return {
        "mass": mass(plan.caption.cutout).centre,
        "cut": cut(plan.caption)._asdict(),
        "stands": content.stands(plan),
        "flip": _flipped(plan, layout, rtl),
    }


def _flipped(plan: PlanRequest, layout: str, rtl: bool) -> bool:
    """Whether a layout is turned round: the heavy side, or one cut off, goes outwards.

    So a shoe's toe and a kettle's spout point at the words.
    """
    side = layouts.named(layout).side
    if not side:
        return False
    edges, heavy = cut(plan.caption), mass(plan.caption.cutout).side
    if edges.left != edges.right:
        heavy = "left" if edges.left else "right"
    if rtl:
        side = "left" if side == "right" else "right"
    return bool(heavy) and heavy != side
