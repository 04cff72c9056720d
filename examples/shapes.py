"""Shapes as signed distance functions, noise, and wood."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import map_coordinates

Array = NDArray[Any]  # float32, (N, 3) points or (N,) numbers


def rgb(text: str) -> Array:
    """Linear light of an sRGB colour written #rrggbb."""
    values = np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(values < 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def numbers(text: str) -> Array:
    """Read "1 2, 3 4" as rows."""
    return np.array([row.split() for row in text.split(",")], np.float32)


def length(*sides: Array) -> Array:
    """Hypotenuse of any number of sides."""
    return np.sqrt(sum(side * side for side in sides))


def melt(a: Array, b: Array, width: float) -> Array:
    """Union of two shapes whose joint is filleted."""
    h = (width - np.abs(a - b)).clip(0) / width
    return np.minimum(a, b) - h * h * width / 4


def tube(points: Array, path: str, widths: list[float]) -> Array:
    """A round bar along a smooth path "x y z, x y z …", its radius changing along it."""
    knots = numbers(path)
    t = np.linspace(0, 1, len(knots))
    fine = np.linspace(0, 1, 44)
    line = CubicSpline(t, knots)(fine).astype(np.float32)
    radius = np.interp(fine, t, widths).astype(np.float32)
    # Far away, the box round the bar is near enough, and much quicker.
    slack = radius.max() + 0.02
    inside = points.clip(line.min(0) - slack, line.max(0) + slack)
    best = np.linalg.norm(points - inside, axis=-1) + 0.05
    near = best < 0.15
    best[near] = _bar(points[near], line, radius)
    return best


def _bar(points: Array, line: Array, radius: Array) -> Array:
    best = np.full(len(points), 9.0, np.float32)
    for start, end, r0, r1 in zip(line, line[1:], radius, radius[1:], strict=False):
        along = end - start
        h = (((points - start) @ along) / (along @ along)).clip(0, 1)
        d = np.linalg.norm(points - start - h[:, None] * along, axis=-1) - (r0 + (r1 - r0) * h)
        best = np.minimum(best, d)
    return best


def turned(profile: str, smooth: bool = True) -> Callable[[Array], Array]:
    """What a potter's wheel makes of an outline "radius height, …", bottom to top."""
    outline = numbers(profile)
    if smooth:
        for _ in range(4):  # cut corners; the ends stay on the axis
            a, b = outline[:-1], outline[1:]
            cut = np.stack([a * 0.75 + b * 0.25, a * 0.25 + b * 0.75], 1).reshape(-1, 2)
            outline = np.concatenate([outline[:1], cut, outline[-1:]])
    low = outline.min(0) - 0.6
    high = outline.max(0) + 0.6
    cell = float((high - low).max()) / 700
    r = np.arange(-0.1, high[0], cell, dtype=np.float32)
    y = np.arange(low[1], high[1], cell, dtype=np.float32)
    grid = np.stack(np.meshgrid(r, y, indexing="ij"), -1).reshape(-1, 2)
    closed = np.concatenate([outline, [[0, outline[-1, 1]], [0, outline[0, 1]]]]).astype(np.float32)
    best, inside = np.full(len(grid), 9.0, np.float32), np.zeros(len(grid), bool)
    for a, b in zip(closed, np.roll(closed, -1, 0), strict=True):
        edge = b - a
        crosses = (a[1] > grid[:, 1]) != (b[1] > grid[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (
                np.abs(grid[:, 0]) < (b[0] - a[0]) * (grid[:, 1] - a[1]) / (b[1] - a[1]) + a[0]
            )
        if a[0] <= 0 and b[0] <= 0 and edge @ edge > 0:
            continue  # the axis is no surface
        h = (((grid - a) @ edge) / max(float(edge @ edge), 1e-12)).clip(0, 1)
        best = np.minimum(best, np.linalg.norm(grid - a - h[:, None] * edge, axis=-1))
    table = np.where(inside, -best, best).reshape(len(r), len(y))

    def distance(points: Array) -> Array:
        where = [
            (length(points[:, 0], points[:, 2]) + 0.1) / cell,
            (points[:, 1] - low[1]) / cell,
        ]
        return map_coordinates(table, where, order=1, mode="nearest", prefilter=False)

    return distance


@cache
def _lattice() -> Array:
    return np.random.default_rng(4).random((64, 64, 64), np.float32)


def noise(points: Array, octaves: int = 4) -> Array:
    """Smooth noise in 0..1 over (N, 3) points."""
    total, weight = np.zeros(len(points), np.float32), 0.0
    for octave in range(octaves):
        share = 0.5**octave
        where = (points * 2**octave + 17.3 * octave).T
        total += share * map_coordinates(
            _lattice(), where, order=1, mode="grid-wrap", prefilter=False
        )
        weight += share
    return total / weight


def mix(a: Array, b: Array, share: Array) -> Array:
    """Blend two colours by (N,) shares."""
    return a * (1 - share[:, None]) + b * share[:, None]


def wood(points: Array) -> Array:
    """Oiled planks: growth rings cut lengthwise, fine pores, dark joints."""
    width = 1.55
    plank = np.floor(points[:, 2] / width)
    inside = points[:, 2] / width - plank
    shift = np.sin(plank * 12.9898) * 43758.5453
    shift = (shift - np.floor(shift)).astype(np.float32)
    x = points[:, 0] + shift * 40
    place = np.stack([x * 0.16, shift * 30, points[:, 2] * 0.9], -1)
    warp = noise(place, 3)
    rings = np.abs(((points[:, 2] * 1.6 + warp * 5.5 + shift * 3) % 1.0) - 0.5) * 2
    pores = noise(np.stack([x * 1.3, shift * 9, points[:, 2] * 38], -1), 3)
    tone = 0.35 * rings**1.5 + 0.45 * pores + 0.5 * (shift - 0.5) * 0.6
    colour = mix(rgb("#7b5436"), rgb("#3f2616"), (tone + 0.05).clip(0, 1))
    fine = noise(np.stack([x * 4, shift * 9, points[:, 2] * 90], -1), 2)
    joint = np.minimum(inside, 1 - inside) * width
    dark = 1 - 0.75 * np.exp(-((joint / 0.012) ** 2))
    return colour * ((0.82 + 0.36 * fine) * dark)[:, None]
