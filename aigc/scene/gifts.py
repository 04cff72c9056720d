"""Drawn things to give and to celebrate with: gifts, bags, balloons, baubles, sweets, stars."""

from __future__ import annotations

import numpy as np

from aigc.scene.light import Field
from aigc.scene.relief import GOLD, Canvas, around, blade, block, ellipse, mixed

WHITE = np.array([0.93, 0.92, 0.9], np.float32)


def _bow(canvas: Canvas, x: float, y: float, size: float, colour: Field) -> None:
    """Two loops, two tails and a knot."""
    for side in (-1, 1):
        tail = blade(
            np.array([x, y]), np.array([x + 0.75 * side * size, y + 0.75 * size]), 0.16 * size
        )
        canvas.solid(canvas.mask(tail), colour * 0.8, gloss=0.2)
    for side in (-1, 1):
        loop = ellipse(
            x + 0.58 * side * size, y - 0.26 * size, 0.55 * size, 0.32 * size, 0.35 * side
        )
        canvas.solid(canvas.mask(loop), colour, gloss=0.3)
        hole = ellipse(
            x + 0.62 * side * size, y - 0.24 * size, 0.27 * size, 0.12 * size, 0.35 * side
        )
        canvas.paint(canvas.mask(hole), colour * 0.35, 0.75)
    canvas.solid(
        canvas.mask(ellipse(x, y - 0.03 * size, 0.2 * size, 0.21 * size)), colour, gloss=0.4
    )


def _ribbon(tint: Field) -> Field:
    """Gold on a dark or red box; on a pale or yellow one a deep red."""
    luminance = float(tint @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return GOLD * 1.15 if luminance < 0.4 else np.array([0.55, 0.02, 0.06], np.float32)


def gift(canvas: Canvas, tint: Field, _way: int) -> None:
    """A box with a lid, a ribbon and a bow."""
    ribbon = _ribbon(tint)
    canvas.solid(
        canvas.mask(block(0.1, 0.42, 0.88, 0.99, 0.035)), tint * 0.88, bulge=0.16, gloss=0.1
    )
    canvas.solid(canvas.mask(block(0.4, 0.42, 0.58, 0.985)), ribbon, bulge=0.3, gloss=0.2)
    canvas.paint(canvas.mask(block(0.1, 0.44, 0.88, 0.52)), tint * 0.3, 0.35)
    canvas.solid(canvas.mask(block(0.05, 0.27, 0.93, 0.46, 0.035)), tint, bulge=0.5, gloss=0.16)
    canvas.solid(canvas.mask(block(0.395, 0.272, 0.585, 0.458)), ribbon, bulge=0.5, gloss=0.25)
    _bow(canvas, 0.49, 0.25, 0.29, ribbon)


def bag(canvas: Canvas, tint: Field, _way: int) -> None:
    """A paper carrier bag with cord handles."""
    arc = np.linspace(np.pi, 2 * np.pi, 30)
    for lift, shade in ((0.03, 0.5), (0.0, 0.85)):
        handle = np.stack([0.43 + 0.16 * np.cos(arc), 0.33 - lift + 0.29 * np.sin(arc)], 1)
        canvas.solid(canvas.stroke(handle, 0.03), _ribbon(tint) * shade)
    side = np.array([[0.66, 0.29], [0.83, 0.34], [0.85, 0.94], [0.68, 0.99]])
    canvas.solid(canvas.mask(side), tint * 0.62, bulge=0.12, gloss=0.0)
    front = np.array([[0.05, 0.29], [0.68, 0.29], [0.7, 0.99], [0.03, 0.99]])
    canvas.solid(canvas.mask(front), tint, bulge=0.1, gloss=0.08)
    band = np.array([[0.035, 0.72], [0.69, 0.72], [0.695, 0.8], [0.033, 0.8]])
    canvas.paint(canvas.mask(band), _ribbon(tint), 0.9)


def balloon(canvas: Canvas, tint: Field, _way: int) -> None:
    """A balloon and its string."""
    turn = np.linspace(0, 1, 40)
    string = np.stack([0.23 + 0.018 * np.sin(9 * turn) * turn, 0.6 + 0.395 * turn], 1)
    canvas.flat(canvas.stroke(string, 0.006), mixed(tint, WHITE, 0.4), 0.85)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    narrow = 1 - 0.13 * np.clip(np.sin(angle), 0, 1) ** 2
    body = np.stack([0.23 + 0.215 * narrow * np.cos(angle), 0.285 + 0.275 * np.sin(angle)], 1)
    canvas.solid(canvas.mask(np.array([[0.23, 0.54], [0.262, 0.6], [0.198, 0.6]])), tint * 0.8)
    canvas.solid(canvas.mask(body), tint, gloss=0.5)
    gleam = ellipse(0.23 + 0.085 * canvas.side, 0.155, 0.03, 0.062, 0.55 * canvas.side)
    canvas.paint(canvas.mask(gleam), WHITE, 0.45)


def bauble(canvas: Canvas, tint: Field, _way: int) -> None:
    """A glass ball with its cap, mirroring the window."""
    canvas.solid(canvas.stroke(ellipse(0.4, 0.06, 0.045, 0.05), 0.02, closed=True), GOLD)
    canvas.solid(canvas.mask(block(0.32, 0.1, 0.48, 0.2, 0.02)), GOLD, gloss=0.6)
    ball = canvas.mask(ellipse(0.4, 0.58, 0.39, 0.395))
    canvas.solid(ball, tint, gloss=0.7)
    gleam = around(
        0.4 + 0.16 * canvas.side, 0.4, block(-0.05, -0.075, 0.05, 0.075, 0.03), 0.5 * canvas.side
    )
    canvas.paint(canvas.mask(gleam), WHITE, 0.62)


def bolt(canvas: Canvas, tint: Field, _way: int) -> None:
    """A flash of lightning."""
    flash = np.array(
        [
            [0.46, 0.02],
            [0.06, 0.57],
            [0.33, 0.57],
            [0.22, 0.98],
            [0.66, 0.39],
            [0.37, 0.39],
            [0.54, 0.02],
        ]
    )
    canvas.solid(canvas.mask(flash), tint, bulge=0.6, gloss=0.3)


def cloud(canvas: Canvas, tint: Field, way: int) -> None:
    """A small round cloud."""
    puffs = [
        (0.42, 0.62, 0.28),
        (0.78, 0.46, 0.36),
        (1.15, 0.6, 0.3),
        (1.4, 0.72, 0.2),
        (0.22, 0.74, 0.18),
    ]
    if way:
        puffs = [(1.7 - x, y, r) for x, y, r in puffs]
    shapes = [ellipse(x, y, r, 0.86 * r) for x, y, r in puffs]
    foot = block(0.15, 0.68, 1.55, 0.92, 0.12)
    canvas.solid(canvas.mask(foot, *shapes), tint, bulge=0.9, gloss=0.05)
    for shape in shapes:
        canvas.solid(canvas.mask(shape), tint, gloss=0.03)


def coin(canvas: Canvas, tint: Field, way: int) -> None:
    """A gold coin with a star on it, turned more or less away."""
    flat = (0.44, 0.32, 0.2, 0.38)[way]
    turn = (0.2, -0.5, 0.6, 1.0)[way]
    edge = np.array([-0.025 * np.sin(turn), 0.035 * np.cos(turn)])
    canvas.solid(canvas.mask(ellipse(0.5 + edge[0], 0.5 + edge[1], 0.44, flat, turn)), tint * 0.5)
    canvas.solid(canvas.mask(ellipse(0.5, 0.48, 0.44, flat, turn)), tint, bulge=0.16, gloss=0.6)
    canvas.solid(
        canvas.mask(ellipse(0.5, 0.48, 0.34, 0.77 * flat, turn)), tint * 0.82, bulge=0.1, gloss=0.3
    )
    rays = np.linspace(0, 2 * np.pi, 11)[:-1] - np.pi / 2
    far = np.where(np.arange(10) % 2, 0.1, 0.23)
    points = np.stack([far * np.cos(rays), far * np.sin(rays) * flat / 0.44], 1)
    canvas.solid(canvas.mask(around(0.5, 0.48, points, turn)), tint, bulge=0.6, gloss=0.5)


def confetti(canvas: Canvas, tint: Field, way: int) -> None:
    """A paper flake, or a curl of ribbon."""
    if way < 4:
        flat = (0.2, 0.32, 0.12, 0.26)[way]
        flake = around(0.5, 0.5, block(-0.4, -flat, 0.4, flat, 0.03), 0.5 + 0.7 * way)
        canvas.solid(canvas.mask(flake), tint, bulge=0.15, gloss=0.15)
    else:
        along = np.linspace(-1, 1, 50)
        curl = np.stack([0.5 + 0.4 * along, 0.5 + 0.2 * np.sin(5 * along + way)], 1)
        canvas.solid(canvas.stroke(curl, 0.15), tint, gloss=0.2)


def heart(canvas: Canvas, tint: Field, _way: int) -> None:
    """A plump heart."""
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    down = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    outline = np.stack([0.54 + 0.51 * np.sin(t) ** 3, 0.455 + 0.5 * down], 1)
    canvas.solid(canvas.mask(outline), tint, gloss=0.35)


def mooncake(canvas: Canvas, tint: Field, _way: int) -> None:
    """A moon cake: fluted sides and a pressed flower on top."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    flute = 1 + 0.03 * np.abs(np.sin(8 * angle))
    base = np.stack([0.62 + 0.59 * flute * np.cos(angle), 0.62 + 0.34 * flute * np.sin(angle)], 1)
    top = base - [0, 0.24]
    side = canvas.mask(base, top, block(0.035, 0.38, 1.205, 0.62))
    canvas.solid(side, tint * 0.62, bulge=0.35, gloss=0.05)
    for rib in np.linspace(0.35, np.pi - 0.35, 13):
        foot = np.array([0.62 + 0.58 * np.cos(rib), 0.62 + 0.33 * np.sin(rib)])
        canvas.paint(canvas.stroke(np.array([foot, foot - [0, 0.22]]), 0.02), tint * 0.3, 0.5)
    canvas.solid(canvas.mask(top), tint, bulge=0.2, gloss=0.16)
    x, y = 0.62, 0.38
    lines = [ellipse(x, y, 0.46, 0.26), ellipse(x, y, 0.13, 0.073)]
    lines += [around(x, y, ellipse(0.29, 0, 0.14, 0.1), turn) for turn in np.arange(8) * np.pi / 4]
    for number, outline in enumerate(lines):
        flat = outline if number < 2 else (outline - [x, y]) * [1, 0.565] + np.array([x, y])
        canvas.paint(
            canvas.stroke(flat + np.array([0, 0.008]), 0.016, closed=True),
            mixed(tint, WHITE, 0.35),
            0.6,
        )
        canvas.paint(canvas.stroke(flat, 0.014, closed=True), tint * 0.32, 0.85)


def orange(canvas: Canvas, tint: Field, _way: int) -> None:
    """A mandarin with its leaf."""
    canvas.solid(canvas.mask(ellipse(0.49, 0.6, 0.46, 0.395)), tint, gloss=0.25)
    canvas.paint(canvas.mask(ellipse(0.5, 0.27, 0.09, 0.04)), tint * 0.5, 0.6)
    green = np.array([0.07, 0.2, 0.04], np.float32)
    canvas.solid(canvas.stroke(np.array([[0.5, 0.27], [0.51, 0.14]]), 0.035), green * 0.7)
    for tip in ((0.86, 0.06), (0.24, 0.1)):
        canvas.solid(
            canvas.mask(blade(np.array([0.51, 0.22]), np.array(tip), 0.075)), green, gloss=0.15
        )


def rabbit(canvas: Canvas, tint: Field, _way: int) -> None:
    """A white rabbit at rest, seen from the side."""
    pink = mixed(tint, "#f0a8a0", 0.6)
    for shift_, shade in ((0.07, 0.84), (0.0, 1.0)):
        ear = ellipse(0.31 + shift_, 0.19, 0.06, 0.185, -0.2)
        canvas.solid(canvas.mask(ear), tint * shade, gloss=0.04)
    canvas.paint(canvas.mask(ellipse(0.3, 0.2, 0.026, 0.13, -0.2)), pink, 0.7)
    canvas.solid(canvas.mask(ellipse(0.9, 0.78, 0.085, 0.085)), tint * 0.96, gloss=0.03)
    body = canvas.mask(ellipse(0.58, 0.71, 0.335, 0.265), ellipse(0.4, 0.72, 0.22, 0.22))
    canvas.solid(body, tint, gloss=0.04)
    canvas.solid(canvas.mask(ellipse(0.68, 0.77, 0.19, 0.185)), tint, bulge=0.8, gloss=0.03)
    for foot in ((0.66, 0.945, 0.15, 0.042), (0.35, 0.945, 0.1, 0.04)):
        canvas.solid(canvas.mask(ellipse(*foot)), tint * 0.97, gloss=0.03)
    canvas.solid(canvas.mask(ellipse(0.28, 0.47, 0.195, 0.165, -0.12)), tint, gloss=0.05)
    canvas.flat(
        canvas.mask(ellipse(0.225, 0.435, 0.024, 0.03)), np.array([0.02, 0.01, 0.01], np.float32)
    )
    canvas.flat(canvas.mask(ellipse(0.09, 0.485, 0.02, 0.016)), pink)


def star(canvas: Canvas, tint: Field, _way: int) -> None:
    """A plump five-pointed star."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    fifth = np.mod(angle * 5 / (2 * np.pi) + 0.5, 1) - 0.5
    radius = 0.26 + 0.235 * np.exp(-np.abs(fifth) * 6.2) * 1.0
    points = np.stack([0.5 + radius * np.sin(angle), 0.53 - radius * np.cos(angle)], 1)
    canvas.solid(canvas.mask(points), tint, bulge=0.95, gloss=0.3)
