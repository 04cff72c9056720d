"""The drawn ornaments by kind; each fills a canvas in its tint."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from aigc.scene import gifts, lamps, plants
from aigc.scene.light import Field, linear
from aigc.scene.relief import Canvas
from aigc.scene.sprites import Sprite
from aigc.styles import Kind

HEIGHTS = (
    24,
    48,
    96,
    144,
    192,
    256,
    320,
    400,
    512,
    640,
    800,
    1024,
)  # drawn at one of these, then made smaller


class Drawing(NamedTuple):
    """How to draw a kind: width over height, what draws it, how many ways, how far it shines."""

    aspect: float
    draw: Callable[[Canvas, Field, int], None]
    ways: int = 1
    glow: float = 0.0


DRAWINGS: dict[Kind, Drawing] = {
    "bag": Drawing(0.86, gifts.bag),
    "balloon": Drawing(0.46, gifts.balloon),
    "bauble": Drawing(0.8, gifts.bauble),
    "bolt": Drawing(0.72, gifts.bolt),
    "cloud": Drawing(1.7, gifts.cloud, 2),
    "coin": Drawing(1.0, gifts.coin, 4),
    "confetti": Drawing(1.0, gifts.confetti, 6),
    "crescent": Drawing(1.0, lamps.crescent),
    "diya": Drawing(1.05, lamps.diya, 1, 1.1),
    "dust": Drawing(1.0, lamps.dust),
    "fanoos": Drawing(0.52, lamps.fanoos, 1, 0.55),
    "fir": Drawing(1.25, plants.fir, 2),
    "flower": Drawing(1.0, plants.flower, 2),
    "garland": Drawing(0.2, plants.garland, 2),
    "gift": Drawing(0.98, gifts.gift),
    "heart": Drawing(1.08, gifts.heart),
    "lantern": Drawing(0.74, lamps.lantern, 1, 0.75),
    "leaf": Drawing(1.1, plants.leaf, 2),
    "mooncake": Drawing(1.25, gifts.mooncake),
    "orange": Drawing(0.98, gifts.orange),
    "osmanthus": Drawing(1.15, plants.osmanthus, 2),
    "petal": Drawing(1.0, plants.petal, 4),
    "plum": Drawing(1.2, plants.plum, 2),
    "rabbit": Drawing(1.0, gifts.rabbit),
    "rose": Drawing(0.62, plants.rose),
    "snow": Drawing(1.0, lamps.flake),
    "star": Drawing(1.0, gifts.star),
}


@lru_cache(192)
def drawn(kind: Kind, tint: str, height: int, side: int, way: int) -> Sprite:
    """Draw an ornament at one of HEIGHTS in a tint, #rrggbb, lit from a side."""
    drawing = DRAWINGS[kind]
    canvas = Canvas(height, drawing.aspect, side)
    drawing.draw(canvas, linear(tint), way)
    return canvas.sprite(drawing.glow)
