"""Which layout a poster takes: headers name a few that may suit, and what they set is measured.

The cost of a layout is the sum of what `costs` names, each in plain units below; the least wins.
A campaign's posters lean to one family, so that its channels look like one key visual, and its
variants are dealt families of their own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from aigc.campaign import Box
from aigc.channels import Channel, columns
from aigc.typeset import PlanRequest, content, layouts, whole
from aigc.typeset.layouts import Family, Layout
from aigc.typeset.mass import cut, mass
from aigc.typeset.sheet import Element

Elements = dict[str, Element]

MOST_TRIED = 4  # layouts that are set to be measured; a poster's plan takes some 10 ms for each
LEADING = 0.25  # what a layout of the campaign's leading family is let off
OPTICAL_CENTRE = (0.5, 0.48)
_HEADLINE = 10.0  # hundredths of the picture's mean side that a confident headline has
_PRODUCT = {"leaderboard": 0.14, "skyscraper": 0.3, "story": 0.3}  # share of the frame, else:
_HERO = 0.35
_EMPTY = 0.16  # of the picture: a larger empty rectangle is a hole
_LEAST_TEXT = 10.0  # px
_LOSS = {"headline": 2.0, "price": 1.0, "cta": 0.6, "body": 0.35, "was": 0.4, "discount": 0.4}
_OTHER_LOSS = 0.2
_GRID = 24


def choose(
    plan: PlanRequest, candidates: Sequence[Layout], measure: Callable[[str], Elements]
) -> str:
    """Pick the layout that costs least of those a poster may take; `measure` sets one.

    `plan.avoid` names some that were tried before; they come last.
    """
    dealt = deal(candidates, families(plan), plan)
    leading = dealt[0].family
    price = {
        layout.name: sum(costs(measure(layout.name), plan).values())
        - LEADING * (layout.family == leading)
        for layout in dealt
    }
    return min(price, key=price.__getitem__)


def deal(candidates: Sequence[Layout], order: Sequence[Family], plan: PlanRequest) -> list[Layout]:
    """Deal a poster its hand: the first of every family, or where there are variants, its own.

    The leading family comes first. No two variants hold the same layout while there are enough.
    """
    left = [each for each in candidates if each.name not in plan.avoid]
    key = f"{plan.brief.seed}/{plan.brief.name}"
    ranks = {family: rank for rank, family in enumerate(order)}
    turns: dict[Family, int] = {}
    queue: list[tuple[int, int, Layout]] = []
    for layout in sorted(left or candidates, key=lambda each: _chance(key, each.name)):
        turn = turns[layout.family] = turns.get(layout.family, -1) + 1
        queue.append((turn, ranks[layout.family], layout))
    queue.sort(key=lambda each: each[:2])
    row = [layout for _, _, layout in queue]
    variants = max(plan.brief.variants, plan.variant + 1)
    if variants == 1:
        return row[:MOST_TRIED]
    place = plan.variant % len(row)
    first = next(at for at, each in enumerate(row) if each.family == row[place].family)
    spare = [each for each in row[variants:] if each.family == row[place].family]
    return [row[place], *(spare if place == first else [])][:MOST_TRIED]


def families(plan: PlanRequest) -> list[Family]:
    """Rank the families for a campaign, whatever the channel: the first one leads."""
    brief, caption = plan.brief, plan.caption
    height, width = caption.cutout.shape[:2]
    aspect, shape = width / height, mass(caption.cutout)
    longest = max((columns(copy.headline) for copy in plan.copies), default=0)
    deal_on = bool(brief.was or brief.discount or brief.coupon)
    tall, broad = aspect < 0.6, aspect > 1.5
    liking: dict[Family, float] = {
        "centre": 0.3 * (not shape.side) + 0.3 * (0.6 <= aspect <= 1.5) + 0.2 * broad,
        "split": 0.5 * tall + 0.3 * bool(shape.side) + 0.3 * (longest > 24),
        "editorial": 0.4 * (longest <= 24) + 0.2 * (not deal_on),
        "promo": 1.0 * deal_on + (0.2 if brief.price else -0.5),
        "framed": 0.2 * (not deal_on) - 0.3 * any(cut(caption)),
    }
    key = f"{brief.seed}/{brief.name}"
    return sorted(liking, key=lambda family: _chance(key, family) * 0.8 - liking[family])


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
    empty = np.ones((_GRID, _GRID), bool)
    for left, top, right, bottom in boxes:
        x0, y0 = int(left * _GRID), int(top * _GRID)
        empty[y0 : round(bottom * _GRID + 0.49), x0 : round(right * _GRID + 0.49)] = False
    heights = np.zeros(_GRID, int)
    best = 0
    for row in empty:
        heights = np.where(row, heights + 1, 0)
        for start in range(_GRID):
            low = np.minimum.accumulate(heights[start:])
            best = max(best, int((low * np.arange(1, low.size + 1)).max()))
    return best / _GRID**2


def placing(plan: PlanRequest, layout: str, rtl: bool) -> dict[str, Any]:
    """What a layout reads of the product besides its shape: mass, cut edges, side to stand on."""
    return {
        "mass": mass(plan.caption.cutout).centre,
        "cut": cut(plan.caption)._asdict(),
        "stands": content.stands(plan),
        "flip": _flipped(plan, layout, rtl),
        "room": _room(plan) if layouts.named(layout).photo == "over" else None,
    }


def _room(plan: PlanRequest) -> dict[str, Any] | None:
    if not plan.caption.whole:
        return None
    room = whole.room(plan.caption, plan.channel.size, plan.channel.safe)
    return {"side": room.side, "text": room.text, "subject": room.subject}


def _flipped(plan: PlanRequest, layout: str, rtl: bool) -> bool:
    """Whether a layout is turned round: the heavy side, or one cut off, goes outwards.

    So a shoe's toe and a kettle's spout point at the words. Every other variant trades that for
    the other side, if the photo leaves it the choice.
    """
    side = layouts.named(layout).side
    width, height = plan.channel.size
    if not side or width > 5 * height:  # a row is read as it runs
        return False
    edges, heavy = cut(plan.caption), mass(plan.caption.cutout).side
    if edges.left != edges.right:
        heavy = "left" if edges.left else "right"
    elif plan.brief.variants > 1:
        heavy = heavy or "right"
        if plan.variant % 2:
            heavy = "left" if heavy == "right" else "right"
    if rtl:
        side = "left" if side == "right" else "right"
    return bool(heavy) and heavy != side


def _hero(channel: Channel, plan: PlanRequest) -> float:
    """The share of the frame that a product's box should have: less where its shape forbids it."""
    width, height = channel.size
    rows, across = plan.caption.cutout.shape[:2]
    relative = across / rows * height / width
    return min(_PRODUCT.get(channel.shape, _HERO), 0.7 * min(relative, 1 / relative))


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


def _chance(key: str, name: str) -> float:
    """A number in 0..1 that a campaign and a name always get."""
    return zlib.crc32(f"{key}/{name}".encode()) / 2**32
