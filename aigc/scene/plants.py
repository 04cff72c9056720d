"""Drawn plants: branches that reach in from a corner, flowers, garlands, petals."""

from __future__ import annotations

import numpy as np

from aigc.scene.light import Field
from aigc.scene.relief import Canvas, around, blade, ellipse, mixed
from aigc.scene.shapes import Points

BARK = np.array([0.09, 0.05, 0.035], np.float32)
GREEN = np.array([0.1, 0.24, 0.07], np.float32)


def _stem(start: tuple[float, float], end: tuple[float, float], sag: float) -> Points:
    """A bent line from the corner outwards, 24 points."""
    along = np.linspace(0, 1, 24)[:, None]
    straight = np.asarray(start) + along * (np.asarray(end) - np.asarray(start))
    return np.asarray(straight + [0, 1] * (sag * np.sin(np.pi * along)))


def _ways(points: Points) -> Points:
    step = np.gradient(points, axis=0)
    return np.asarray(step / np.linalg.norm(step, axis=1)[:, None])


def leaf(canvas: Canvas, tint: Field, way: int) -> None:
    """A twig of broad leaves, from the left edge to the right."""
    stem = _stem((0.0, 0.42), (1.0, 0.5), 0.09 * (1 - 2 * way))
    heading = _ways(stem)
    canvas.solid(canvas.stroke(stem, 0.016), mixed(tint, BARK, 0.4))
    for number, at in enumerate(range(2, 22, 4)):
        for side in (-1, 1):
            turn = side * (0.85 - 0.02 * at)
            cos, sin = np.cos(turn), np.sin(turn)
            out = heading[at] @ np.array([[cos, sin], [-sin, cos]])
            long = 0.42 * (1.05 - 0.022 * at)
            _leaf(canvas, stem[at], stem[at] + long * out, 0.072 * long / 0.4, tint, number + side)
    _leaf(canvas, stem[-1], stem[-1] + [0.09, 0.01], 0.03, tint, 0)


def _leaf(canvas: Canvas, foot: Points, tip: Points, wide: float, tint: Field, number: int) -> None:
    shade = tint * (0.8 + 0.16 * (number % 3))
    canvas.solid(canvas.mask(blade(foot, tip, wide)), shade.astype(np.float32), gloss=0.12)
    rib = canvas.stroke(np.array([foot, foot + 0.9 * (tip - foot)]), 0.006)
    canvas.paint(canvas.inside(rib), mixed(shade, "#ffffff", 0.35), 0.5)


def fir(canvas: Canvas, tint: Field, way: int) -> None:
    """A fir branch with its side twigs, needle by needle."""
    rng = np.random.default_rng(way)
    main = _stem((0.0, 0.36), (1.14, 0.6), 0.05)
    twigs = [(main, 1.0)]
    for at, side in ((4, 1), (6, -1), (10, 1), (12, -1), (16, 1)):
        ahead = _ways(main)[at]
        turn = side * 0.62
        out = ahead @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        long = 0.5 * (1.05 - at / 26)
        end = main[at] + long * out
        twigs.insert(0, (_stem(tuple(main[at]), tuple(end), 0.02), 0.8))
    for stem, size in twigs:
        canvas.flat(canvas.stroke(stem, 0.018 * size), BARK)
        ways = _ways(stem)
        for layer in range(3):  # the needles at the back are darker
            shade = tint * (0.45 + 0.36 * layer)
            lines: list[Points] = []
            for at in np.linspace(1, 23, 34):
                foot, ahead = stem[int(at)], ways[int(at)]
                for side in (-1, 1):
                    turn = side * rng.uniform(0.3, 0.95)
                    cos, sin = np.cos(turn), np.sin(turn)
                    out = ahead @ np.array([[cos, sin], [-sin, cos]])
                    tip = foot + out * size * rng.uniform(0.07, 0.115) * (1.1 - 0.4 * at / 23)
                    lines.append(np.stack([foot, tip]))
            canvas.flat(canvas.strokes(lines, 0.0085), shade.astype(np.float32))


def _blossom(canvas: Canvas, x: float, y: float, size: float, tint: Field, turn: float) -> None:
    """Five round petals and a crown of stamens."""
    for petal in range(5):
        angle = turn + 2 * np.pi * petal / 5
        at = ellipse(x + 0.56 * size * np.cos(angle), y + 0.56 * size * np.sin(angle),
                     0.5 * size, 0.44 * size, angle)  # fmt: skip
        shade = tint * (0.92 + 0.05 * (petal % 3))
        canvas.solid(canvas.mask(at), shade.astype(np.float32), bulge=0.8, gloss=0.08)
    canvas.paint(canvas.mask(ellipse(x, y, 0.42 * size, 0.42 * size)), tint * tint, 0.55)
    for stamen in range(8):
        angle = turn + 2 * np.pi * stamen / 8
        tip = np.array([x + 0.45 * size * np.cos(angle), y + 0.45 * size * np.sin(angle)])
        canvas.flat(
            canvas.stroke(np.array([[x, y], tip]), 0.05 * size), mixed(tint, "#ffffff", 0.6)
        )
        canvas.flat(canvas.mask(ellipse(tip[0], tip[1], 0.06 * size, 0.06 * size)), GOLDEN)


GOLDEN = np.array([0.9, 0.62, 0.12], np.float32)


def plum(canvas: Canvas, tint: Field, way: int) -> None:
    """A gnarled bough of plum in blossom, with buds towards its tips."""
    knots = np.array([[0.0, 0.2], [0.2, 0.3], [0.38, 0.27], [0.6, 0.42], [0.8, 0.44], [1.12, 0.62]])
    twigs = [
        (knots, 0.036),
        (np.array([[0.38, 0.27], [0.52, 0.13], [0.76, 0.08], [0.92, 0.03]]), 0.018),
        (np.array([[0.2, 0.3], [0.28, 0.52], [0.42, 0.66], [0.5, 0.86]]), 0.02),
        (np.array([[0.6, 0.42], [0.72, 0.6], [0.84, 0.72]]), 0.013),
    ]
    for points, width in twigs:
        for part in range(len(points) - 1):
            taper = width * (1 - 0.6 * part / len(points))
            canvas.solid(canvas.stroke(points[part : part + 2], taper), BARK * 1.6, gloss=0.1)
    rng = np.random.default_rng(3 + way)
    flowers = [(0.3, 0.24, 0.1), (0.56, 0.37, 0.115), (0.78, 0.47, 0.085), (0.55, 0.13, 0.085),
               (0.3, 0.52, 0.09), (0.42, 0.7, 0.105), (0.13, 0.3, 0.08)]  # fmt: skip
    buds = [
        (0.76, 0.08),
        (0.92, 0.03),
        (0.5, 0.86),
        (0.84, 0.72),
        (1.1, 0.6),
        (0.95, 0.53),
        (0.72, 0.6),
    ]
    for x, y in buds:
        canvas.solid(canvas.mask(ellipse(x, y, 0.026, 0.03)), tint * 0.8)
    for x, y, size in flowers:
        _blossom(canvas, x, y, size * 0.9, tint, rng.uniform(0, 6.28))


def osmanthus(canvas: Canvas, tint: Field, way: int) -> None:
    """A twig of osmanthus: dark leaves, and clusters of tiny gold flowers in their axils."""
    stem = _stem((0.0, 0.36), (0.98, 0.54), 0.06)
    heading = _ways(stem)
    canvas.solid(canvas.stroke(stem, 0.018), BARK * 1.6)
    rng = np.random.default_rng(way)
    for number, at in enumerate(range(2, 24, 4)):
        for side in (-1, 1):
            turn = side * 0.75
            cos, sin = np.cos(turn), np.sin(turn)
            out = heading[at] @ np.array([[cos, sin], [-sin, cos]])
            _leaf(canvas, stem[at], stem[at] + 0.34 * out, 0.075, GREEN, number + side)
    for at in range(3, 24, 4):
        for _ in range(8):
            x, y = stem[at] + rng.normal(0, 0.045, 2)
            for petal in range(4):
                angle = petal * np.pi / 2 + rng.uniform(0, 0.4)
                leaf_ = ellipse(
                    x + 0.016 * np.cos(angle), y + 0.016 * np.sin(angle), 0.014, 0.011, angle
                )
                shade = tint * rng.uniform(0.75, 1.05)
                canvas.flat(canvas.mask(leaf_), np.minimum(shade, 1).astype(np.float32))


def flower(canvas: Canvas, tint: Field, way: int) -> None:
    """A daisy, seen from the front."""
    count = 9 if way else 7
    for petal in range(count):
        angle = 2 * np.pi * petal / count
        tongue = blade(np.array([0.02, 0.0]), np.array([0.49, 0.0]), 0.15, 0.66)
        canvas.solid(canvas.mask(around(0.5, 0.5, tongue, angle)), tint, bulge=0.9, gloss=0.08)
    canvas.solid(
        canvas.mask(ellipse(0.5, 0.5, 0.17, 0.17)), np.array([0.85, 0.45, 0.05], np.float32)
    )


def garland(canvas: Canvas, tint: Field, way: int) -> None:
    """Marigolds threaded on a string, each a ball of ruffled petals."""
    x, size = 0.1, 0.072
    for number in range(8):
        y = 0.075 + 0.118 * number
        shade = (
            tint
            if (number + way) % 2
            else mixed(tint, np.array([0.95, 0.55, 0.03], np.float32), 0.7)
        )
        for ring, count in ((1.0, 14), (0.72, 11), (0.42, 8)):
            for ruffle in range(count):
                angle = 2 * np.pi * (ruffle + 0.5 * (ring < 0.9)) / count
                far = 0.78 * ring * size
                across, down = x + far * np.cos(angle), y + far * np.sin(angle)
                at = ellipse(across, down, 0.3 * size, 0.22 * size, angle)
                tone = shade * (0.62 + 0.42 * (1 - ring) + 0.12 * (ruffle % 2))
                canvas.flat(canvas.mask(at), np.minimum(tone, 1).astype(np.float32))
        canvas.paint(canvas.mask(ellipse(x, y, 0.2 * size, 0.2 * size)), shade * 0.6, 0.6)


def petal(canvas: Canvas, tint: Field, way: int) -> None:
    """One loose petal, curled more or less."""
    wide = (0.36, 0.26, 0.16, 0.3)[way]
    shape = blade(np.array([-0.46, 0.0]), np.array([0.46, 0.0]), wide, 0.6)
    shape[:, 1] += (0.0, 0.16, -0.1, 0.1)[way] * (1 - (shape[:, 0] / 0.46) ** 2)
    canvas.solid(canvas.mask(around(0.5, 0.5, shape, 0.6)), tint, bulge=1.0, gloss=0.1)


def rose(canvas: Canvas, tint: Field, _way: int) -> None:
    """A rose on its stem: petals that fold about a heart."""
    x, y = 0.31, 0.25
    stem = np.array([[x, 0.4], [x - 0.015, 0.7], [x + 0.01, 1.0]])
    canvas.solid(canvas.stroke(stem, 0.028), GREEN)
    for foot, tip in (((x - 0.01, 0.72), (x - 0.24, 0.6)), ((x, 0.84), (x + 0.25, 0.7))):
        _leaf(canvas, np.array(foot), np.array(tip), 0.065, GREEN, 1)
    for lean in (-0.14, 0.0, 0.14):
        sepal = blade(np.array([x, 0.47]), np.array([x + lean, 0.36]), 0.035)
        canvas.solid(canvas.mask(sepal), GREEN)
    cups = [
        (x - 0.14, y + 0.06, 0.13, 0.17, 0.35), (x + 0.14, y + 0.06, 0.13, 0.17, -0.35),
        (x, y + 0.09, 0.18, 0.15, 0.0), (x, y - 0.07, 0.2, 0.15, 0.0),
        (x - 0.075, y - 0.02, 0.13, 0.15, 0.25), (x + 0.08, y + 0.0, 0.125, 0.15, -0.3),
        (x, y + 0.01, 0.115, 0.115, 0.0), (x + 0.015, y - 0.02, 0.07, 0.07, 0.0),
        (x - 0.005, y - 0.005, 0.035, 0.04, 0.0),
    ]  # fmt: skip
    for number, cup in enumerate(cups):
        shade = tint * (0.72 + 0.05 * number)
        canvas.solid(canvas.mask(ellipse(*cup)), shade.astype(np.float32), bulge=0.55, gloss=0.08)
