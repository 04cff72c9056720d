"""Studio sets: each lights an empty stage that fits one shot, in linear light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aigc.scene import patterns, props, shapes
from aigc.scene.colours import shift
from aigc.scene.light import CRISP_AREA, Field, Grid, Shot, lay, linear, pool, shoulder, step


@dataclass(frozen=True)
class Stage:
    """An empty set, and where on it a cast shadow can be seen (everywhere, where None)."""

    light: Field  # (H, W, 3)
    catches: Field | None = None  # (H, W)


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


def _finish(shot: Shot, grid: Grid, light: Field, strength: float | None = None) -> Field:
    edge = 0.14 + 0.21 * shot.depth if strength is None else strength
    return grid.grow(shoulder(light * vignette(shot, grid, edge)[..., None]).astype(np.float32))


def studio(shot: Shot) -> Stage:
    """A plain sweep."""
    grid = shot.grid()
    return Stage(_finish(shot, grid, sweep(shot, grid)))


def window(shot: Shot) -> Stage:
    """Sun through a window: bright panes and the shade of leaves on wall and floor."""
    grid = shot.grid()
    light = sweep(shot, grid)
    shade = patterns.gobo(shot, grid)
    warm = np.array([1.06, 1.0, 0.9], np.float32)
    amount = shot.busy(grid, 0.3) * (0.3 + 0.5 * shot.depth)
    sun = 1 + amount[..., None] * (shade[..., None] * warm - 0.45)
    return Stage(_finish(shot, grid, light * sun))


def spotlight(shot: Shot) -> Stage:
    """One focused lamp on the product; the rest of the room falls away."""
    grid = shot.grid()
    unit = shot.unit
    light = sweep(shot, grid, contrast=0.5)
    radius = 0.8 * max(unit, 0.8 * max(shot.product))
    spot = pool(grid, (shot.centre + 0.05 * shot.side * unit, shot.middle), (radius, radius), 3.2)
    spill = pool(grid, (shot.centre, shot.middle), (2.2 * radius, 2.2 * radius), 1.4)
    dim, bright = 0.8 - 0.55 * shot.depth, 0.24 + 2.6 * shot.depth
    lit = dim + bright * (0.6 * spot + 0.4 * spill)
    if shot.floor is not None:
        below = pool(
            grid, (shot.centre, shot.floor + 0.02 * unit), (1.15 * radius, 0.3 * radius), 3
        )
        on_floor = dim + bright * (0.75 * below + 0.3 * spill)
        bend = step(grid.y, shot.horizon, 0.05 * unit)
        lit = lit * (1 - bend) + on_floor * bend
    return Stage(_finish(shot, grid, light * lit[..., None], 0.2 + 0.25 * shot.depth))


def podium(shot: Shot) -> Stage:
    """A plinth that the product stands on, before an arch or a disc on the wall."""
    plinth = props.plinth(shot, round_one=bool(shot.rng.random() < 0.75))
    if plinth is None:
        return studio(shot)
    grid = shot.grid()
    foot = plinth.foot - plinth.depth - 0.1 * shot.unit
    light = _finish(shot, grid, sweep(shot, grid, low=foot))
    light = shapes.arch(shot, light, min(foot, shot.horizon))
    return Stage(*props.build(shot, plinth, light))


def bokeh(shot: Shot) -> Stage:
    """A table top before lights far out of focus."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid, contrast=0.7)
    colour, cover = patterns.discs(shot, grid)
    behind = 1 - step(grid.y, shot.horizon, 0.03 * shot.unit) if shot.floor else 1.0
    amount = cover * shot.busy(grid, 0.1) * behind
    light = lay(light, colour * (1.0 if shot.dark else 1.05), amount * (0.75 if shot.dark else 0.9))
    return Stage(_finish(shot, grid, light))


def papercut(shot: Shot) -> Stage:
    """Sheets of coloured paper in layers, each with its own shadow."""
    grid = shot.grid()
    light = _finish(shot, grid, sweep(shot, grid, contrast=0.6))
    return Stage(shapes.sheets(shot, light))


def fabric(shot: Shot) -> Stage:
    """Draped cloth: a curtain of soft folds behind the product, or satin under it."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid)
    folds = patterns.drape(shot, grid)
    return Stage(_finish(shot, grid, light * folds[..., None]))


def rays(shot: Shot) -> Stage:
    """Rays of light from behind the product, confetti, and a podium where there is room."""
    grid = shot.grid(CRISP_AREA)
    plinth = props.plinth(shot)
    low = plinth.foot - plinth.depth - 0.08 * shot.unit if plinth else None
    light = sweep(shot, grid, low=low)
    angle = np.arctan2(grid.y - shot.middle, grid.x - shot.centre)
    count = 14
    wave = np.sin(count * angle + shot.rng.uniform(0, 2 * np.pi))
    distance = np.hypot(grid.x - shot.centre, grid.y - shot.middle)
    edge = np.tanh(wave * distance * count / (0.03 * shot.unit + 3) * 0.05 + 0)
    far = np.exp(-((distance / (0.75 * np.hypot(shot.width, shot.height))) ** 2))
    wall = np.ones_like(grid.x)
    if shot.floor is not None:
        wall = 1 - step(grid.y, shot.horizon if low is None else low, 0.02 * shot.unit)
    amount = shot.busy(grid, 0.2) * far * wall * (0.15 if shot.dark else 0.07)
    light = light * (1 + amount * edge)[..., None]
    core = pool(grid, (shot.centre, shot.middle), (0.9 * shot.unit, 0.9 * shot.unit), 1.6) * wall
    bright = linear(shift(shot.colours.wall, 0.12 if shot.dark else 0.03, 0.95, 12))
    light = lay(light, np.broadcast_to(bright, light.shape), 0.6 * core)
    grown = shapes.confetti(shot, _finish(shot, grid, light), low)
    return Stage(grown) if plinth is None else Stage(*props.build(shot, plinth, grown))


SETS: dict[str, Callable[[Shot], Stage]] = {
    "studio": studio,
    "window": window,
    "spotlight": spotlight,
    "podium": podium,
    "bokeh": bokeh,
    "papercut": papercut,
    "fabric": fabric,
    "rays": rays,
}


def suits(name: str, shot: Shot) -> bool:
    """Whether a set can do this shot justice: a plinth needs a floor and room below it."""
    if name == "podium":
        return props.plinth(shot) is not None
    thin = max(shot.width, shot.height) > 3 * min(shot.width, shot.height)
    return not (thin and name in ("window", "papercut", "bokeh"))
