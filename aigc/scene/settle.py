"""Lays an ornament on the picture with its shade and the light it gives; never on text."""

from __future__ import annotations

import numpy as np

from aigc.scene.light import Field, Shot, soften
from aigc.scene.room import Room
from aigc.scene.sprites import Sprite

LAMP = np.array([1.0, 0.6, 0.22], np.float32)  # linear RGB of what a flame lights


def settle(
    shot: Shot, light: Field, room: Room, sprite: Sprite, at: tuple[float, float], how: str
) -> None:
    """Lay a sprite with its upper left at a place, in place; `how` it is held says its shadow."""
    left, top = round(at[0]), round(at[1])
    wide, tall = sprite.size
    if how == "floor" and shot.floor is not None:
        _stand(shot, light, room, left, top, sprite.cover)
    elif how != "falling":
        _drop(shot, light, room, left, top, sprite.cover, 0.05 * min(wide, tall))
    if sprite.glow:
        _glow(light, room, sprite, left, top)
    patch = _patch(light, left, top, left + wide - 1, top + tall - 1)
    if patch is None:
        return
    x0, y0, x1, y1 = patch
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    # the set's own light: dimmer in a dark room, of the same warmth
    tint = (1 + shot.warmth * np.array([0.05, 0.0, -0.1])) * (1 - 0.18 * shot.depth)
    below = light[y0:y1, x0:x1]
    below += (sprite.light[part] * tint.astype(np.float32) - below) * sprite.cover[part][..., None]


def _patch(
    light: Field, left: float, top: float, right: float, bottom: float
) -> tuple[int, int, int, int] | None:
    height, width = light.shape[:2]
    x0, y0 = max(0, int(left)), max(0, int(top))
    x1, y1 = min(width, int(right) + 1), min(height, int(bottom) + 1)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _stand(shot: Shot, light: Field, room: Room, left: int, top: int, cover: Field) -> None:
    """A dark seam where it stands, and a soft shadow on the floor, away from the key."""
    tall, wide = cover.shape
    foot = top + tall
    solid = np.flatnonzero(cover[int(0.86 * tall) :].max(axis=0) > 0.5)
    first, last = (int(solid[0]), int(solid[-1])) if solid.size else (0, wide)
    middle, half = left + (first + last) / 2, max(2.0, (last - first) / 2)
    away = -shot.side * 0.35 * wide
    patch = _patch(
        light, left - 0.6 * wide, foot - 0.3 * wide, left + 1.6 * wide, foot + 0.25 * wide
    )
    if patch is None:
        return
    x0, y0, x1, y1 = patch
    x = np.arange(x0, x1, dtype=np.float32)[None] - middle
    y = np.arange(y0, y1, dtype=np.float32)[:, None] - foot
    seam = np.exp(-((x / half) ** 4)) * np.exp(-(((y + 1) / (0.04 * wide + 1)) ** 2))
    far = np.exp(-(((x - 0.5 * away) / (1.15 * half + 0.5 * abs(away))) ** 2))
    thrown = far * np.exp(-(((y + 0.05 * wide) / (0.11 * wide)) ** 2))
    shade = (1 - (1 - 0.62 * seam) * (1 - 0.42 * thrown)) * room.free(*patch)
    light[y0:y1, x0:x1] *= 1 - shade[..., None].astype(np.float32)


def _drop(
    shot: Shot, light: Field, room: Room, left: int, top: int, cover: Field, away: float
) -> None:
    """The soft shadow of what hangs before the wall."""
    pad = int(3 * away) + 2
    soft = soften(np.pad(cover, pad), 0.9 * away + 0.5)
    x, y = left - pad - round(0.9 * shot.side * away), top - pad + round(1.1 * away)
    patch = _patch(light, x, y, x + soft.shape[1] - 1, y + soft.shape[0] - 1)
    if patch is None:
        return
    x0, y0, x1, y1 = patch
    shade = 0.3 * np.clip(soft[y0 - y : y1 - y, x0 - x : x1 - x], 0, 1) * room.free(*patch)
    light[y0:y1, x0:x1] *= 1 - shade[..., None]


def _glow(light: Field, room: Room, sprite: Sprite, left: int, top: int) -> None:
    """Warm light that a lamp gives to what is around it."""
    wide, tall = sprite.size
    body = np.flatnonzero(sprite.cover.max(axis=1) > 0.5)
    high = tall - (int(body[0]) if body.size else 0)
    x, y = left + wide / 2, top + tall - 0.55 * min(high, 2 * wide)
    reach = sprite.glow * wide
    far = 2.2 * reach
    patch = _patch(light, x - far, y - far, x + far, y + far)
    if patch is None:
        return
    x0, y0, x1, y1 = patch
    across = np.exp(-(((np.arange(x0, x1, dtype=np.float32) - x) / reach) ** 2))
    down = np.exp(-(((np.arange(y0, y1, dtype=np.float32) - y) / reach) ** 2))
    halo = 0.3 * down[:, None] * across[None] * room.free(*patch)
    part = light[y0:y1, x0:x1]
    part += halo[..., None].astype(np.float32) * (1.2 * part + 0.1) * LAMP
    np.minimum(part, 1, out=part)
