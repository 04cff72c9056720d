"""Whether the colours that a text names are those of the product."""

from __future__ import annotations

import re
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels
from aigc.caption.palette import colours
from aigc.caption.words import lexicon

SIDE = 112  # px; enough to weigh colours
REACH = 18.0  # CIELAB units within which a pixel looks like the colour's name
LIGHTNESS = 0.7  # weight of lightness, for light and shade must not change a colour's name
FLOOR = 0.02  # share that reflections and seams may have of any colour
PRIOR_GREY, PRIOR_VIVID = 0.2, 0.05  # usual shares of a grey and of a vivid colour in a product
GREY = 10.0  # chroma below which a colour is a grey
MOST = 1.0  # natural-log units that colour may add or take


@cache
def _anchors() -> dict[str, tuple[tuple[float, float, float], ...]]:
    known: dict[str, tuple[tuple[float, float, float], ...]] = {}
    for colour in colours():
        if colour.lab is not None:
            known[colour.name] = (*known.get(colour.name, ()), colour.lab)
    return known


@cache
def _names() -> tuple[tuple[re.Pattern[str], str], ...]:
    """A pattern for each way to write a colour, longest first, with the colour's name."""
    spelled = {
        spelling: colour.name
        for colour in reversed(colours())
        if colour.lab is not None
        for spelling in (colour.name, colour.name_zh, *colour.aliases)
        if spelling == "orange" or spelling not in lexicon()  # coffee is a drink before a colour
    }
    return tuple(
        (_pattern(spelling), spelled[spelling])
        for spelling in sorted(spelled, key=lambda name: (-len(name), name))
    )


def _pattern(spelling: str) -> re.Pattern[str]:
    if spelling.isascii():
        return re.compile(rf"\b{re.escape(spelling)}\b", re.IGNORECASE)
    return re.compile(re.escape(spelling))


def named_colours(text: str) -> list[str]:
    """The colours that a text names, in English, Chinese names included."""
    found: list[str] = []
    for pattern, name in _names():
        text, count = pattern.subn(" ", text)
        if count and name not in found:
            found.append(name)
    return found


def shares(pixels: Pixels, weight: NDArray[np.floating] | Pixels) -> dict[str, float]:
    """How much of the product looks like each named colour, 0..1.

    pixels (H, W, 3); weight (h, w), of any scale: how surely each place is the product.
    """
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    sure = cv2.resize(weight.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel()
    sure = sure / max(float(sure.sum()), 1e-9)
    scale = np.array([LIGHTNESS, 1, 1], np.float32)
    found = {}
    for name, anchors in _anchors().items():
        apart = np.linalg.norm((lab[:, None] - np.array(anchors, np.float32)) * scale, axis=2)
        found[name] = float(sure @ np.exp(-((apart.min(1) / REACH) ** 2)))
    return found


def agreement(text: str, seen: dict[str, float]) -> float:
    """How much more the named colours fill the product than they usually would, in nats.

    Between -1 and 1; 0 where the text names no colour, or none is known of the product.
    """
    named = named_colours(text)
    if not named or not seen:
        return 0.0
    ratios = [np.log((seen[name] + FLOOR) / (_prior(name) + FLOOR)) for name in named]
    return float(np.clip(ratios, -MOST, MOST).mean())


def _prior(name: str) -> float:
    chroma = min(float(np.hypot(a, b)) for _, a, b in _anchors()[name])
    return PRIOR_GREY if chroma < GREY else PRIOR_VIVID
