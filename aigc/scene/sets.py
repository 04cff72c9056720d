"""Studio sets: each lights an empty stage that fits one shot, in linear light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aigc.scene import festive, graphic, patterns, props, shapes, walls
from aigc.scene.colours import shift
from aigc.scene.light import CRISP_AREA, Shot, lay, linear, pool, step
from aigc.scene.sweep import Stage, finish, sweep


def studio(shot: Shot) -> Stage:
    """A plain sweep."""
    grid = shot.grid()
    return Stage(finish(shot, grid, sweep(shot, grid)))


def window(shot: Shot) -> Stage:
    """Sun through a window: bright panes and the shade of leaves on wall and floor."""
    grid = shot.grid()
    light = sweep(shot, grid)
    shade = patterns.gobo(shot, grid)
    warm = np.array([1.06, 1.0, 0.9], np.float32)
    amount = shot.busy(grid, 0.3) * (0.3 + 0.5 * shot.depth)
    sun = 1 + amount[..., None] * (shade[..., None] * warm - 0.45)
    return Stage(finish(shot, grid, light * sun))


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
    return Stage(finish(shot, grid, light * lit[..., None], 0.2 + 0.25 * shot.depth))


def podium(shot: Shot) -> Stage:
    """A plinth that the product stands on, before an arch or a disc on the wall."""
    plinth = props.plinth(shot, round_one=bool(shot.rng.random() < 0.75))
    if plinth is None:
        return studio(shot)
    grid = shot.grid()
    foot = plinth.foot - plinth.depth - 0.1 * shot.unit
    light = finish(shot, grid, sweep(shot, grid, low=foot))
    light = shapes.arch(shot, light, min(foot, shot.horizon))
    return props.build(shot, plinth, light)


def bokeh(shot: Shot) -> Stage:
    """A table top before lights far out of focus."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid, contrast=0.7)
    colour, cover = patterns.discs(shot, grid)
    behind = 1 - step(grid.y, shot.horizon, 0.03 * shot.unit) if shot.floor else 1.0
    amount = cover * shot.busy(grid, 0.1) * behind
    light = lay(light, colour * (1.0 if shot.dark else 1.05), amount * (0.75 if shot.dark else 0.9))
    return Stage(finish(shot, grid, light))


def papercut(shot: Shot) -> Stage:
    """Sheets of coloured paper in layers, each with its own shadow."""
    grid = shot.grid()
    light = finish(shot, grid, sweep(shot, grid, contrast=0.6))
    return Stage(shapes.sheets(shot, light))


def fabric(shot: Shot) -> Stage:
    """Draped cloth: a curtain of soft folds behind the product, or satin under it."""
    grid = shot.grid(CRISP_AREA)
    light = sweep(shot, grid)
    folds = patterns.drape(shot, grid)
    return Stage(finish(shot, grid, light * folds[..., None]))


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
    grown = shapes.confetti(shot, finish(shot, grid, light), low)
    return Stage(grown) if plinth is None else props.build(shot, plinth, grown)


SETS: dict[str, Callable[[Shot], Stage]] = {
    "studio": studio,
    "window": window,
    "spotlight": spotlight,
    "podium": podium,
    "bokeh": bokeh,
    "papercut": papercut,
    "fabric": fabric,
    "rays": rays,
    "arcs": graphic.arcs,
    "burst": graphic.burst,
    "concrete": graphic.concrete,
    "gate": festive.gate,
    "grid": graphic.grid,
    "halftone": graphic.halftone,
    "hearts": festive.hearts,
    "moon": festive.moon,
    "niche": festive.niche,
    "rangoli": festive.rangoli,
    "ring": graphic.ring,
    "snow": festive.snow,
}


ROUND = ("arcs", "gate", "halftone", "hearts", "moon", "ring")  # built on a disc


def suits(name: str, shot: Shot) -> bool:
    """Whether a set can do this shot justice: what it is built on needs room."""
    if name == "podium":
        return props.plinth(shot) is not None
    if name in ROUND and not walls.circle(shot)[2]:
        return False
    if name == "niche" and not festive.arch_room(shot)[1]:
        return False
    if name == "burst" and not graphic.frame_fits(shot, *graphic.frame_room(shot)):
        return False
    thin = max(shot.width, shot.height) > 3 * min(shot.width, shot.height)
    return not (thin and name in ("window", "papercut", "bokeh", "snow", "arcs", "concrete"))
