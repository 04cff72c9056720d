"""The bare stage that every set starts from: a paper sweep under a soft box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.scene.colours import shift
from aigc.scene.light import Field, Grid, Shot, lay, linear, pool, shoulder, step


@dataclass(frozen=True)
class Stage:
    """An empty set, and what stands on it."""

    light: Field  # (H, W, 3)
    catches: Field | None = None  # (H, W): where a cast shadow can be seen; None: everywhere
    beside: float | None = None  # y of the floor beside a plinth; None: the product's own floor
    block: tuple[float, float, float, float] | None = None  # left, top, right, bottom of a plinth


def sweep(shot: Shot, grid: Grid, *, contrast: float = 1.0, low: float | None = None) -> Field:
    """A seamless paper sweep under a large soft box: wall, bend, floor and vignette."""
    unit, colours = shot.unit, shot.colours
    horizon = shot.horizon if low is None else low
    reach = float(np.hypot(shot.width, shot.height))
    key = (shot.centre + 0.25 * shot.side * unit, shot.middle - 0.25 * unit)
    spread = max(1.1 * unit, 0.42 * reach)
    glow = pool(grid, key, (spread, spread), 1.7)
    lit = 0.86 - 0.05 * contrast + (0.19 + 0.04 * contrast) * glow
    glimmer: Field = np.zeros((1, 1, 3), np.float32)
    if shot.dark:
        halo = pool(grid, (shot.centre, shot.middle), (0.75 * unit, 0.75 * unit))
        vivid = 0.74 + 0.4 * contrast * glow
        black = 0.3 + (1.3 + contrast) * glow + 1.4 * contrast * halo
        lit = vivid + shot.depth * (black - vivid)
        warm = linear(shift(colours.accent, hue=-20))
        glimmer = (0.055 * shot.depth * contrast * halo)[..., None] * warm
    wall: Field = lit[..., None] * linear(colours.wall) + glimmer
    if shot.floor is None:
        return wall
    front = np.clip((grid.y - horizon) / max(shot.height - horizon, 1), 0, 1)
    beside = pool(grid, (shot.centre, shot.floor), (1.6 * unit + 0.2 * shot.width, 1.2 * unit))
    base = 0.93 - 0.15 * shot.depth + (0.11 + 1.1 * shot.depth) * beside
    floor = (base * (1 - 0.1 * front))[..., None] * linear(colours.floor)
    sharp = 1 - 2 * min(shot.gloss, 0.4)  # a polished table ends; paper bends
    bend = step(grid.y, horizon, sharp * (0.035 * unit + 0.012 * shot.height))
    crease = np.exp(-(((grid.y - horizon) / (0.09 * unit + 4)) ** 2))  # where the paper turns up
    swept: Field = lay(wall, floor, bend) * (1 - 0.05 * crease)[..., None]
    return swept


def vignette(shot: Shot, grid: Grid, strength: float) -> Field:
    """How much light reaches each part, less towards the corners."""
    across = (grid.x - shot.width / 2) / shot.width
    down = (grid.y - shot.height / 2) / shot.height
    lit: Field = np.asarray(1 - 2 * strength * (across * across + down * down))
    return lit


def finish(shot: Shot, grid: Grid, light: Field, strength: float | None = None) -> Field:
    """Bring a set to the picture's size, in the style's light, darker towards the corners."""
    edge = 0.14 + 0.21 * shot.depth if strength is None else strength
    lit = light * vignette(shot, grid, edge)[..., None]
    if shot.warmth:
        key = (shot.centre + 0.4 * shot.side * shot.unit, shot.middle - 0.3 * shot.unit)
        near = 0.35 + 0.65 * pool(grid, key, (1.6 * shot.unit, 1.6 * shot.unit), 1.7)
        lit = lit * (1 + shot.warmth * near[..., None] * np.array([0.1, 0.01, -0.16], np.float32))
    return grid.grow(shoulder(lit).astype(np.float32))
