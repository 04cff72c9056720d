"""Shapes cut from paper and board: filled outlines, moved shadows, frames and layers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.scene.colours import shift, turn
from aigc.scene.light import Field, Grid, Shot, dim, linear, soften, stamp

Points = NDArray[np.floating[Any]]  # (n, 2) of x, y
FIXED = 4  # fractional bits of cv2's drawing, for edges between pixels


def fill(mask: NDArray[np.uint8], points: Points) -> Field:
    """Draw a filled outline with soft edges on an empty mask; gives it as 0..1."""
    fixed = np.round(points * 2**FIXED).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=FIXED)
    return mask.astype(np.float32) / 255


def moved(field: Field, x: float, y: float, grid: Grid) -> Field:
    """Shift a field by picture pixels; its border repeats."""
    move = np.array([[1, 0, x * grid.scale], [0, 1, y * grid.scale]], np.float32)
    shifted: Field = cv2.warpAffine(field, move, field.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return shifted


def arch(shot: Shot, light: Field, floor: float) -> Field:
    """An arch or disc on the wall that frames the product, with its soft shadow.

    It keeps out of the text; where no frame larger than the product is left, there is none.
    """
    width, height = shot.product
    wall = shot.colours.wall
    tone = shift(wall, 0.06, 1.05, 8 * turn(wall)) if shot.dark else shift(wall, -0.05, 1.35)
    margin = 0.02 * min(shot.width, shot.height)
    left, up, right, _ = shot.clear(float(max(shot.width, shot.height)), margin)
    aside = min(left, right)
    disc = bool(shot.rng.random() < 0.45)
    radius = min(0.66 * max(width, height), up, aside)
    half = min(0.5 * width + 0.22 * shot.unit, aside)
    top = max(shot.middle - up, shot.box[1] - 0.3 * height)
    if disc and radius > 0.54 * max(width, height):
        angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
        points = np.stack(
            [shot.centre + radius * np.cos(angle), shot.middle + radius * np.sin(angle)], 1
        )
        half = radius
    elif half > 0.52 * width and top < shot.box[1] - 0.04 * height:
        bow = min(half, 0.8 * (floor - top))
        angle = np.linspace(np.pi, 2 * np.pi, 120)
        curve = np.stack([shot.centre + half * np.cos(angle), top + bow + bow * np.sin(angle)], 1)
        points = np.vstack([[[shot.centre - half, floor]], curve, [[shot.centre + half, floor]]])
    else:
        return light
    return recess(shot, light, points, tone, floor, half)


def recess(
    shot: Shot,
    light: Field,
    points: Points,
    tone: str,
    floor: float,
    size: float,
    ground: str | None = None,
) -> Field:
    """Cut an opening of a tone into the wall, down to the floor, with its own soft shadow.

    `ground` is the tone of what it is cut into, where that is not the wall.
    """
    mask = fill(np.zeros((shot.height, shot.width), np.uint8), points)
    mask[int(max(0, floor)) :] = 0
    grid = shot.grid()
    small = cv2.resize(mask, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
    ratio = (linear(tone) + 0.002) / (linear(ground or shot.colours.wall) + 0.002)
    inner = np.clip(small - moved(small, -shot.side * 0.05 * size, 0.06 * size, grid), 0, 1)
    shade = np.clip(grid.grow(grid.blur(inner * small, 0.035 * size)), 0, 1) * mask
    tinted: Field = light * (1 + (ratio - 1) * mask[..., None]) * (1 - 0.35 * shade)[..., None]
    return tinted


def sheets(shot: Shot, light: Field) -> Field:
    """Layers of paper: a sun and rolling hills where there is a floor, else blobs under it."""
    rng, colours, unit = shot.rng, shot.colours, shot.unit
    shapes: list[tuple[Points, str]] = []
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    away, way = 1 if shot.dark else -1, turn(colours.wall)
    room = min(shot.clear(float(max(shot.width, shot.height)), 0.02 * shot.height))
    widest = min(room, 0.8 * max(shot.product))
    for layer in range(3 if widest > 0.5 * max(shot.product) else 0):
        tone = shift(colours.wall, away * 0.028 * (layer + 1), 1 + 0.3 * layer, 8 * layer * way)
        wobble = 1 + sum(
            rng.uniform(0.005, 0.03) / k * np.cos(k * angle + rng.uniform(0, 6.28))
            for k in (2, 3, 5)
        )
        radius = widest * (1 - 0.15 * layer) * wobble / float(np.max(wobble))
        ring = [shot.centre + radius * np.cos(angle), shot.middle + radius * np.sin(angle)]
        shapes.append((np.stack(ring, 1), tone))
    if shot.floor is not None:
        across = np.linspace(-20, shot.width + 20, 160)
        for layer in range(3):
            tone = shift(
                colours.wall,
                away * (0.075 - 0.03 * layer),
                1.5 - 0.2 * layer,
                (20 - 8 * layer) * way,
            )
            level = shot.floor - (0.36 - 0.13 * layer) * min(unit, shot.product[1])
            swing, phase = (0.08 - 0.025 * layer) * unit, rng.uniform(0, 6.28)
            wave = np.sin(across / (0.75 * unit) + phase) + 0.35 * np.sin(across / (0.31 * unit))
            crest = np.stack([across, _below_text(shot, across, level + swing * wave)], 1)
            edge = [[shot.width + 20, shot.height + 20], [-20, shot.height + 20]]
            shapes.append((np.vstack([crest, edge]), tone))
    grid = shot.grid()
    lit = grid.grow(1 + 0.06 * shot.side * (grid.x - shot.centre) / shot.width)
    for number, (points, tone) in enumerate(shapes):
        mask = fill(np.zeros((shot.height, shot.width), np.uint8), points)
        small = cv2.resize(mask, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
        hill = shot.floor is not None and number >= len(shapes) - 3
        thrown = moved(small, -shot.side * 0.02 * unit, (-0.01 if hill else 0.022) * unit, grid)
        thrown = 0.55 * grid.blur(thrown, 0.018 * unit) + 0.45 * grid.blur(thrown, 0.06 * unit)
        dim(light, 0.34 * np.clip(grid.grow(thrown), 0, 1))
        stamp(light, linear(tone), mask)
    light *= lit[..., None]
    return light


def _below_text(shot: Shot, across: Points, crest: Points) -> Points:
    """Let a ridge sink out of sight on the side where text stands beside the product."""
    left, right = shot.box[0], shot.box[2]
    for x0, y0, x1, y1 in shot.quiet:
        if y1 < crest.min() or y0 > crest.max():
            continue
        if x1 <= left + 0.2 * shot.product[0]:
            inner = left + 0.25 * shot.product[0]
            away = (inner - across) / max(inner - x1, 0.05 * shot.unit)
        elif x0 >= right - 0.2 * shot.product[0]:
            inner = right - 0.25 * shot.product[0]
            away = (across - inner) / max(x0 - inner, 0.05 * shot.unit)
        else:
            continue
        sink = np.clip(away, 0, 1) ** 2 * (3 - 2 * np.clip(away, 0, 1))
        target = y1 + 0.03 * shot.height
        target = shot.height * 1.03 if target > 0.93 * shot.height else target
        crest = crest + np.maximum(target - crest, 0) * sink
    return crest


def confetti(shot: Shot, light: Field, floor: float | None) -> Field:
    """Paper flakes in the air, near ones out of focus; none over the text."""
    rng, unit = shot.rng, min(shot.unit, 0.5 * min(shot.width, shot.height))
    bottom = shot.horizon if floor is None else floor
    tones = [linear(shot.colours.accent), linear(shift(shot.colours.wall, 0.15))]
    for number in range(36):
        blur = 0.012 * unit if number % 3 == 0 else 0.0
        x, y = rng.uniform(0, shot.width), rng.uniform(0, bottom)
        long = unit * rng.uniform(0.015, 0.035) * (1.6 if blur else 1.0)
        turn, flat = rng.uniform(0, np.pi), rng.uniform(0.25, 0.8)
        reach = int(1.5 * long + 3 * blur) + 2
        near = [
            box[0] - reach < x < box[2] + reach and box[1] - reach < y < box[3] + reach
            for box in shot.quiet
        ]
        left, top = int(x) - reach, int(y) - reach
        if any(near) or left < 0 or top < 0:
            continue
        patch = light[top : top + 2 * reach, left : left + 2 * reach]
        corners = np.array([[-1, -flat], [1, -flat], [1, flat], [-1, flat]]) * long
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        mask = np.zeros(patch.shape[:2], np.uint8)
        flake = fill(mask, corners @ spin.T + [x - left, y - top])
        flake = 0.7 * soften(flake, blur) if blur else 0.92 * flake
        stamp(patch, tones[number % 2], np.clip(flake, 0, 1))
    return light
