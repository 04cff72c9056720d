"""The plinth that a product stands on: a drum or a block, its shading and its shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from aigc.scene.colours import shift
from aigc.scene.light import Field, Shot, linear, stamp
from aigc.scene.shapes import fill, moved
from aigc.scene.sweep import Stage

TILT = 0.2  # height over width of a circle on the floor: the camera looks slightly down


@dataclass(frozen=True)
class Plinth:
    """A block or drum under the product, in pixels."""

    x: float
    top: float  # y of the middle of its upper face
    foot: float  # y of the middle of its lower face
    radius: float
    depth: float  # half the height of its upper face on the picture
    round: bool


def plinth(shot: Shot, *, round_one: bool = True) -> Plinth | None:
    """Fit a plinth under the product; None where there is no floor or no room above the text."""
    if shot.floor is None:
        return None
    radius = 0.62 * min(shot.product[0], 1.6 * shot.unit) + 0.04 * shot.unit
    radius = max(radius, 0.5 * shot.unit)
    wide = min(shot.centre, shot.width - shot.centre) - 0.025 * shot.width
    if wide < 0.5 * shot.product[0]:
        return None
    radius = min(radius, max(wide, 0.53 * shot.product[0]))
    depth = TILT * radius
    top = shot.floor - 0.25 * depth
    seen = shot.height - 0.05 * shot.unit  # some of its front must show, or it is no plinth
    if top + depth > seen:
        depth = seen - shot.floor
        top = shot.floor - 0.25 * depth
    if depth < 0.4 * TILT * radius:
        return None
    height = 0.22 * shot.unit
    lowest = shot.height + height
    for left, box_top, right, _ in shot.quiet:
        overlaps = left < shot.centre + radius and right > shot.centre - radius
        if overlaps and box_top > shot.floor - 0.2 * shot.product[1]:
            lowest = min(lowest, box_top)
    height = min(height, lowest - 0.2 * depth - (top + depth))
    if height < 0.05 * shot.unit:
        return None
    return Plinth(shot.centre, top, top + height, radius, depth, round_one)


def build(shot: Shot, plinth: Plinth, light: Field) -> Stage:
    """Set the plinth on the floor; shadows are seen on its top."""
    material = shift(shot.colours.wall, (0.03 + 0.09 * shot.depth) * shot.dark)
    body, top_face = linear(material), linear(shift(material, 0.02))
    radius = plinth.radius
    light = light * (1 - _foot_shadow(shot, plinth))[..., None]

    across = np.arange(shot.width, dtype=np.float32)[None] + 0.5
    turn = np.clip((across - plinth.x) / radius, -1, 1)
    if plinth.round:
        facing = np.cos(np.arcsin(turn) - shot.side * 0.9)
        lit = 0.4 + 0.5 * np.clip(facing, 0, 1) + 0.05 * np.abs(turn) ** 6
    else:
        lit = 0.74 + 0.08 * turn * shot.side
    down = np.arange(shot.height, dtype=np.float32)[:, None] + 0.5
    tall = max(plinth.foot - plinth.top, 1.0)
    lit = lit * (1 - 0.16 * np.clip((down - plinth.top) / tall, 0, 1) ** 1.5)
    lit = lit * (1 + 0.4 * shot.depth)
    side = _side_mask(shot, plinth)
    stamp(light, lit[..., None] * body, side)

    top_mask = _face(shot, plinth, plinth.top)
    glow = 1.0 + 0.1 * turn * shot.side
    lit_top = np.broadcast_to((glow * (1 + 0.8 * shot.depth))[..., None] * top_face, light.shape)
    stamp(light, lit_top, top_mask)
    rim = np.clip(top_mask - _face(shot, plinth, plinth.top - max(1.2, 0.006 * radius)), 0, 1)
    stamp(light, np.minimum(top_face * 1.5 + 0.03, 1), 0.5 * rim * (0.6 + 0.4 * glow))
    left, right = plinth.x - radius, plinth.x + radius
    below = plinth.foot + plinth.depth
    return Stage(
        np.minimum(light, 1),
        top_mask,
        beside=plinth.foot + 0.3 * plinth.depth,
        block=(left, plinth.top - plinth.depth, right, below),
    )


def _face(shot: Shot, plinth: Plinth, y: float) -> Field:
    mask = np.zeros((shot.height, shot.width), np.uint8)
    if plinth.round:
        angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
        points = np.stack(
            [
                plinth.x + plinth.radius * np.cos(angle),
                y + plinth.depth * np.sin(angle),
            ],
            1,
        )
    else:
        far = 0.86 * plinth.radius
        points = np.array(
            [
                [plinth.x - far, y - plinth.depth],
                [plinth.x + far, y - plinth.depth],
                [plinth.x + plinth.radius, y + plinth.depth],
                [plinth.x - plinth.radius, y + plinth.depth],
            ]
        )
    return fill(mask, points)


def _side_mask(shot: Shot, plinth: Plinth) -> Field:
    mask = np.zeros((shot.height, shot.width), np.uint8)
    front = plinth.depth if not plinth.round else 0.0
    points = np.array(
        [
            [plinth.x - plinth.radius, plinth.top + front],
            [plinth.x + plinth.radius, plinth.top + front],
            [plinth.x + plinth.radius, plinth.foot + front],
            [plinth.x - plinth.radius, plinth.foot + front],
        ]
    )
    wall = fill(mask, points)
    if plinth.round:
        wall = np.maximum(wall, _face(shot, plinth, plinth.foot))
    return wall


def _foot_shadow(shot: Shot, plinth: Plinth) -> Field:
    grid = shot.grid()
    size = grid.x.shape[::-1]
    foot = cv2.resize(_face(shot, plinth, plinth.foot), size, interpolation=cv2.INTER_AREA)
    tall = plinth.foot - plinth.top
    contact = grid.blur(foot, 0.06 * plinth.radius)
    thrown = np.zeros_like(foot)
    for part in (0.25, 0.6, 1.0):  # slices of the side, higher ones thrown farther and softer
        slid = moved(foot, -shot.side * part * (0.5 * tall + 0.2 * plinth.radius), 0, grid)
        thrown = np.maximum(thrown, grid.blur(slid, (0.04 + 0.09 * part) * plinth.radius))
    strength = 0.5 + 0.15 * shot.depth
    total = 1 - (1 - strength * contact) * (1 - 0.6 * strength * thrown)
    return np.clip(grid.grow(total), 0, 1)
