"""Sets a style's ornaments on a stage, from 3D objects or from drawings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc.campaign import Pixels
from aigc.scene import objects, places
from aigc.scene.colours import oklch
from aigc.scene.light import Field, Shot
from aigc.scene.ornaments import DRAWINGS, HEIGHTS, drawn
from aigc.scene.room import Room
from aigc.scene.settle import settle
from aigc.scene.sprites import Sprite, resized
from aigc.scene.sweep import Stage
from aigc.styles import Decoration, Tint

SMALLEST = 160  # px of the shorter side; below, ornaments would be specks
LONGEST = 3.0  # length over breadth of a picture beyond which nothing hangs in it


def decorate(
    shot: Shot,
    stage: Stage,
    product: Pixels,
    decorations: Sequence[Decoration],
    rng: np.random.Generator,
    *,
    with_objects: bool,
) -> Field:
    """Give the stage its ornaments; `product` (h, w, 4) is the cut-out at its size on the picture.

    None touches product or text, nor does its shade. What has no room is left out.
    """
    if not decorations or min(shot.width, shot.height) < SMALLEST:
        return stage.light
    cover = product[..., 3].astype(np.float32) / 255
    room = Room(shot, cover, (stage.block,) if stage.block else ())
    light = stage.light.copy()
    thin = max(shot.width, shot.height) > LONGEST * min(shot.width, shot.height)
    for each, own in zip(decorations, rng.spawn(len(decorations)), strict=True):
        if thin and each.place in ("hanging", "corner"):
            continue
        place = places.garlands if each.kind == "garland" else places.PLACES[each.place]
        on = places.Set(shot, stage, room, _Maker(shot, each, with_objects), own)
        for sprite, x, y in place(on):
            settle(shot, light, room, sprite, (x, y), each.place)
    return light


class _Maker:
    """Makes the ornaments of one group, at any height."""

    def __init__(self, shot: Shot, decoration: Decoration, with_objects: bool) -> None:
        self.kind, self.count = decoration.kind, decoration.count
        self.height = decoration.size * min(shot.width, shot.height)
        self._object = decoration.object if with_objects else ""
        self._tints = [_tint(shot, tint) for tint in decoration.colours]
        self._side = shot.side

    def make(self, number: int, share: float = 1.0, *, near: bool = False) -> Sprite:
        """Ornament `number` at a share of the group's height; `near` it will be blurred."""
        pixels = max(2, round(self.height * share))
        # An object is never enlarged until it looks soft; out of focus, soft is what it should be.
        if self._object and (near or pixels <= objects.height(self._object)):
            return objects.sized(self._object, pixels, self._side)
        master = next((height for height in HEIGHTS if height >= pixels), HEIGHTS[-1])
        tint = self._tints[number % len(self._tints)]
        way = number % DRAWINGS[self.kind].ways
        return resized(drawn(self.kind, tint, master, self._side, way), pixels)


def _tint(shot: Shot, tint: Tint) -> str:
    if tint == "accent":
        return shot.colours.accent
    return shot.colours.wall if tint == "wall" else oklch(*tint)
