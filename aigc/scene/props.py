"""What stands on a set: plinths, arches, paper, cloth, leaves, lights and confetti."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.scene.colours import shift
from aigc.scene.light import Field, Grid, Shot, dim, linear, soften, stamp, step

TILT = 0.2  # height over width of a circle on the floor: the camera looks slightly down
Points = NDArray[np.floating[Any]]  # (n, 2) of x, y
FIXED = 4  # fractional bits of cv2's drawing, for edges between pixels


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
    wide = min(shot.centre, shot.width - shot.centre) - 0.01 * shot.width
    if wide < 0.5 * shot.product[0]:
        return None
    radius = min(radius, max(wide, 0.53 * shot.product[0]))
    depth = TILT * radius
    top = shot.floor - 0.25 * depth
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


def build(shot: Shot, plinth: Plinth, light: Field) -> tuple[Field, Field]:
    """Set the plinth on the floor; gives the picture and where its top catches shadows."""
    material = shift(shot.colours.wall, (0.03 + 0.09 * shot.depth) * shot.dark, 1.0, 6 * shot.dark)
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

    top_mask = _face(shot, plinth, plinth.top, 1.0)
    glow = 1.0 + 0.1 * turn * shot.side
    lit_top = np.broadcast_to((glow * (1 + 0.8 * shot.depth))[..., None] * top_face, light.shape)
    stamp(light, lit_top, top_mask)
    rim = np.clip(top_mask - _face(shot, plinth, plinth.top - max(1.2, 0.006 * radius), 1.0), 0, 1)
    stamp(light, np.minimum(top_face * 1.5 + 0.03, 1), 0.5 * rim * (0.6 + 0.4 * glow))
    return np.minimum(light, 1), top_mask


def _face(shot: Shot, plinth: Plinth, y: float, grow: float) -> Field:
    mask = np.zeros((shot.height, shot.width), np.uint8)
    if plinth.round:
        angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
        points = np.stack(
            [
                plinth.x + grow * plinth.radius * np.cos(angle),
                y + grow * plinth.depth * np.sin(angle),
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
    return _fill(mask, points)


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
    wall = _fill(mask, points)
    if plinth.round:
        wall = np.maximum(wall, _face(shot, plinth, plinth.foot, 1.0))
    return wall


def _foot_shadow(shot: Shot, plinth: Plinth) -> Field:
    grid = shot.grid()
    across = (grid.x - plinth.x) / plinth.radius
    flat = 1.0 if plinth.round else 1.15
    down = (grid.y - plinth.foot) / (plinth.depth * flat)
    contact = _disc(across, down, 1.0, 0.09)
    tall = (plinth.foot - plinth.top) / plinth.radius
    moved = across + shot.side * 0.55 * (0.4 + tall)
    thrown = _disc(moved, (down + 0.35), 1.12, 0.4)
    strength = 0.42 + 0.2 * shot.depth
    total = 1 - (1 - strength * contact) * (1 - 0.6 * strength * thrown)
    return np.clip(grid.grow(total.astype(np.float32)), 0, 1)


def _disc(across: Field, down: Field, radius: float, soft: float) -> Field:
    return 1 - step(np.sqrt(across * across + down * down), radius, soft)


def _fill(mask: np.ndarray, points: np.ndarray) -> Field:
    fixed = np.round(points * 2**FIXED).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=FIXED)
    return mask.astype(np.float32) / 255


def arch(shot: Shot, light: Field, floor: float) -> Field:
    """An arch or disc on the wall that frames the product, with its soft shadow.

    It keeps out of the text; where no frame larger than the product is left, there is none.
    """
    width, height = shot.product
    tone = shift(shot.colours.wall, -0.05 if not shot.dark else 0.07, 1.35)
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
    mask = _fill(np.zeros((shot.height, shot.width), np.uint8), points)
    mask[int(max(0, floor)) :] = 0
    grid = shot.grid()
    small = cv2.resize(mask, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
    ratio = (linear(tone) + 0.002) / (linear(shot.colours.wall) + 0.002)
    inner = np.clip(small - _moved(small, -shot.side * 0.05 * half, 0.06 * half, grid), 0, 1)
    shade = np.clip(grid.grow(grid.blur(inner * small, 0.035 * half)), 0, 1) * mask
    tinted: Field = light * (1 + (ratio - 1) * mask[..., None]) * (1 - 0.35 * shade)[..., None]
    return tinted


def _moved(field: Field, x: float, y: float, grid: Grid) -> Field:
    move = np.array([[1, 0, x * grid.scale], [0, 1, y * grid.scale]], np.float32)
    moved: Field = cv2.warpAffine(field, move, field.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return moved


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
    start = np.array(
        [shot.centre + shot.side * size * 1.1, shot.middle - size * rng.uniform(0.5, 0.9)]
    )
    for _ in range(3):
        heading = np.array([-shot.side, rng.uniform(0.15, 0.8)])
        heading /= np.linalg.norm(heading)
        length = size * rng.uniform(0.9, 1.4)
        for step_along in np.linspace(0.1, 1, 9):
            node = start + heading * length * step_along
            for way in (-1, 1):
                turn = way * rng.uniform(0.5, 0.9)
                direction = np.array(
                    [
                        heading[0] * np.cos(turn) - heading[1] * np.sin(turn),
                        heading[0] * np.sin(turn) + heading[1] * np.cos(turn),
                    ]
                )
                long = size * rng.uniform(0.14, 0.22) * (1.1 - 0.5 * step_along)
                _leaf(leaves, node, direction, long, grid.scale)
    shade = grid.blur(leaves.astype(np.float32) / 255, 0.014 * size)
    lit: Field = (frame * bars * (1 - 0.85 * shade)).astype(np.float32)
    return lit


def _leaf(
    mask: np.ndarray, node: np.ndarray, direction: np.ndarray, long: float, scale: float
) -> None:
    along = np.linspace(0, 1, 14)
    wide = 0.2 * long * np.sin(np.pi * along**0.8)
    normal = np.array([-direction[1], direction[0]])
    spine = node + np.outer(along * long, direction)
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


def sheets(shot: Shot, light: Field) -> Field:
    """Layers of paper: a sun and rolling hills where there is a floor, else blobs under it."""
    rng, colours, unit = shot.rng, shot.colours, shot.unit
    shapes: list[tuple[Points, str]] = []
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    away = 1 if shot.dark else -1
    room = min(shot.clear(float(max(shot.width, shot.height)), 0.02 * shot.height))
    widest = min(room, 0.8 * max(shot.product))
    for layer in range(3 if widest > 0.5 * max(shot.product) else 0):
        tone = shift(colours.wall, away * 0.028 * (layer + 1), 1 + 0.3 * layer, 7 * layer)
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
                (16 - 7 * layer) * (1 if shot.dark else -1),
            )
            level = shot.floor - (0.36 - 0.13 * layer) * min(unit, shot.product[1])
            swing, phase = (0.08 - 0.025 * layer) * unit, rng.uniform(0, 6.28)
            wave = np.sin(across / (0.75 * unit) + phase) + 0.35 * np.sin(across / (0.31 * unit))
            crest = np.stack([across, level + swing * wave], 1)
            edge = [[shot.width + 20, shot.height + 20], [-20, shot.height + 20]]
            shapes.append((np.vstack([crest, edge]), tone))
    grid = shot.grid()
    busy = np.clip(grid.grow(shot.busy(grid, 0.25)), 0, 1)
    lit = grid.grow(1 + 0.06 * shot.side * (grid.x - shot.centre) / shot.width)
    for number, (points, tone) in enumerate(shapes):
        mask = _fill(np.zeros((shot.height, shot.width), np.uint8), points)
        small = cv2.resize(mask, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
        hill = shot.floor is not None and number >= len(shapes) - 3
        thrown = _moved(small, -shot.side * 0.02 * unit, (-0.01 if hill else 0.022) * unit, grid)
        thrown = 0.55 * grid.blur(thrown, 0.018 * unit) + 0.45 * grid.blur(thrown, 0.06 * unit)
        shade = 0.34 * np.clip(grid.grow(thrown), 0, 1)
        dim(light, shade * busy if hill else shade)
        stamp(light, linear(tone), mask * busy if hill else mask)
    light *= lit[..., None]
    return light


def _noise(rng: np.random.Generator, grid: Grid, cells_x: float, cells_y: float) -> Field:
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
        bend = 0.5 * _noise(rng, grid, 1.3 * wide, 1.3 * high)
        crease = _noise(rng, grid, 2.5 * wide, 2.5 * high)
        height = np.sin(3.1 * (cross + bend) + 0.4 * along)
        height = height + 0.45 * np.sin(7.3 * (cross + 0.7 * bend) + 0.9 * crease)
        height = height + 0.16 * np.sin(15 * (cross + 0.5 * bend) + 1.6 * crease)
    else:
        sway = 0.07 * _noise(rng, grid, 2 * wide, 0.6 * high)
        height = np.zeros_like(grid.x)
        for rate, share in ((5.0, 0.6), (9.3, 0.4), (17.0, 0.16)):
            phase = 0.9 * _noise(rng, grid, wide, 0.4 * high)
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
        flake = _fill(mask, corners @ spin.T + [x - left, y - top])
        flake = 0.7 * soften(flake, blur) if blur else 0.92 * flake
        stamp(patch, tones[number % 2], np.clip(flake, 0, 1))
    return light
