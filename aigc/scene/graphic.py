"""Graphic sets: light rings, a neon grid, tunnels of frames, painted arcs, concrete, halftone."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.scene import patterns, props, walls
from aigc.scene.colours import oklch, shift
from aigc.scene.light import CRISP_AREA, Field, Shot, lay, linear, pool, shoulder, stamp, step
from aigc.scene.shapes import Points, fill, recess
from aigc.scene.sweep import Stage, finish, sweep


def ring(shot: Shot) -> Stage:
    """One thin ring of light behind the product, and its glow on wall and floor."""
    grid = shot.grid()
    light = finish(shot, grid, sweep(shot, grid, contrast=0.6))
    x, y, radius = walls.circle(shot, 0.66)
    if not radius:
        return Stage(light)
    loop = walls.disc(x, y, radius)
    if shot.floor is not None:
        loop = loop[loop[:, 1] < shot.horizon - 1]
        start = int(np.argmax(np.hypot(*np.diff(loop, axis=0, append=loop[:1]).T)))
        loop = np.roll(loop, -start - 1, axis=0)
    closed = len(loop) == 240
    colour = shot.colours.accent
    lit = walls.tube(
        shot, light, loop, colour, max(2.0, 0.011 * radius), closed=closed, calm=walls.calm(shot)
    )
    return Stage(lit.astype(np.float32))


def grid(shot: Shot) -> Stage:
    """A floor of glowing lines that runs to the horizon, and haze where it meets the dark."""
    fine = shot.grid(CRISP_AREA)
    light = sweep(shot, fine, contrast=0.6)
    calm = shot.busy(fine)
    glow, other = linear(shot.palette[0]), linear(shot.palette[-1])
    low = shot.horizon if shot.floor is not None else 1.2 * shot.height
    haze = np.exp(-np.abs(fine.y - low) / (0.22 * shot.unit))
    across = pool(fine, (shot.centre, low), (1.3 * shot.unit, 9.0 * shot.height))
    light = light + (0.4 * haze * across * calm)[..., None] * (0.5 * glow + 0.5 * other)
    depth = np.maximum(fine.y - low, 0.5) / shot.unit
    ray = (fine.x - shot.centre) / (0.28 * shot.unit * (1 + 3.2 * depth))
    row = 1.35 / (0.12 + depth)
    wide_x = 0.9 / (fine.scale * 0.28 * shot.unit * (1 + 3.2 * depth)) + 0.012
    wide_y = 1.35 / (0.12 + depth) ** 2 / shot.unit * 0.9 / fine.scale + 0.012
    lines = np.maximum(_rule(ray, wide_x), _rule(row, wide_y)) * step(fine.y, low, 2 / fine.scale)
    fade = np.exp(-depth / 1.1) * pool(fine, (shot.centre, low), (1.9 * shot.unit, 9e4), 3)
    light = light + (0.75 * lines * fade * calm)[..., None] * glow
    lit = finish(shot, fine, light.astype(np.float32))
    for way, colour in ((-1, shot.palette[0]), (1, shot.palette[-1])):
        pole = _pole(shot, way, low)
        if pole is not None:
            lit = walls.tube(shot, lit, pole, colour, max(2.0, 0.009 * shot.unit), closed=False)
    return Stage(lit.astype(np.float32))


def _rule(at: Field, width: Field) -> Field:
    """Lines at whole numbers, soft-edged, thinning out where they would run together."""
    off = np.abs(at - np.round(at))
    line: Field = np.exp(-((off / width) ** 2)) * np.clip(1.4 - 3 * width, 0, 1)
    return line


def _pole(shot: Shot, way: int, low: float) -> Points | None:
    """An upright tube of light beside the product, where neither it nor text is near."""
    edge = shot.box[0] if way < 0 else shot.box[2]
    room = edge if way < 0 else shot.width - edge
    x = edge + way * min(0.5 * room, 0.3 * shot.unit)
    top = max(0.06 * shot.height, shot.box[1] - 0.12 * shot.product[1])
    near = 0.06 * min(shot.width, shot.height)
    for left, up, right, down in shot.quiet:
        if left - near < x < right + near and up - near < low and down + near > top:
            top = max(top, down + near)
    if room < 0.16 * shot.unit or low - top < 0.35 * shot.unit:
        return None
    return np.array([[x, top], [x, min(low, shot.height * 1.0)]])


def burst(shot: Shot) -> Stage:
    """A tunnel of frames, each brighter and warmer than the one before, with edges of light."""
    plinth = props.plinth(shot)
    fine = shot.grid(CRISP_AREA)
    low = plinth.foot - plinth.depth - 0.08 * shot.unit if plinth else None
    light = finish(shot, fine, sweep(shot, fine, low=low))
    floor = min(shot.horizon, low if low is not None else shot.horizon)
    floor = floor if shot.floor is not None else float(shot.height)
    width, height = shot.product
    widest, top = frame_room(shot)
    way = 1 if shot.dark else -1
    calm = walls.calm(shot)
    ground = None
    for layer in range(3):
        half = widest - layer * max(0.0, widest - 0.56 * width) / 2.6
        lid = top + layer * max(0.0, shot.box[1] - 0.02 * height - top) / 3
        if not frame_fits(shot, half, lid):
            break
        frame = _frame(shot.centre, lid, half, floor, 0.3 * half)
        tone = shift(shot.colours.wall, way * 0.04 * (layer + 1), 1.0, 7 * (layer + 1))
        light = recess(shot, light, frame, tone, floor, half, ground).astype(np.float32)
        ground = tone
        if shot.dark:
            bright = oklch(0.9, 0.12, 60 + 12 * layer)
            thin = max(1.5, 0.007 * shot.unit)
            light = walls.tube(
                shot, light, frame, bright, thin, closed=False, calm=calm, power=0.35
            ).astype(np.float32)
    light = shoulder(light)
    return Stage(light) if plinth is None else props.build(shot, plinth, light)


def frame_room(shot: Shot) -> tuple[float, float]:
    """Half the width and the top of the largest frame around the product, out of the text."""
    width, height = shot.product
    margin = 0.02 * min(shot.width, shot.height)
    left, up, right, _ = shot.clear(float(max(shot.width, shot.height)), margin)
    widest = min(left, right, 0.5 * width + 0.62 * shot.unit)
    return widest, max(shot.middle - up, shot.box[1] - 0.34 * height, margin)


def frame_fits(shot: Shot, half: float, top: float) -> bool:
    """Whether a frame is seen around the product."""
    return half >= 0.53 * shot.product[0] and top <= shot.box[1]


def _frame(x: float, top: float, half: float, floor: float, radius: float) -> Points:
    """A door with rounded upper corners, from its left foot to its right foot."""
    radius = min(radius, 0.9 * half, 0.9 * max(floor - top, 1.0))
    angle = np.linspace(np.pi, 1.5 * np.pi, 24)
    bow = np.stack([np.cos(angle), np.sin(angle)], 1) * radius
    left = bow + np.array([x - half + radius, top + radius])
    right = bow[::-1] * [-1, 1] + np.array([x + half - radius, top + radius])
    return np.vstack([[[x - half, floor]], left, right, [[x + half, floor]]])


def arcs(shot: Shot) -> Stage:
    """Painted arcs, one within the other, that rise behind the product like a rainbow."""
    fine = shot.grid()
    light = finish(shot, fine, sweep(shot, fine, contrast=0.7))
    x, y, radius = walls.circle(shot, 0.86)
    if not radius:
        return Stage(light)
    floor = shot.horizon if shot.floor is not None else float(shot.height)
    tones = (*shot.palette, shift(shot.colours.wall, 0.06 if shot.dark else -0.02, 0.8))
    inner = 0.5 * radius
    fresh = light.copy()
    for number in range(len(tones)):
        size = radius - (radius - inner) * number / max(1, len(tones) - 1)
        loop = walls.disc(x, y, size)
        foot = np.array([[x - size, max(floor, y)], [x + size, max(floor, y)]])
        upper = loop[loop[:, 1] <= y]
        upper = upper[np.argsort(upper[:, 0])]
        mask = fill(
            np.zeros((shot.height, shot.width), np.uint8), np.vstack([foot[:1], upper, foot[1:]])
        )
        mask[int(max(0, floor)) :] = 0
        paint = linear(tones[number]) * (0.72 + 0.3 * _even(light))[..., None]
        stamp(fresh, np.minimum(paint, 1).astype(np.float32), mask)
    return Stage(fresh)


def _even(light: Field) -> Field:
    """How a wall is lit, about 1, without its colour."""
    luminance = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.asarray(luminance / max(float(luminance.mean()), 1e-3))


def concrete(shot: Shot) -> Stage:
    """Raw concrete with the joints of its boards, and one broad stroke of spray paint."""
    fine = shot.grid(CRISP_AREA)
    light = sweep(shot, fine)
    across = shot.width / shot.unit
    down = shot.height / shot.unit
    rough = sum(
        share * patterns.noise(shot.rng, fine, rate * across, rate * down)
        for rate, share in ((2, 0.4), (6, 0.3), (24, 0.22), (70, 0.2))
    )
    calm = shot.busy(fine, 0.06)
    light = light * (1 + 0.07 * calm * rough)[..., None]
    wall = 1 - step(fine.y, shot.horizon, 2 / fine.scale) if shot.floor else np.ones_like(fine.x)
    gap = 0.62 * shot.unit
    joint = np.abs((fine.y - shot.horizon) / gap - np.round((fine.y - shot.horizon) / gap)) * gap
    seam = np.exp(-((joint / (0.004 * shot.unit + 0.7 / fine.scale)) ** 2))
    light = light * (1 - 0.2 * seam * wall * calm)[..., None]
    lit = finish(shot, fine, light.astype(np.float32))
    stroke = _stroke(shot) * walls.calm(shot)
    if shot.floor is not None:
        stroke[int(shot.horizon) :] = 0
    tone = linear(shot.colours.accent) * np.clip(_even(lit), 0.6, 1.15)[..., None]
    stamp(lit, tone.astype(np.float32), 0.94 * stroke)
    return Stage(lit)


def _stroke(shot: Shot) -> Field:
    """A broad, dry brush stroke that climbs behind the product, 0..1."""
    grid_ = shot.grid(CRISP_AREA)
    slope = -0.32 * shot.side
    size = shot.unit
    along = (grid_.x - shot.centre) / size
    off = (grid_.y - shot.middle) / size - slope * along
    noise = patterns.noise(shot.rng, grid_, 3, 60 * shot.height / size)
    bristle = 0.5 * noise + 0.5 * patterns.noise(shot.rng, grid_, 2, 26 * shot.height / size)
    edge = 0.3 + 0.025 * bristle
    band = 1 - step(np.abs(off) - edge, 0.0, 0.008)
    reach = 0.95 + 0.1 * bristle
    ends = 1 - step(np.abs(along) - reach, 0.0, 0.04)
    dry = np.clip(1.15 - 0.6 * np.clip(np.abs(along) - 0.35, 0, 1) * (1 + bristle), 0, 1)
    return np.clip(grid_.grow((band * ends * dry).astype(np.float32)), 0, 1)


def halftone(shot: Shot) -> Stage:
    """A disc of printed dots behind the product, larger towards the shade."""
    fine = shot.grid()
    light = finish(shot, fine, sweep(shot, fine, contrast=0.6))
    x, y, radius = walls.circle(shot, 0.84)
    if not radius:
        return Stage(light)
    tone = linear(shot.colours.accent)
    mask = fill(np.zeros((shot.height, shot.width), np.uint8), walls.disc(x, y, 0.8 * radius))
    pitch = max(5.0, 0.05 * shot.unit)
    dots = np.zeros((shot.height, shot.width), np.uint8)
    reach = int(1.25 * radius / pitch) + 1
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            across = (column + 0.5 * (row % 2)) * pitch
            down = row * pitch * 0.87
            away = np.hypot(across, down) / radius
            size = 0.62 * pitch * np.clip(1.42 - 1.25 * away - 0.0 * down / radius, 0, 1)
            if size > 0.06 * pitch and away > 0.6:
                at = (round((x + across) * 16), round((y + down) * 16))
                cv2.circle(dots, at, round(size * 16), 255, -1, cv2.LINE_AA, 4)
    cover = np.maximum(mask, dots.astype(np.float32) / 255)
    if shot.floor is not None:
        cover[int(shot.horizon) :] = 0
    cover *= walls.calm(shot)
    paint = tone * np.clip(0.7 + 0.35 * _even(light), 0.5, 1.15)[..., None]
    return Stage(lay(light, np.minimum(paint, 1).astype(np.float32), 0.96 * cover))
