"""What speaks against a poster: its layout as it was set, measured in plain units."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import ceil, floor

import numpy as np

from aigc.campaign import Box
from aigc.channels import Channel
from aigc.typeset import PlanRequest, content
from aigc.typeset.mass import mass
from aigc.typeset.sheet import Element

Elements = dict[str, Element]

OPTICAL_CENTRE = (0.5, 0.48)
_HEADLINE = 10.0  # hundredths of the picture's mean side that a confident headline has
_PRODUCT = {"leaderboard": 0.14, "skyscraper": 0.3, "story": 0.3}  # share of the frame, else:
_HERO = 0.35
_EMPTY = 0.16  # of the picture: a larger empty rectangle is a hole
_LEAST_TEXT = 10.0  # px
_LOSS = {"headline": 2.0, "price": 1.0, "cta": 0.6, "body": 0.35, "was": 0.4, "discount": 0.4}
_OTHER_LOSS = 0.2
_GRID = 24


def costs(elements: Elements, plan: PlanRequest) -> dict[str, float]:
    """What speaks against a poster so set, by name; 0 is best, 1 a fault that anyone sees."""
    channel = plan.channel
    width, height = channel.size
    unit = (width * height) ** 0.5 / 100
    boxes = {name: each.box for name, each in elements.items() if each.ground != "none"}
    texts = [each for each in elements.values() if each.size and each.name != "qr"]
    product = elements["product"].box
    wanted = _HEADLINE * unit if width <= 5 * height else 0.3 * height
    headline = elements["headline"].size if "headline" in elements else 0.0
    said = content.texts(plan, content.copy_for(plan))
    lost = [name for name in said if name not in elements and not _as_logo(name, elements)]
    far = np.subtract(_centre(elements, plan), OPTICAL_CENTRE)
    margin = min(min(box[0], 1 - box[2]) * width for box in _of(boxes, texts)) if texts else 99
    return {
        "small headline": 2 * max(0.0, 1 - headline / wanted) ** 1.5,
        "small product": 1.2 * max(0.0, 1 - _area(product) / _hero(channel, plan)),
        "hole": 3.5 * max(0.0, largest_hole(boxes.values()) - _EMPTY),
        "off balance": 2 * max(0.0, float(np.hypot(*far)) - 0.08),
        "left out": sum(_LOSS.get(name, _OTHER_LOSS) for name in lost),
        "too small to read": float(any(each.size < _LEAST_TEXT for each in texts)),
        "at the edge": float(margin < 3),
        "overlap": 10.0 * any(_meet(*pair) for pair in combinations(boxes.values(), 2)),
    }


def largest_hole(boxes: Iterable[Box]) -> float:
    """The largest empty rectangle's share of the picture, on a coarse grid."""
    empty = [[True] * _GRID for _ in range(_GRID)]
    for left, top, right, bottom in boxes:
        columns = range(max(0, floor(left * _GRID)), min(_GRID, ceil(right * _GRID)))
        for y in range(max(0, floor(top * _GRID)), min(_GRID, ceil(bottom * _GRID))):
            for x in columns:
                empty[y][x] = False
    heights, best = [0] * _GRID, 0
    for row in empty:
        heights = [height + 1 if free else 0 for height, free in zip(heights, row, strict=True)]
        open_: list[tuple[int, int]] = []  # rectangles still growing: from where, how high
        for x, height in enumerate([*heights, 0]):
            start = x
            while open_ and open_[-1][1] >= height:
                start, high = open_.pop()
                best = max(best, high * (x - start))
            open_.append((start, height))
    return best / _GRID**2


def _hero(channel: Channel, plan: PlanRequest) -> float:
    """The share of the frame that a product's box should have: less where its shape forbids it."""
    width, height = channel.size
    rows, across = plan.caption.cutout.shape[:2]
    relative = across / rows * height / width
    most = 0.7 * min(relative, 1 / relative)
    return float(min(_PRODUCT.get(channel.shape, _HERO), most))


def _centre(elements: Elements, plan: PlanRequest) -> tuple[float, float]:
    """The centre of mass of a poster: the product by its own mass, texts at half their weight."""
    own = mass(plan.caption.cutout)
    left, top, right, bottom = elements["product"].box
    weights = [_area(elements["product"].box) * own.fill]
    points = [(left + own.centre * (right - left), (top + bottom) / 2)]
    for each in elements.values():
        if each.name != "product":
            weights.append(0.5 * _area(each.box))
            points.append(((each.box[0] + each.box[2]) / 2, (each.box[1] + each.box[3]) / 2))
    x, y = np.average(points, axis=0, weights=weights) if sum(weights) else (0.5, 0.5)
    return float(x), float(y)


def _of(boxes: dict[str, Box], texts: Iterable[Element]) -> list[Box]:
    return [boxes.get(each.name, each.box) for each in texts]


def _as_logo(name: str, elements: Elements) -> bool:
    return name == "brand" and "logo" in elements


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _meet(one: Box, other: Box) -> bool:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width > 1e-6 and height > 1e-6
