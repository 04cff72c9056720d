"""The product's colours: clusters of its own pixels in CIELAB, named as a shop would."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from coloraide import Color
from numpy.typing import NDArray

from aigc import prompts
from aigc.campaign import Pixels, Swatch

Lab = tuple[float, float, float]

MOST = 5  # colours in a palette
SOLID = 200  # alpha above which a pixel is the product's own, not mixed with its background
SAMPLE = 20_000  # pixels; more change no colour
SAME = 8.0  # ΔE 2000 below which two clusters are one colour in two lights
SMALLEST = 0.02  # share below which a cluster is a reflection or a seam
SHADING = 0.5  # weight of lightness in clustering: shadows should join the colour they fall on
GREY = 12.0  # chroma below which a colour may be shadow or highlight
VIVID = 40.0  # chroma from which on a colour counts in full, twice as much as a grey
SECOND = (
    0.45  # of the main colour's weight, with its shades: from there on a second colour is named
)
CONTRAST = 45.0  # difference of lightness between two greys that are two colours
NEAR_HUE = 40.0  # degrees within which two colours are shades of one
MULTICOLOURED = "multicoloured"


class Colour(NamedTuple):
    """A colour by name: English, Chinese, where it lies in CIELAB, other words for it."""

    name: str
    name_zh: str
    lab: Lab | None  # None: a mixture, such as multicoloured
    aliases: tuple[str, ...]


@cache
def colours() -> tuple[Colour, ...]:
    """The colours that a shop names; one that covers much of the space has several rows."""
    rows = (line.split("\t") for line in prompts.text("caption/colours.tsv").splitlines()[1:])
    return tuple(
        Colour(
            name,
            name_zh,
            (float(lightness), float(a), float(b)) if lightness else None,
            tuple(aliases.split(",")) if aliases else (),
        )
        for name, name_zh, lightness, a, b, aliases in rows
    )


def chinese(name: str) -> str:
    """Translate a colour's name; raises KeyError for one that is not in the table."""
    return {colour.name: colour.name_zh for colour in colours()}[name]


def colour_name(lab: Lab) -> str:
    """Name a CIELAB colour (L, a, b; D65) after the nearest in the table by CIEDE2000."""
    known = [(colour.lab, colour.name) for colour in colours() if colour.lab is not None]
    return min((_difference(lab, anchor), name) for anchor, name in known)[1]


def palette(foreground: Pixels, alpha: Pixels) -> tuple[Swatch, ...]:
    """Find up to five colours of the product, the main one first.

    foreground (H, W, 3) and alpha (H, W); shares are of the pixels that are all product. First
    comes the largest once greys count half, for they may be shadow and highlight. Empty where
    the matte is empty.
    """
    own = foreground[alpha > SOLID] if (alpha > SOLID).any() else foreground[alpha > 0]
    if len(own) == 0:
        return ()
    merged = _merge(_clusters(own))
    largest = max(share for _, share in merged)
    kept = [(lab, share) for lab, share in merged if share >= min(SMALLEST, largest)]
    kept.sort(key=lambda cluster: -cluster[1] * _vividness(cluster[0]))
    named: dict[str, Swatch] = {}
    for lab, share in kept:
        name = colour_name(lab)
        if name in named:  # two shades that a shop would call by one name
            share += named[name].share
            named[name] = named[name].model_copy(update={"share": min(share, 1)})
        else:
            named[name] = Swatch(hex=_hex(lab), name=name, share=min(share, 1))
    return tuple(named.values())


def main_colours(swatches: Sequence[Swatch]) -> tuple[str, ...]:
    """Say what colour the product is: one name, two of like weight, `multicoloured`, or none.

    Takes a palette, the main colour first.
    """
    if not swatches:
        return ()
    labs = [_lab(swatch.hex) for swatch in swatches]
    weights = [swatch.share * _vividness(lab) for swatch, lab in zip(swatches, labs, strict=True)]
    hues: list[float] = []
    for lab, swatch in zip(labs, swatches, strict=True):
        vivid = _chroma(lab) > VIVID * 0.75 and swatch.share > 3 * SMALLEST
        if vivid and all(_turn(_hue(lab), other) > NEAR_HUE for other in hues):
            hues.append(_hue(lab))
    if len(hues) >= 3:
        return (MULTICOLOURED,)
    others = [i for i, lab in enumerate(labs) if _apart(lab, labs[0])]
    main = sum(weight for i, weight in enumerate(weights) if i not in others)
    for i in others:
        if weights[i] >= SECOND * main:
            return swatches[0].name, swatches[i].name
    return (swatches[0].name,)


def _clusters(own: Pixels) -> list[tuple[Lab, float]]:
    """Cluster (n, 3) sRGB pixels by k-means: CIELAB centres and shares, the largest first."""
    sample = own[:: max(1, len(own) // SAMPLE)].astype(np.float32)[None] / 255
    lab = cv2.cvtColor(sample, cv2.COLOR_RGB2LAB)[0]
    scale = np.array([SHADING, 1, 1], np.float32)
    k = min(MOST, len(np.unique(lab, axis=0)))
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.2)
    _, labels, _ = cv2.kmeans(lab * scale, k, None, stop, 3, cv2.KMEANS_PP_CENTERS)
    members = [lab[labels[:, 0] == i] for i in range(k)]
    found = [
        (_point(np.median(part, axis=0)), len(part) / len(lab)) for part in members if len(part)
    ]
    return sorted(found, key=lambda cluster: -cluster[1])


def _merge(clusters: list[tuple[Lab, float]]) -> list[tuple[Lab, float]]:
    """Join clusters that look alike, into the larger of each pair."""
    kept: list[tuple[Lab, float]] = []
    for lab, share in clusters:
        for i, (other, before) in enumerate(kept):
            if _difference(lab, other) < SAME:
                part = share / (share + before)
                mean = np.asarray(lab) * part + np.asarray(other) * (1 - part)
                kept[i] = _point(mean), share + before
                break
        else:
            kept.append((lab, share))
    return kept


def _apart(lab: Lab, main: Lab) -> bool:
    """Whether a second colour is one of its own, neither a shade of the main one nor its shadow."""
    if _difference(lab, main) < 25:
        return False
    grey, main_grey = _chroma(lab) < GREY, _chroma(main) < GREY
    if grey and main_grey:
        return abs(lab[0] - main[0]) > CONTRAST
    if grey:
        return lab[0] < 25 or lab[0] > 85
    return main_grey or _turn(_hue(lab), _hue(main)) > NEAR_HUE


def _vividness(lab: Lab) -> float:
    """How surely a colour is the product's own: 1 for greys to 2; black and white lie between."""
    if _chroma(lab) < GREY:
        return 1.25 if lab[0] < 20 or lab[0] > 90 else 1.0
    return 1 + min((_chroma(lab) - GREY) / (VIVID - GREY), 1)


def _chroma(lab: Lab) -> float:
    return float(np.hypot(lab[1], lab[2]))


def _hue(lab: Lab) -> float:
    return float(np.degrees(np.arctan2(lab[2], lab[1])))


def _turn(hue: float, other: float) -> float:
    return abs((hue - other + 180) % 360 - 180)


def _difference(lab: Lab, other: Lab) -> float:
    return float(Color("lab-d65", list(lab)).delta_e(Color("lab-d65", list(other)), method="2000"))


def _hex(lab: Lab) -> str:
    return str(Color("lab-d65", list(lab)).convert("srgb").fit(method="clip").to_string(hex=True))


def _lab(code: str) -> Lab:
    return _point(Color(code).convert("lab-d65").coords())


def _point(values: Sequence[float] | NDArray[np.floating[Any]]) -> Lab:
    lightness, a, b = (float(value) for value in values)
    return lightness, a, b
