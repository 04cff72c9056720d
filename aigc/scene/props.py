"""What stands on a set: plinths, arches, paper, cloth, leaves, lights and confetti."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from aigc.scene.colours import shift
from aigc.scene.light import Field, Grid, Shot, lay, linear, step

TILT = 0.2  # height over width of a circle on the floor: the camera looks slightly down
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
    material = shift(shot.colours.wall, 0.1 if shot.dark else 0.03, 0.9 if shot.dark else 0.8)
    body, top_face = linear(material), linear(shift(material, 0.04))
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
    if shot.dark:
        lit = lit * 1.15
    side = _side_mask(shot, plinth)
    light = lay(light, lit[..., None] * body, side)

    top_mask = _face(shot, plinth, plinth.top, 1.0)
    glow = 1.0 + 0.1 * turn * shot.side
    light = lay(light, (glow * (1.35 if shot.dark else 1.0))[..., None] * top_face, top_mask)
    rim = np.clip(top_mask - _face(shot, plinth, plinth.top - max(1.2, 0.006 * radius), 1.0), 0, 1)
    light = lay(light, np.minimum(top_face * 1.5 + 0.03, 1), 0.5 * rim * (0.6 + 0.4 * glow))
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
    strength = 0.6 if shot.dark else 0.4
    total = 1 - (1 - strength * contact) * (1 - 0.6 * strength * thrown)
    return np.clip(grid.grow(total.astype(np.float32)), 0, 1)


def _disc(across: Field, down: Field, radius: float, soft: float) -> Field:
    return 1 - step(np.sqrt(across * across + down * down), radius, soft)


def _fill(mask: np.ndarray, points: np.ndarray) -> Field:
    fixed = np.round(points * 2**FIXED).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=FIXED)
    return mask.astype(np.float32) / 255


def arch(shot: Shot, light: Field, floor: float) -> Field:
    """An arch or disc on the wall that frames the product, with its soft shadow."""
    width, height = shot.product
    half = 0.72 * max(width, 0.62 * height)
    half = min(half, 0.98 * max(shot.centre, shot.width - shot.centre))
    tone = shift(shot.colours.wall, -0.05 if not shot.dark else 0.07, 1.35)
    angle = np.linspace(np.pi, 2 * np.pi, 90)
    is_disc = bool(shot.rng.random() < 0.4)
    if is_disc:
        radius = max(0.62 * max(width, height), half)
        angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
        points = np.stack(
            [
                shot.centre + radius * np.cos(angle),
                shot.middle - 0.02 * height + radius * np.sin(angle),
            ],
            1,
        )
    else:
        top = shot.box[1] - 0.12 * height + half
        curve = np.stack([shot.centre + half * np.cos(angle), top + half * np.sin(angle)], 1)
        points = np.vstack([[[shot.centre - half, floor]], curve, [[shot.centre + half, floor]]])
    mask = _fill(np.zeros((shot.height, shot.width), np.uint8), points)
    mask[int(max(0, floor)) :] = 0
    grid = shot.grid()
    calm = grid.grow(shot.busy(grid, 0.0))
    mask = mask * np.clip(calm, 0, 1)
    small = cv2.resize(mask, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
    ratio = (linear(tone) + 0.002) / (linear(shot.colours.wall) + 0.002)
    light = light * (1 + (ratio - 1) * mask[..., None])
    inner = np.clip(small - _moved(small, -shot.side * 0.05 * half, 0.06 * half, grid), 0, 1)
    shade = grid.grow(grid.blur(inner * small, 0.035 * half))
    return light * (1 - 0.3 * np.clip(shade, 0, 1) * mask)[..., None]


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


def discs(shot: Shot, grid: Grid) -> Field:
    """Lights out of focus: discs with a faint rim, (h, w, 3) of light to add."""
    rng = shot.rng
    total = np.zeros((*grid.x.shape, 3), np.float32)
    size = min(max(shot.width, shot.height) * 0.5, 1.6 * min(shot.width, shot.height))
    tints = [
        linear(shift(shot.colours.accent, 0.05, 0.8)),
        linear(shift(shot.colours.wall, 0.2 if shot.dark else 0.05, 1.6)),
        np.array([1.0, 0.85, 0.62], np.float32),
    ]
    bottom = shot.horizon if shot.floor is not None else shot.height
    for _ in range(26):
        radius = size * rng.uniform(0.025, 0.11)
        x, y = rng.uniform(0, shot.width), rng.uniform(-0.05, 1.0) * bottom
        tint, strength = tints[int(rng.integers(3))], rng.uniform(0.15, 0.6)
        distance = np.hypot(grid.x - x, grid.y - y)
        soft = 0.05 * radius + 1.5 / grid.scale
        disc = 1 - step(distance, radius, soft)
        disc = disc * (0.8 + 0.25 * step(distance, 0.85 * radius, 0.08 * radius))
        total += (disc * strength)[..., None] * tint
    return total * (0.4 if shot.dark else 0.16)


def sheets(shot: Shot, light: Field) -> Field:
    """Layers of paper: rolling hills where there is a floor, else stacked blobs under it."""
    rng, colours, unit = shot.rng, shot.colours, shot.unit
    across = np.linspace(-20, shot.width + 20, 90)
    shapes: list[tuple[np.ndarray, str]] = []
    angle = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    lift = 0.035 if shot.dark else -0.03
    count = 3
    for layer in range(count):
        tone = shift(colours.wall, lift * (layer + 1), 1 + 0.25 * (layer + 1), 6 * (layer + 1))
        grow = 0.92 - 0.16 * layer
        wave = sum(
            rng.uniform(0.01, 0.05) / k * np.sin(k * angle + rng.uniform(0, 6.28))
            for k in (2, 3, 5)
        )
        blob = (0.95 * unit * grow + 0.12 * max(shot.product)) * (1 + wave)
        stretch_x = np.sqrt(shot.product[0] / unit)
        stretch_y = np.sqrt(shot.product[1] / unit)
        points = np.stack(
            [
                shot.centre + blob * stretch_x * np.cos(angle),
                shot.middle + blob * stretch_y * np.sin(angle),
            ],
            1,
        )
        shapes.append((points, tone))
    if shot.floor is not None:
        for layer in range(count):
            tone = shift(colours.wall, lift * (layer + 1.6), 1 + 0.3 * (layer + 1), -8 * layer)
            level = shot.floor - (0.34 - 0.13 * layer) * min(unit, shot.product[1])
            phase, swing = rng.uniform(0, 6.28), (0.07 - 0.02 * layer) * unit
            wave = np.sin(across / (0.9 * unit) + phase) + 0.4 * np.sin(across / (0.37 * unit))
            crest = np.stack([across, level + swing * wave], 1)
            edge = [[shot.width + 20, shot.height + 20], [-20, shot.height + 20]]
            shapes.append((np.vstack([crest, edge]), tone))
    grid = shot.grid()
    calm = grid.grow(shot.busy(grid, 0.0)).clip(0, 1)
    for points, tone in shapes:
        mask = _fill(np.zeros((shot.height, shot.width), np.uint8), points)
        small = cv2.resize(mask, grid.x.shape[::-1], interpolation=cv2.INTER_AREA)
        down = 0.018 * unit if shot.floor is None else -0.012 * unit
        thrown = _moved(small, -shot.side * 0.02 * unit, down, grid)
        thrown = 0.6 * grid.blur(thrown, 0.02 * unit) + 0.4 * grid.blur(thrown, 0.06 * unit)
        light = light * (1 - 0.3 * np.clip(grid.grow(thrown), 0, 1) * calm)[..., None]
        lit = 1 + 0.05 * shot.side * (grid.x - shot.centre) / shot.width
        paper = grid.grow(lit.astype(np.float32))[..., None] * linear(tone)
        light = lay(light, paper, mask * (0.0 + 1.0 * calm))
    return light


def drape(shot: Shot, grid: Grid) -> Field:
    """Shading of folded cloth, about 1: hanging folds behind a floor, satin without one."""
    rng = shot.rng
    size = max(0.5 * min(shot.width, shot.height), 0.6 * shot.unit)
    x, y = grid.x / size, grid.y / size
    height = np.zeros_like(grid.x)
    if shot.floor is None:
        for octave in range(4):
            turn = rng.uniform(-0.5, 0.5) + 0.8
            along = np.cos(turn) * x + np.sin(turn) * y
            warp = 0.35 * np.sin(1.3 * (np.cos(turn) * y - np.sin(turn) * x) + rng.uniform(0, 6.28))
            wave = np.sin((2.2 + 1.7 * octave) * (along + warp) + rng.uniform(0, 6.28))
            height += (1 - np.abs(wave)) ** 1.6 / (1.6 + 1.3 * octave)
    else:
        sway = 0.06 * np.sin(1.1 * y + rng.uniform(0, 6.28))
        for octave in range(3):
            rate = (4.0, 7.3, 12.1)[octave]
            wave = np.sin(rate * (x + sway) + 0.5 * np.sin(0.8 * y + octave) + rng.uniform(0, 6.28))
            height += (0.5 + 0.5 * wave) ** 1.4 / (1.2 + octave)
    slope = np.gradient(height, axis=1) / (np.gradient(x, axis=1) + 1e-9)
    tilt = np.gradient(height, axis=0) / (np.gradient(y, axis=0) + 1e-9)
    shade = np.tanh(0.22 * (shot.side * slope - 0.7 * tilt)) + 0.12 * (height - height.mean())
    amount = shot.busy(grid, 0.15) * (0.55 if shot.dark else 0.26)
    if shot.floor is not None:
        amount = amount * (1 - 0.92 * step(grid.y, shot.horizon, 0.04 * shot.unit))
    folds: Field = 1 + amount * shade
    return folds


def confetti(shot: Shot, light: Field, floor: float | None) -> Field:
    """Paper flakes in the air, near ones out of focus; none over product or text."""
    rng, unit = shot.rng, min(shot.unit, 0.5 * min(shot.width, shot.height))
    bottom = shot.horizon if floor is None else floor
    grid = shot.grid()
    free = grid.grow(shot.busy(grid, 0.0)).clip(0, 1)
    tones = [linear(shot.colours.accent), linear(shift(shot.colours.wall, 0.15))]
    for blur in (0.0, 0.012):
        for tone in tones:
            mask = np.zeros((shot.height, shot.width), np.uint8)
            for _ in range(9):
                x, y = rng.uniform(0, shot.width), rng.uniform(0, bottom)
                long = unit * rng.uniform(0.015, 0.035) * (1 + 60 * blur)
                turn, flat = rng.uniform(0, np.pi), rng.uniform(0.25, 0.8)
                corners = np.array([[-1, -flat], [1, -flat], [1, flat], [-1, flat]]) * long
                spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
                points = corners @ spin.T + [x, y]
                cv2.fillPoly(
                    mask, [np.round(points * 2**FIXED).astype(np.int32)], 255, cv2.LINE_AA, FIXED
                )
            flakes = mask.astype(np.float32) / 255
            if blur:
                flakes = cv2.GaussianBlur(flakes, (0, 0), blur * unit + 0.3)
            light = lay(light, tone, flakes * free * (0.85 if not blur else 0.6))
    return light
