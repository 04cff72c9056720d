"""Sets for festivals: a moon gate, the full moon, a pointed niche, hearts, a rangoli, snow."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.scene import patterns, walls
from aigc.scene.colours import oklch, shift
from aigc.scene.light import (
    CRISP_AREA,
    Field,
    Grid,
    Shot,
    dim,
    lay,
    linear,
    pool,
    shoulder,
    stamp,
    step,
)
from aigc.scene.props import TILT
from aigc.scene.shapes import Points, fill, moved, recess
from aigc.scene.sweep import Stage, finish, sweep


def gate(shot: Shot) -> Stage:
    """A round opening in the wall, as in a Chinese garden, with a gilded rim and light behind."""
    grid = shot.grid()
    light = finish(shot, grid, sweep(shot, grid))
    x, y, radius = walls.circle(shot)
    if not radius:
        return Stage(light)
    wall, floor = shot.colours.wall, shot.horizon
    tone = shift(wall, 0.055, 1.08) if shot.dark else shift(wall, -0.05, 1.4)
    ring = walls.disc(x, y, radius)
    light = recess(shot, light, ring, tone, floor, radius)
    inside = fill(np.zeros((shot.height, shot.width), np.uint8), ring)
    inside[int(max(0, floor)) :] = 0
    glow = grid.grow(pool(grid, (x, y - 0.1 * radius), (0.8 * radius, 0.8 * radius), 1.8)) * inside
    warm = linear(shift(shot.colours.accent, -0.06, 0.9, -12))
    light = lay(light, warm, 0.12 * np.clip(glow, 0, 1))
    walls.gild(shot, light, ring, max(3.0, 0.028 * radius), floor)
    walls.gild(shot, light, walls.disc(x, y, 0.93 * radius), max(1.0, 0.006 * radius), floor)
    return Stage(light)


def moon(shot: Shot) -> Stage:
    """A huge full moon that rises behind the product, over banks of paper cloud."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid, contrast=0.6)
    x, y, radius = walls.circle(shot, 0.7)
    if not radius:
        return Stage(finish(shot, grid, light))
    sky = 1 - step(grid.y, shot.horizon, 0.02 * shot.unit) if shot.floor else np.ones_like(grid.x)
    away = np.hypot(grid.x - x, grid.y - y)
    gold = linear(oklch(0.9, 0.095, 88))
    seas = 0.5 * patterns.noise(shot.rng, grid, 7, 7 * shot.height / shot.width)
    seas = seas + 0.5 * patterns.noise(shot.rng, grid, 3, 3 * shot.height / shot.width)
    face = (1.12 - 0.13 * np.tanh(1.2 * seas)) * (1 - 0.2 * (away / radius) ** 3)
    disc = (1 - step(away, radius, 0.004 * radius + 0.8 / grid.scale)) * sky
    halo = np.exp(-np.maximum(away - radius, 0) / (0.3 * radius)) * sky * shot.busy(grid, 0.25)
    light = light + (0.2 * halo * (1 - disc))[..., None] * gold
    light = lay(light, (face[..., None] * gold).astype(np.float32), disc)
    lit = finish(shot, grid, light.astype(np.float32), 0.2)
    if shot.floor is not None:
        _clouds(shot, lit, x, radius)
    return Stage(lit)


def _clouds(shot: Shot, light: Field, x: float, radius: float) -> None:
    """Banks of round paper cloud along the horizon, each layer with its shadow, in place."""
    calm = walls.calm(shot)
    grid = shot.grid()
    for layer, rise in enumerate((0.2, 0.08)):
        mask = np.zeros((shot.height, shot.width), np.uint8)
        base = shot.horizon + (0.04 + 0.05 * layer) * shot.unit
        for way in (-1, 1):
            at = x + way * radius * (0.75 + 0.25 * layer)
            for _ in range(9):
                size = radius * shot.rng.uniform(0.1, 0.2)
                ellipse = walls.disc(at, base - rise * radius * shot.rng.uniform(0.1, 1), size, 60)
                fill(mask, ellipse)
                at += way * size * shot.rng.uniform(0.7, 1.2)
            outer = sorted((x + way * radius * 0.65, at + way * radius))
            floor_ = [
                [outer[0], base],
                [outer[1], base],
                [outer[1], base + 9],
                [outer[0], base + 9],
            ]
            fill(mask, np.array(floor_))
        cloud = mask.astype(np.float32) / 255
        rows = np.arange(shot.height, dtype=np.float32)[:, None]
        fade = np.clip(1 - (rows - base + 0.05 * shot.unit) / (0.1 * shot.unit), 0, 1)
        cloud = cloud * fade * calm
        small = cv2.resize(cloud, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
        dim(
            light,
            0.3
            * np.clip(
                grid.grow(grid.blur(moved(small, 0, -0.02 * radius, grid), 0.03 * radius)), 0, 1
            )
            * (1 - cloud),
        )
        stamp(light, linear(shift(shot.colours.wall, 0.1 + 0.07 * layer, 0.9)), 0.92 * cloud)


def niche(shot: Shot) -> Stage:
    """A pointed arch in the wall with a gilded edge and a lattice of stars in the light behind."""
    grid = shot.grid(CRISP_AREA)
    light = finish(shot, grid, sweep(shot, grid))
    x, half, top = arch_room(shot)
    if not half:
        return Stage(light)
    floor = shot.horizon if shot.floor is not None else shot.height + 0.1 * shot.unit
    wall = shot.colours.wall
    outer = pointed(x, top, half, floor)
    tone = shift(wall, 0.055, 1.1) if shot.dark else shift(wall, -0.05, 1.4)
    light = recess(shot, light, outer, tone, floor, half)
    inset = pointed(x, top + 0.13 * half, 0.9 * half, floor)
    inside = fill(np.zeros((shot.height, shot.width), np.uint8), inset)
    inside[int(max(0, floor)) :] = 0
    glow = grid.grow(pool(grid, (x, shot.middle), (0.9 * half, 1.2 * half), 1.8))
    warm = linear(shift(shot.colours.accent, -0.12, 0.9, -8))
    light = lay(light, warm, (0.34 if shot.dark else 0.14) * np.clip(glow, 0, 1) * inside)
    lattice = _lattice(shot, 0.3 * half) * inside * walls.calm(shot)
    light = light * (1 + (0.3 if shot.dark else -0.07) * lattice)[..., None]
    light = shoulder(light.astype(np.float32))
    walls.gild(shot, light, outer, max(3.0, 0.035 * half), floor, closed=False)
    walls.gild(shot, light, inset, max(1.0, 0.009 * half), floor, closed=False)
    return Stage(light)


def arch_room(shot: Shot) -> tuple[float, float, float]:
    """The middle, half the width and the top of an arch that frames the product; 0 for no room."""
    width, height = shot.product
    margin = 0.025 * min(shot.width, shot.height)
    left, up, right, _ = shot.clear(float(max(shot.width, shot.height)), margin)
    half = 0.5 * width + 0.3 * shot.unit
    top = max(shot.middle - up, shot.box[1] - 0.4 * max(height, 1.1 * width), margin)
    base = shot.horizon if shot.floor is not None else float(shot.height)
    half = min(half, max(0.72 * (base - top), 0.5 * width))  # squat, it is no pointed arch
    # away from text beside it, as far as it still stands around the product
    x = min(max(shot.centre, shot.centre - left + half), shot.centre + right - half)
    if abs(x - shot.centre) > 0.4 * half:
        half = min(left, right)
        x = shot.centre
    if half < 0.45 * width or top > shot.box[1] + 0.1 * height:
        return x, 0.0, 0.0
    return x, half, top


def pointed(x: float, top: float, half: float, floor: float) -> Points:
    """A keel arch's outline, from its left foot over the point to its right foot."""
    rise = min(1.15 * half, 0.8 * (floor - top))
    t = np.linspace(0, 1, 40)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3])
    shoulder_ = weights @ np.array([[1, 0], [1, 0.56], [0.66, 0.72], [0.36, 0.82]])
    keel = weights @ np.array([[0.36, 0.82], [0.17, 0.885], [0.05, 0.93], [0, 1]])
    curve = np.vstack([shoulder_, keel[1:]]) * [half, rise]
    right = np.stack([x + curve[:, 0], top + rise - curve[:, 1]], 1)
    left = (right * [-1, 1] + [2 * x, 0])[::-1]
    return np.vstack([[[x + half, floor]], right, left, [[x - half, floor]]])


def _lattice(shot: Shot, cell: float) -> Field:
    """Eight-pointed stars and crosses in fine lines, 0..1, as in a carved screen."""
    mask = np.zeros((shot.height, shot.width), np.uint8)
    angle = np.linspace(0, 2 * np.pi, 17)
    star = (
        np.stack([np.cos(angle), np.sin(angle)], 1)
        * np.where(np.arange(17) % 2, 0.36, 0.47)[:, None]
    )
    thick = max(1, round(0.035 * cell))
    columns = range(-int(shot.centre / cell) - 1, int((shot.width - shot.centre) / cell) + 2)
    for column in columns:
        for row in range(-1, int(shot.height / cell) + 2):
            at = star * cell + [shot.centre + column * cell, row * cell]
            cv2.polylines(
                mask, [np.round(at * 16).astype(np.int32)], True, 255, thick, cv2.LINE_AA, 4
            )
    return mask.astype(np.float32) / 255


def heart(x: float, y: float, size: float, count: int = 160) -> Points:
    """A heart's outline, `size` from its middle to its side."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    across = np.sin(t) ** 3
    down = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return np.stack([x + size * across, y + size * (down - 0.08)], 1)


def hearts(shot: Shot) -> Stage:
    """Hearts within hearts, cut from layers of paper behind the product."""
    grid = shot.grid()
    light = finish(shot, grid, sweep(shot, grid, contrast=0.6))
    x, y, radius = walls.circle(shot, 0.78)
    if not radius:
        return Stage(light)
    away = 1 if shot.dark else -1
    floor = shot.horizon if shot.floor is not None else float(shot.height)
    ground = None
    for layer, share in enumerate((1.0, 0.83, 0.66)):
        tone = shift(shot.colours.wall, away * 0.035 * (layer + 1), 1.25 + 0.2 * layer, 2)
        outline = heart(x, y, share * radius)
        light = recess(shot, light, outline, tone, floor, 0.8 * radius, ground).astype(np.float32)
        ground = tone
    return Stage(light)


def rangoli(shot: Shot) -> Stage:
    """A rangoli of coloured powder on the floor around the product, before warm lights."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid, contrast=0.9)
    colour, cover = patterns.discs(shot, grid)
    behind = 1 - step(grid.y, shot.horizon, 0.03 * shot.unit) if shot.floor else 1.0
    light = lay(light, colour, 0.55 * cover * shot.busy(grid, 0.08) * behind)
    lit = finish(shot, grid, light.astype(np.float32))
    if shot.floor is None:
        return Stage(lit)
    reach = min(1.05 * shot.unit, 0.5 * shot.width)
    centre = np.array([shot.centre, shot.floor - 0.06 * shot.unit])
    calm = walls.calm(shot)
    powders = (
        (0.8, 0.16, 72),
        (0.68, 0.2, 355),
        (0.78, 0.14, 165),
        (0.86, 0.16, 95),
        (0.95, 0.02, 90),
    )
    tones = [linear(oklch(*powder)) for powder in powders]
    rings = ((1.0, 18, 0.17), (0.76, 14, 0.16), (0.54, 10, 0.15), (0.34, 8, 0.15))
    for number, (share, count, long) in enumerate(rings):
        mask = np.zeros((shot.height, shot.width), np.uint8)
        for petal in range(count):
            turn = 2 * np.pi * (petal + 0.5 * (number % 2)) / count
            flat = _petal(turn, share * reach, long * reach, 2.4 * share * reach / count)
            fill(mask, flat * [1, 1.5 * TILT] + centre)
        edge = walls.disc(0, 0, (share - long) * reach, 160) * [1, 1.5 * TILT] + centre
        stamp(lit, tones[number], 0.85 * calm * mask.astype(np.float32) / 255)
        stamp(lit, tones[-1], 0.8 * calm * walls.line(shot, edge, max(1.5, 0.008 * reach)))
    return Stage(lit)


def _petal(turn: float, far: float, long: float, wide: float) -> Points:
    along = np.linspace(0, 1, 16)
    side = 0.5 * wide * np.sin(np.pi * along) ** 0.8
    radial = far - long + long * along
    points = np.vstack([np.stack([radial, side], 1), np.stack([radial, -side], 1)[::-1]])
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def snow(shot: Shot) -> Stage:
    """Fairy lights far out of focus, and fresh snow that the product stands in."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid, contrast=0.8)
    colour, cover = patterns.discs(shot, grid)
    behind = 1 - step(grid.y, shot.horizon, 0.03 * shot.unit) if shot.floor else 1.0
    amount = cover * shot.busy(grid, 0.08) * behind
    warm = 0.6 * colour + 0.4 * linear(oklch(0.85, 0.12, 80))
    light = lay(light, warm.astype(np.float32), 0.62 * amount)
    if shot.floor is not None and not _text_below(shot):
        light = _drifts(shot, grid, light)
    return Stage(finish(shot, grid, light.astype(np.float32)))


def _text_below(shot: Shot) -> bool:
    return any(box[3] > shot.floor - 0.25 * shot.unit for box in shot.quiet if shot.floor)


def _drifts(shot: Shot, grid: Grid, light: Field) -> Field:
    """Soft banks of snow, blue in their shade, from the horizon to the front."""
    white, shade = linear(oklch(0.965, 0.008, 240)), linear(oklch(0.78, 0.035, 245))
    for layer in range(3):
        level = shot.horizon + (0.02 + 0.11 * layer) * shot.unit
        swell = patterns.noise(shot.rng, grid, 3 + layer, 1)[:1]
        crest = level + (0.05 - 0.012 * layer) * shot.unit * swell
        below = grid.y - crest
        cover = step(below, 0.0, 0.006 * shot.unit + 1 / grid.scale)
        fall = np.clip(below / (0.2 * shot.unit), 0, 1)
        rough = 0.06 * patterns.noise(shot.rng, grid, 18, 10)
        lit = (
            0.95
            - 0.3 * (1 - layer / 3) * fall
            + 0.1 * shot.side * (grid.x - shot.centre) / shot.width
        )
        bank = shade + (white - shade) * np.clip(lit + rough * fall, 0, 1)[..., None]
        light = lay(light, bank.astype(np.float32), cover)
    return light
