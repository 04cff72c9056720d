"""Patterns of light and cloth: leaves in a window, lights out of focus, folds."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.scene.colours import shift
from aigc.scene.light import Field, Grid, Shot, linear, step
from aigc.scene.shapes import FIXED, Points


def gobo(shot: Shot, grid: Grid) -> Field:
    """Window panes with the shade of a twig, as light falling from the key's side, 0..1."""
    rng, size = shot.rng, float(max(shot.unit, 0.55 * min(shot.width, shot.height)))
    x = grid.x - (shot.centre + 0.1 * shot.side * size)
    y = grid.y - (shot.middle - 0.15 * size)
    if shot.floor is not None:  # the floor takes the light flatter than the wall
        y = np.where(grid.y > shot.horizon, y + 1.4 * (grid.y - shot.horizon), y)
    slant = np.float32(0.45 * shot.side)
    across, down = x / size, y / size - slant * x / size * 0.8
    pane, bar = 0.62, 0.05
    u, v = np.abs(across), np.abs(down)
    soft = 0.035
    frame = (1 - step(u, 1.35 * pane, soft)) * (1 - step(v, 1.9 * pane, soft))
    bars = step(u, bar, soft * 0.7) * step(np.abs(v - 0.75 * pane), bar * 0.8, soft * 0.7)
    leaves = np.zeros(grid.x.shape, np.uint8)
    for _ in range(2):
        start = np.array([shot.centre + shot.side * 1.25 * size, shot.middle])
        start[1] -= size * rng.uniform(0.3, 1.0)
        _frond(leaves, start, -shot.side, size * rng.uniform(1.1, 1.5), grid.scale, rng)
    shade = grid.blur(leaves.astype(np.float32) / 255, 0.011 * size)
    lit: Field = frame * bars * (1 - 0.85 * shade)
    return lit


def _frond(
    mask: NDArray[np.uint8],
    start: Points,
    way: int,
    long: float,
    scale: float,
    rng: np.random.Generator,
) -> None:
    """Draw a palm leaf: a bent stem with slender leaflets, shorter towards the tip."""
    rise, fall = rng.uniform(-0.25, 0.1), rng.uniform(0.4, 0.8)
    along = np.linspace(0.12, 1, 15)
    stem = start + long * np.stack([way * along, rise * along + fall * along**2], 1)
    heading = np.gradient(stem, axis=0)
    heading /= np.linalg.norm(heading, axis=1)[:, None]
    for place, node, ahead in zip(along, stem, heading, strict=True):
        for side in (-1, 1):
            turned = side * rng.uniform(0.55, 0.75)
            cos, sin = np.cos(turned), np.sin(turned)
            out = np.array([ahead[0] * cos - ahead[1] * sin, ahead[0] * sin + ahead[1] * cos])
            _leaf(mask, node, out, long * 0.42 * (1.15 - place) ** 0.6 * rng.uniform(0.8, 1), scale)
    line = np.round(stem * scale * 2**FIXED).astype(np.int32)
    cv2.polylines(mask, [line], False, 255, max(1, round(0.008 * long * scale)), cv2.LINE_AA, FIXED)


def _leaf(
    mask: NDArray[np.uint8], node: Points, direction: Points, long: float, scale: float
) -> None:
    along = np.linspace(0, 1, 14)
    wide = 0.07 * long * np.sin(np.pi * along**0.7)
    normal = np.array([-direction[1], direction[0]])
    spine = node + np.outer(along * long, direction)
    spine[:, 1] += 0.25 * long * along**2  # leaflets hang
    points = np.vstack([spine + np.outer(wide, normal), (spine - np.outer(wide, normal))[::-1]])
    cv2.fillPoly(
        mask, [np.round(points * scale * 2**FIXED).astype(np.int32)], 255, cv2.LINE_AA, FIXED
    )


def discs(shot: Shot, grid: Grid) -> tuple[Field, Field]:
    """Lights out of focus: their colour (h, w, 3) and their cover (h, w)."""
    rng = shot.rng
    colour = np.zeros((*grid.x.shape, 3), np.float32)
    cover = np.zeros_like(grid.x)
    size = min(max(shot.width, shot.height) * 0.5, 1.3 * min(shot.width, shot.height))
    tints = [
        linear(shift(shot.colours.accent, 0.05 if shot.dark else 0.2, 0.9)),
        linear(shift(shot.colours.wall, 0.3 if shot.dark else 0.1, 1.5)),
        linear(shift(shot.colours.wall, 0.22 if shot.dark else -0.06, 2.2, 25)),
    ]
    bottom = shot.horizon if shot.floor is not None else shot.height
    for _ in range(30):
        radius = size * rng.uniform(0.02, 0.1)
        x, y = rng.uniform(0, shot.width), rng.uniform(-0.05, 1.0) * bottom
        tint = tints[int(rng.integers(3))]
        strength = rng.uniform(0.15, 0.6)
        reach = int(1.3 * radius * grid.scale) + 3
        column, row = int(x * grid.scale), int(y * grid.scale)
        part = np.s_[
            max(0, row - reach) : max(0, row + reach), max(0, column - reach) : column + reach
        ]
        distance = np.hypot(grid.x[part] - x, grid.y[part] - y)
        disc = 1 - step(distance, radius, 0.04 * radius + 1.2 / grid.scale)
        disc = strength * disc * (0.75 + 0.25 * step(distance, 0.88 * radius, 0.06 * radius))
        colour[part] += disc[..., None] * tint
        cover[part] += disc
    colour /= np.maximum(cover, 1e-6)[..., None]
    return colour, (1 - np.exp(-cover)).astype(np.float32)


def noise(rng: np.random.Generator, grid: Grid, cells_x: float, cells_y: float) -> Field:
    """Smooth noise about 0, with so many bumps across and down."""
    knots = rng.standard_normal((max(3, round(cells_y) + 3), max(3, round(cells_x) + 3)))
    wide = grid.x.shape[::-1]
    big: Field = cv2.resize(knots.astype(np.float32), wide, interpolation=cv2.INTER_CUBIC)
    return big


def drape(shot: Shot, grid: Grid) -> Field:
    """Shading of folded cloth, about 1: hanging folds behind a floor, satin without one."""
    rng = shot.rng
    size = max(0.5 * min(shot.width, shot.height), 0.6 * shot.unit)
    x, y = grid.x / size, grid.y / size
    wide, high = shot.width / size, shot.height / size
    if shot.floor is None:
        turn = 0.75 * shot.side
        along, cross = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
        bend = 0.5 * noise(rng, grid, 1.3 * wide, 1.3 * high)
        crease = noise(rng, grid, 2.5 * wide, 2.5 * high)
        height = np.sin(3.1 * (cross + bend) + 0.4 * along)
        height = height + 0.45 * np.sin(7.3 * (cross + 0.7 * bend) + 0.9 * crease)
        height = height + 0.16 * np.sin(15 * (cross + 0.5 * bend) + 1.6 * crease)
    else:
        sway = 0.07 * noise(rng, grid, 2 * wide, 0.6 * high)
        height = np.zeros_like(grid.x)
        for rate, share in ((5.0, 0.6), (9.3, 0.4), (17.0, 0.16)):
            phase = 0.9 * noise(rng, grid, wide, 0.4 * high)
            height = height + share * np.sin(rate * (x + sway) + phase)
    slope = np.gradient(height, axis=1) / np.gradient(x, axis=1)
    tilt = np.gradient(height, axis=0) / np.gradient(y, axis=0)
    facing = 0.16 * (shot.side * slope - 0.8 * tilt)
    shade = np.tanh(facing) + 0.14 * height + 0.5 * np.clip(np.tanh(facing) - 0.35, 0, 1)
    amount = shot.busy(grid, 0.15) * (0.22 + 0.4 * shot.depth)
    if shot.floor is not None:
        amount = amount * (1 - 0.94 * step(grid.y, shot.horizon, 0.04 * shot.unit))
    folds: Field = 1 + amount * shade
    return folds
