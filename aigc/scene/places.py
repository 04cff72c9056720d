"""Where a group of ornaments goes: hung, stood, in the corners, or in the air."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product as pairs
from typing import NamedTuple, Protocol

import numpy as np

from aigc.scene.light import Shot
from aigc.scene.room import Room
from aigc.scene.sprites import Sprite, blurred, mirrored, threaded, turned
from aigc.scene.sweep import Stage
from aigc.styles import Kind

SHRINK = (1.0, 0.8, 0.64, 0.5)  # what has no room is tried smaller, then left out
THUMB = 64  # px; the height at which a large ornament is tried
LEAST = 14  # px; an ornament smaller than this is a speck
BACK = (1.0, 0.74, 0.88, 0.66, 0.8)  # sizes within a group: one leads

Placed = Iterator[tuple[Sprite, float, float]]  # and the upper left of each


class Maker(Protocol):
    """Makes the ornaments of one group."""

    kind: Kind
    count: int
    height: float  # of its largest, in pixels

    def make(self, number: int, share: float = 1.0, *, near: bool = False) -> Sprite:
        """Ornament `number` at a share of that height; `near` the camera it will be blurred."""


class Set(NamedTuple):
    """What a group is placed on."""

    shot: Shot
    stage: Stage
    room: Room
    maker: Maker
    rng: np.random.Generator


def hanging(on: Set) -> Placed:
    """From the upper edge: one leads near an edge, one beside it, the rest across the picture."""
    shot, room, maker = on.shot, on.room, on.maker
    floats = maker.kind == "balloon"
    lead = -shot.side if on.rng.random() < 0.7 else shot.side
    first: tuple[float, float] | None = None
    for number, own in enumerate(_sizes(maker)):
        tilt = float(on.rng.uniform(-7, 7)) if floats else 0.0
        for share in own:
            sprite = maker.make(number, share)
            sprite = turned(sprite, tilt) if floats else sprite
            wide = sprite.size[0]
            spots = room.spots(sprite.cover)
            open_ = spots.open & (floats or room.threads(spots, wide / 2))
            open_ &= (spots.y >= (0.012 if floats else 0.03) * shot.height)[:, None]
            if not open_.any():
                continue
            at = (spots.x + wide / 2)[None] / shot.width
            edge = at if lead < 0 else 1 - at
            drop = 0.5 * spots.y[:, None] / shot.height
            if first is None:
                cost = edge + drop
            elif number % 3 == 1:
                apart = np.abs(spots.x + wide / 2 - first[0])[None]
                level = np.abs(spots.y - first[1])[:, None] < 0.25 * maker.height
                cost = np.abs(apart / (1.1 * wide) - 1) + 0.6 * level + drop
            else:
                cost = 1 - edge + np.abs(drop - 0.02 * (number % 5))
            row, column = np.unravel_index(np.argmin(np.where(open_, cost, np.inf)), open_.shape)
            x, y = float(spots.x[column]), float(spots.y[row])
            first = first or (x + wide / 2, y)
            room.take(sprite.cover, x, y, 0.1 * wide)
            yield (sprite, x, y) if floats else (threaded(sprite, y), x, y - int(y))
            break


def garlands(on: Set) -> Placed:
    """Strings of flowers across the whole upper edge, longest at its ends, as over a door."""
    shot, room = on.shot, on.room
    sprites = [on.maker.make(number) for number in range(2)]
    for number, at in enumerate(np.linspace(0.035, 0.965, 2 * on.maker.count + 1)):
        sprite = sprites[number % 2]
        wide, tall = sprite.size
        most = 0.2 + 0.8 * abs(2 * at - 1) ** 1.3 - 0.06 * on.rng.random()
        x = at * shot.width - wide / 2
        for seen in np.arange(most, 0.1, -0.06):
            y = -(1 - seen) * tall
            if room.clear(x, y, wide, tall):
                room.take(sprite.cover, x, y)
                yield sprite, x, y
                break


def floor(on: Set) -> Placed:
    """On the floor close to the product: the leader, a lesser one beside it, one across."""
    shot, room, maker = on.shot, on.room, on.maker
    base = on.stage.beside if on.stage.beside is not None else shot.floor
    left, _, right, _ = on.stage.block or shot.box
    roomy = -1 if left > shot.width - right else 1
    for number, own in enumerate(_sizes(maker)):
        side = roomy if number % 3 < 2 else -roomy
        tilt = 0.0 if base is not None else float(on.rng.uniform(-14, 14))
        for share, way in pairs(own[:3], (side, -side)):
            sprite = maker.make(number, share)
            sprite = turned(sprite, tilt) if tilt else sprite
            wide, tall = sprite.size
            spots = room.spots(sprite.cover)
            if not spots.open.any():
                continue
            beside = (spots.x >= right - 0.3 * wide) if way > 0 else (spots.x <= left - 0.7 * wide)
            away = np.where(beside, np.abs(spots.x - (right if way > 0 else left - wide)), np.inf)
            best = None
            for foot in _feet(shot, base, number):
                row = round((foot - tall) / room.cell)
                if not 0 <= row < len(spots.y):
                    continue
                cost = np.where(spots.open[row], away, np.inf)
                column = int(np.argmin(cost))
                if cost[column] < (np.inf if best is None else best[0] - 0.5 * wide):
                    best = float(cost[column]), float(spots.x[column]), float(spots.y[row])
            if best is not None:
                _, x, y = best
                room.take(sprite.cover, x, y)
                yield sprite, x, y
                break


def _feet(shot: Shot, base: float | None, number: int) -> list[float]:
    """Heights at which an ornament may stand: level with the product, then nearer the camera."""
    if base is None:
        return [0.96 * shot.height, 0.88 * shot.height]
    steps = (0.015, 0.07, -0.035, 0.13) if number % 2 == 0 else (0.07, 0.015, 0.13)
    return [base + step * shot.unit for step in steps]


def corner(on: Set) -> Placed:
    """A branch that reaches in from a corner; near the camera, and so out of focus, below."""
    shot, room, maker = on.shot, on.room, on.maker
    soft = maker.kind == "leaf"
    ways = [(1, -1), (-1, 1), (-1, -1), (1, 1)] if soft else [(-1, -1), (1, -1)]
    if on.rng.random() < 0.5:
        ways = [(-across, down) for across, down in ways]
    done = 0
    for across, down in ways:
        if done == maker.count:
            return
        tilt = float(on.rng.uniform(6, 22))
        small = mirrored(turned(maker.make(done, THUMB / maker.height), tilt), across > 0, down > 0)
        for share, out in pairs(SHRINK, (0.06, 0.22, 0.38, 0.5)):
            share *= BACK[done % len(BACK)]
            scale = share * maker.height / THUMB
            wide, tall = scale * small.size[0], scale * small.size[1]
            x = -out * wide if across < 0 else shot.width - (1 - out) * wide
            y = -0.5 * out * tall if down < 0 else shot.height - (1 - 0.5 * out) * tall
            if not room.fits(small.cover, scale, x, y, 0.36):
                continue
            sprite = turned(maker.make(done, share, near=soft), tilt)
            sprite = mirrored(sprite, across > 0, down > 0)
            if soft:
                sprite = blurred(sprite, 0.03 * maker.height * share)
            x -= (sprite.size[0] - wide) / 2
            y -= (sprite.size[1] - tall) / 2
            room.take(sprite.cover, x, y)
            yield sprite, x, y
            done += 1
            break


def falling(on: Set) -> Placed:
    """Scattered in the air; a few near the camera, out of focus."""
    shot, room, maker, rng = on.shot, on.room, on.maker, on.rng
    soft, cloud = maker.kind in ("dust", "snow"), maker.kind == "cloud"
    lowest = (on.stage.beside or shot.floor or shot.height) + 0.02 * shot.unit
    made: dict[tuple[int, float, float, bool], Sprite] = {}
    for number in range(maker.count):
        near = number % 5 == 4 and not cloud
        share = float(rng.choice((1.5, 1.9, 2.3) if near else (0.6, 0.75, 0.9, 1.1)))
        turn = 0.0 if soft or cloud else float(rng.choice((-38, -20, -7, 7, 20, 38)))
        which = int(rng.integers(12)), share, turn, near
        if which not in made:
            sprite = maker.make(which[0], share, near=near)
            sprite = turned(sprite, turn) if turn else sprite
            blur = share * maker.height * (0.16 if near or soft else 0.0)
            made[which] = blurred(sprite, blur) if blur else sprite
        sprite = made[which]
        wide, tall = sprite.size
        for _ in range(6):
            x = float(rng.uniform(-0.1 * wide, shot.width - 0.9 * wide))
            down = rng.uniform(0.02, 0.4) if cloud else rng.beta(1.1, 1.5)
            y = float(down * lowest - 0.5 * tall)
            if room.clear(x, y, wide, tall):
                room.take(sprite.cover, x, y, 0.5 * wide)
                yield sprite, x, y
                break


def _sizes(maker: Maker) -> list[list[float]]:
    """For each of a group, the shares of its height to try."""
    shares = (
        [shrink * BACK[number % len(BACK)] for shrink in SHRINK] for number in range(maker.count)
    )
    return [[share for share in own if share * maker.height >= LEAST] for own in shares]


PLACES: dict[str, Callable[[Set], Placed]] = {
    "hanging": hanging,
    "floor": floor,
    "corner": corner,
    "falling": falling,
}
