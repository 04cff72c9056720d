"""Drawn lamps and lights of the sky: lantern, fanoos, diya, crescent, dust in a beam, snow."""

from __future__ import annotations

import numpy as np

from aigc.scene.light import Field
from aigc.scene.relief import GOLD, Canvas, block, ellipse, mixed

FLAME = np.array([1.0, 0.62, 0.2], np.float32)


def lantern(canvas: Canvas, tint: Field, _way: int) -> None:
    """A round silk lantern on ribs, lit from within, with gold caps and a tassel."""
    x, y, rx, ry = 0.37, 0.33, 0.355, 0.245
    body = canvas.mask(ellipse(x, y, rx, ry))
    canvas.solid(body, tint, gloss=0.1)
    canvas.shine(x, y + 0.05, 0.24, mixed(tint, FLAME, 0.6), 0.34)
    for share in (0.0, 0.36, 0.68, 0.9):
        rib = canvas.stroke(ellipse(x, y, max(share * rx, 0.001), ry), 0.007, closed=True)
        canvas.paint(canvas.both(rib, body), GOLD, 0.42)
    for top, wide, deep in ((0.075, 0.15, 0.045), (0.54, 0.15, 0.045)):
        cap = block(x - wide, top, x + wide, top + deep, 0.015)
        canvas.solid(canvas.mask(cap), GOLD, bulge=0.8, gloss=0.5)
    canvas.solid(canvas.stroke(ellipse(x, 0.045, 0.028, 0.032), 0.014, closed=True), GOLD)
    canvas.solid(canvas.mask(ellipse(x, 0.625, 0.034, 0.03)), GOLD, gloss=0.5)
    for strand in range(9):
        foot = x + 0.011 * (strand - 4)
        line = np.array([[x + 0.006 * (strand - 4), 0.65], [foot, 0.995 - 0.012 * (strand % 3)]])
        shade = mixed(tint, GOLD, 0.5) * (0.7 + 0.15 * (strand % 3))
        canvas.flat(canvas.stroke(line, 0.011), shade.astype(np.float32))
    canvas.solid(canvas.mask(block(x - 0.036, 0.655, x + 0.036, 0.685, 0.01)), GOLD)


def fanoos(canvas: Canvas, tint: Field, _way: int) -> None:
    """A lantern of brass and glass: ring, onion dome, six-sided lamp, foot."""
    x = 0.26
    canvas.solid(canvas.stroke(ellipse(x, 0.05, 0.04, 0.042), 0.016, closed=True), tint, gloss=0.6)
    turn = np.linspace(0, 1, 24)
    bow = 0.17 * np.sin(np.pi * turn**0.62) ** 0.75 * (0.25 + 0.75 * turn)
    right = np.stack([x + np.maximum(bow, 0.012 + 0.15 * turn**3), 0.09 + 0.21 * turn], 1)
    left = right[::-1] * [-1, 1] + [2 * x, 0]
    canvas.solid(canvas.mask(np.vstack([right, left])), tint, gloss=0.6)
    for top, bottom, wide in ((0.29, 0.325, 0.215), (0.765, 0.8, 0.17), (0.9, 0.95, 0.2)):
        brim = block(x - wide, top, x + wide, bottom, 0.012)
        canvas.solid(canvas.mask(brim), tint, bulge=0.9, gloss=0.6)
    glass = np.array(
        [[x - 0.18, 0.325], [x + 0.18, 0.325], [x + 0.225, 0.45], [x + 0.135, 0.765],
         [x - 0.135, 0.765], [x - 0.225, 0.45]]
    )  # fmt: skip
    pane = canvas.mask(glass)
    canvas.flat(pane, np.array([0.62, 0.3, 0.06], np.float32))
    canvas.shine(x, 0.55, 0.17, np.array([1.0, 0.72, 0.3], np.float32), 0.9)
    bars = [np.array([[x + top, 0.325], [x + mid, 0.45], [x + low, 0.765]])
            for top, mid, low in ((-0.18, -0.225, -0.135), (-0.06, -0.08, -0.045),
                                  (0.06, 0.08, 0.045), (0.18, 0.225, 0.135))]  # fmt: skip
    bars.append(np.array([[x - 0.225, 0.45], [x + 0.225, 0.45]]))
    for bar in bars:
        canvas.solid(canvas.stroke(bar, 0.016), tint, gloss=0.5)
    for at in (-0.152, 0.0, 0.152):
        lattice = ellipse(x + 0.86 * at, 0.385, 0.022, 0.03)
        canvas.solid(canvas.stroke(lattice, 0.01, closed=True), tint)
    foot = np.array([[x - 0.1, 0.8], [x + 0.1, 0.8], [x + 0.17, 0.9], [x - 0.17, 0.9]])
    canvas.solid(canvas.mask(foot), tint, gloss=0.5)
    canvas.solid(canvas.mask(block(x - 0.23, 0.945, x + 0.23, 0.985, 0.015)), tint, gloss=0.5)


def crescent(canvas: Canvas, tint: Field, _way: int) -> None:
    """The young moon."""
    full = canvas.mask(ellipse(0.5, 0.5, 0.47, 0.47))
    bitten = canvas.without(full, canvas.mask(ellipse(0.645, 0.415, 0.385, 0.385)))
    canvas.solid(bitten, tint, gloss=0.45)


def diya(canvas: Canvas, tint: Field, _way: int) -> None:
    """A clay lamp with its flame."""
    x = 0.525
    bowl = np.linspace(0, np.pi, 40)
    hull = np.stack([x + 0.47 * np.cos(bowl), 0.66 + 0.31 * np.sin(bowl) ** 0.8], 1)
    canvas.solid(canvas.mask(hull), tint, gloss=0.2)
    for at in np.linspace(-0.32, 0.32, 7):
        dot = ellipse(x + at, 0.8 - 0.35 * at**2, 0.02, 0.024)
        canvas.solid(canvas.mask(dot), GOLD, gloss=0.4)
    canvas.solid(canvas.mask(ellipse(x, 0.665, 0.475, 0.105)), mixed(tint, GOLD, 0.35), bulge=0.3)
    canvas.flat(canvas.mask(ellipse(x, 0.672, 0.4, 0.07)), mixed(tint, "#2a1206", 0.75))
    turn = np.linspace(0, 1, 30)
    wide = 0.105 * np.sin(np.pi * turn**0.55) ** 1.1
    flame = np.vstack(
        [
            np.stack([x + wide, 0.06 + 0.6 * turn], 1),
            np.stack([x - wide, 0.06 + 0.6 * turn], 1)[::-1],
        ]
    )
    canvas.flat(canvas.mask(flame), np.array([1.0, 0.5, 0.07], np.float32))
    core = (flame - [x, 0.62]) * [0.52, 0.6] + [x, 0.62]
    canvas.flat(canvas.mask(core), np.array([1.0, 0.9, 0.55], np.float32))


def dust(canvas: Canvas, tint: Field, _way: int) -> None:
    """A mote that catches the light."""
    canvas.flat(canvas.mask(ellipse(0.5, 0.5, 0.34, 0.34)), mixed(tint, "#ffffff", 0.35), 0.9)


def flake(canvas: Canvas, tint: Field, _way: int) -> None:
    """A flake of snow, as the eye sees it fall: a soft dot."""
    canvas.flat(canvas.mask(ellipse(0.5, 0.5, 0.42, 0.42)), tint, 0.92)
