"""What a wall behind the product can carry: openings, gilded rims, tubes of light, out of text."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.scene.light import Field, Shot, linear, soften, stamp
from aigc.scene.shapes import FIXED, Points

GOLD = np.array([0.79, 0.5, 0.16], np.float32)  # linear RGB of gold leaf in warm light


def circle(shot: Shot, share: float = 0.72) -> tuple[float, float, float]:
    """The largest welcome disc behind the product: x, y, radius; radius 0 where there is no room.

    `share` is its radius over the product's longer side. Where text stands beside the product,
    the disc moves away from it; it may sink behind the floor, as a moon rises.
    """
    width, height = shot.product
    margin = 0.02 * min(shot.width, shot.height)
    left, up, right, down = shot.clear(2.0 * max(shot.width, shot.height), margin)
    up = min(up, shot.middle - margin)  # its crown is seen: without one, a disc is a wall
    radius = min(max(share * max(width, height), 0.72 * width), 0.62 * min(shot.width, shot.height))
    radius = min(radius, max(0.47 * shot.width, 0.6 * width))
    for _ in range(8):  # smaller until a place is found from which it still frames the product
        x = min(max(shot.centre, shot.centre - left + radius), shot.centre + right - radius)
        top = max(shot.middle - up, shot.middle - radius - 0.06 * height)
        y = top + radius
        fits = shot.floor is not None or y + radius <= shot.middle + down
        aside = abs(x - shot.centre)
        framed = aside + 0.3 * width < radius and y - shot.middle < 0.55 * radius
        if fits and framed and x - radius >= shot.centre - left - 1:
            return x, y, radius
        radius *= 0.9
        if radius < 0.5 * min(width, height) or radius < 0.36 * max(width, height):
            break
    return shot.centre, shot.middle, 0.0


def disc(x: float, y: float, radius: float, count: int = 240) -> Points:
    """A circle's outline."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], 1)


def line(shot: Shot, points: Points, width: float, *, closed: bool = True) -> Field:
    """A line of `width` pixels along an outline, 0..1."""
    mask = np.zeros((shot.height, shot.width), np.float32)
    left, top = np.maximum(np.floor(points.min(axis=0) - width - 1), 0).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + width + 1).astype(int)
    right, bottom = min(right, shot.width), min(bottom, shot.height)
    if right <= left or bottom <= top:
        return mask
    # drawn twice as large without antialiasing: OpenCV's own shows every joint of a thick line
    large = np.zeros((2 * (bottom - top), 2 * (right - left)), np.uint8)
    fixed = [np.round((points - [left, top]) * 2 ** (FIXED + 1)).astype(np.int32)]
    cv2.polylines(large, fixed, closed, 255, max(1, round(2 * width)), cv2.LINE_8, FIXED)
    small = cv2.resize(large, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    mask[top:bottom, left:right] = cv2.GaussianBlur(small, (0, 0), 0.5).astype(np.float32) / 255
    return mask


def gild(
    shot: Shot, light: Field, points: Points, width: float, floor: float, *, closed: bool = True
) -> None:
    """Lay a rounded gold moulding along an outline, in place, lit from the key's side."""
    band = line(shot, points, width, closed=closed)
    band[int(max(0, floor)) :] = 0
    round_ = soften(band, 0.34 * width + 0.4)
    slope_y, slope_x = np.gradient(round_)
    facing = np.asarray((-shot.side * slope_x - 0.9 * slope_y) * width)
    lit: Field = np.clip(0.62 - 0.9 * facing, 0.12, 1.7)
    gleam: Field = np.clip(-facing - 0.32, 0, 1)
    gold = lit[..., None] * GOLD + 0.9 * gleam[..., None]
    stamp(light, np.minimum(gold, 1.0).astype(np.float32), band)


def tube(
    shot: Shot,
    light: Field,
    points: Points,
    colour: str,
    width: float,
    *,
    closed: bool = True,
    calm: Field | None = None,
    power: float = 1.0,
) -> Field:
    """Light a thin tube along an outline: a white core, and its glow on what is around it."""
    core = line(shot, points, width, closed=closed)
    grid = shot.grid()
    small = cv2.resize(core, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
    reach = max(3.0 * width, 0.012 * shot.unit)
    halo = grid.grow(0.75 * grid.blur(small, reach) + 1.9 * grid.blur(small, 4.5 * reach))
    if calm is not None:
        halo, core = halo * calm, core * calm
    tint = linear(colour)
    glowing = light + (power * np.clip(halo, 0, None))[..., None] * tint
    stamp(glowing, np.minimum(0.35 + tint, 1).astype(np.float32), core)
    return np.minimum(glowing, 1)


def calm(shot: Shot) -> Field:
    """Where pattern is welcome, 1, down to 0 where text will stand, at the picture's size."""
    grid = shot.grid()
    return np.clip(grid.grow(shot.busy(grid)), 0, 1)
