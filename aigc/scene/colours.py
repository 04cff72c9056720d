"""The colours of a campaign: from the product's palette and the style, in OKLCH."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product as pairs
from typing import NamedTuple

from coloraide import Color

from aigc.campaign import Caption, Swatch, Value
from aigc.styles import Harmony, Style

ACHROMATIC = 0.035  # OKLCH chroma below which a product has no hue to harmonise with
BLENDS = 0.2  # OKLab distance below which product and wall begin to run together
OTHER_HUE = 25.0  # degrees from which on two brand colours are told apart by hue
OLIVE = 112.0  # the hue that flatters least on a wall


class Theme(Value):
    """A poster's colours as #rrggbb, checked against each other by WCAG contrast."""

    wall: str
    floor: str
    accent: str  # badge and button; 1.8:1 or more on the wall
    on_accent: str  # text on them, 4.5:1 or more
    highlight: str  # the accent's hue as a text colour on the wall and the panel, 4.5:1 or more
    ink: str  # text on the wall and the panel, 7:1 or more where the wall lets it
    muted: str  # lesser text, 4.5:1 or more
    panel: str  # stands behind text where the scene is busy


class _LCH(NamedTuple):
    lightness: float
    chroma: float
    hue: float

    @property
    def oklab(self) -> tuple[float, float, float]:
        """As a point of OKLab, where distances are what the eye sees."""
        angle = math.radians(self.hue)
        return self.lightness, self.chroma * math.cos(angle), self.chroma * math.sin(angle)


def theme(style: Style, caption: Caption, brand: Sequence[str] = ()) -> Theme:
    """Choose a poster's colours; the most vivid of a `brand`'s own (#rrggbb) gives the accent.

    The next most vivid, if it is another hue, gives the colour of prices.
    """
    return _theme(style, caption.palette, tuple(brand))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@lru_cache(4096)
def oklch(lightness: float, chroma: float, hue: float) -> str:
    """Give the nearest #rrggbb, chroma reduced to what sRGB holds."""
    colour = Color("oklch", [min(max(lightness, 0.0), 1.0), chroma, hue % 360])
    return str(colour.convert("srgb").fit(method="raytrace", pspace="oklch").to_string(hex=True))


def shift(colour: str, lightness: float = 0.0, chroma: float = 1.0, hue: float = 0.0) -> str:
    """Move a colour: lightness and hue (degrees) are added, chroma is multiplied."""
    lch = _lch(colour)
    return oklch(lch.lightness + lightness, lch.chroma * chroma, lch.hue + hue)


def turn(colour: str) -> int:
    """Which way to turn a hue, 1 or -1, so that a row of tints never turns olive."""
    return -1 if 45 < _lch(colour).hue < OLIVE else 1


@lru_cache(4096)
def _luminance(colour: str) -> float:
    return float(Color(colour).luminance())


@lru_cache(4096)
def _lch(colour: str) -> _LCH:
    lightness, chroma, hue = Color(colour).convert("oklch").coords(nans=False)
    return _LCH(lightness, chroma, hue)


@lru_cache(256)
def _theme(style: Style, palette: tuple[Swatch, ...], brand: tuple[str, ...]) -> Theme:
    product = _signature(palette)
    wall = _wall(style, palette, product)
    base = _lch(wall)
    ink = _ink(wall, style.mode)
    if contrast(ink, "#ffffff") > 7:
        panel = oklch(0.985, min(base.chroma, 0.012), base.hue)
    else:
        panel = oklch(0.2, min(base.chroma, 0.07), base.hue)
    accent = _accent(style, wall, product, brand)
    return Theme(
        wall=wall,
        floor=oklch(
            base.lightness + (0.03 if base.lightness < 0.6 else -0.035), base.chroma, base.hue
        ),
        accent=accent,
        on_accent=_on(accent),
        highlight=_towards(_second(brand) or accent, ink, (wall, panel), 4.5),
        ink=ink,
        muted=_muted(ink, wall, panel),
        panel=panel,
    )


def _signature(palette: Sequence[Swatch]) -> _LCH:
    """The colour a product is remembered by: large, or small and vivid."""
    if not palette:
        return _LCH(0.6, 0.0, 0.0)
    known = [(_lch(swatch.hex), swatch.share) for swatch in palette]
    return max(known, key=lambda pair: pair[1] * (0.05 + min(pair[0].chroma, 0.2)))[0]


def _harmonies(harmony: Harmony, product: _LCH, own: Sequence[float]) -> tuple[float, ...]:
    if harmony == "fixed" or product.chroma < ACHROMATIC:
        return tuple(own)
    hue = product.hue
    if harmony == "analogous":
        sides = sorted((hue - 35, hue + 35), key=lambda side: -_apart(side, OLIVE))
        return tuple(sides)
    if harmony == "complement":
        return (hue + 180, hue + 140, hue + 220)
    return (hue,)


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def _wall(style: Style, palette: Sequence[Swatch], product: _LCH) -> str:
    """Search lightness and hue: near the style's own, and far from the product's colours."""
    low, high = 0.7, 0.97
    if style.mode == "dark":
        low, high = style.lightness - 0.06, max(0.44, style.lightness + 0.06)
    steps = [style.lightness + step * 0.03 for step in range(-8, 9)]
    swatches = [(_lch(swatch.hex).oklab, swatch.share) for swatch in palette]
    best, least = _LCH(style.lightness, style.chroma, style.hues[0]), math.inf
    hues = _harmonies(style.hue, product, style.hues)
    for (place, hue), lightness in pairs(enumerate(hues), steps):
        if not low <= lightness <= high:
            continue
        # a wall that had to leave its pastel for a mid-tone needs more colour, or it looks dirty
        chroma = style.chroma * (1 + 2.0 * max(style.lightness - lightness, 0))
        chroma *= 1 - 0.3 * max(0.0, 1 - _apart(hue, OLIVE) / 25)
        place_of_wall = _LCH(lightness, chroma, hue).oklab
        lost = sum(
            share * max(0.0, 1 - math.dist(place_of_wall, swatch) / BLENDS)
            for swatch, share in swatches
        )
        cost = abs(lightness - style.lightness) + 0.05 * place + 0.55 * lost
        if style.hue != "fixed":  # a designer who names a hue means it
            cost += 0.25 * max(0.0, 1 - _apart(hue, OLIVE) / 30)
        if cost < least:
            best, least = _LCH(lightness, chroma, hue), cost
    return oklch(*best)


def _ink(wall: str, mode: str) -> str:
    base = _lch(wall)
    dark = oklch(0.22, min(base.chroma, 0.04), base.hue)
    light = oklch(0.985, min(base.chroma, 0.012), base.hue)
    first, second = (dark, light) if mode == "light" else (light, dark)
    if contrast(first, wall) >= 7:
        return first
    darkest, lightest = "#000000", "#ffffff"
    extreme = darkest if first == dark else lightest
    if contrast(extreme, wall) >= 4.5:
        return extreme
    return max((extreme, second, darkest, lightest), key=lambda ink: contrast(ink, wall))


def _accent(style: Style, wall: str, product: _LCH, brand: Sequence[str]) -> str:
    """Search lightness: vivid, clear of the wall, and readable with white or near-black on it."""
    if brand:
        wanted = max((_lch(colour) for colour in brand), key=lambda lch: lch.chroma)
        hue, chroma, start = wanted.hue, wanted.chroma, wanted.lightness
        turns: tuple[int, ...] = (0,)
    else:
        own = (style.accent_hue,)
        hue, chroma = _harmonies(style.accent, product, own)[0], style.accent_chroma
        start = style.accent_lightness or (0.8 if style.mode == "dark" else 0.55)
        # a yellow too dark for white text turns orange, a lime green; never olive
        turns = (0, -30, -45) if hue % 360 < OLIVE else (0, 30)
    wall_lch = _lch(wall)

    def cost(colour: str) -> float:
        lch = _lch(colour)
        dull = max(chroma - lch.chroma, 0) * 4
        buried = max(0.0, 3.2 - contrast(colour, wall)) * 0.5
        same = max(0.0, 40 - _apart(lch.hue, wall_lch.hue)) / 400 if lch.chroma > 0.05 else 0.0
        muddy = max(0.0, 0.75 - lch.lightness) * 2 if _apart(lch.hue, OLIVE - 19) < 37 else 0.0
        text = _on(colour)
        unreadable = max(0.0, 4.6 - contrast(text, colour)) * 5
        heavy = 0.1 if text != "#ffffff" and lch.lightness < 0.7 else 0.0
        far = abs(lch.lightness - start) * 0.8 + _apart(lch.hue, hue) / 200 * (lch.chroma > 0.02)
        return dull + buried + same + muddy + unreadable + heavy + far

    candidates = [
        oklch(0.32 + 0.05 * step, chroma, hue + turn) for step, turn in pairs(range(13), turns)
    ]
    return min(candidates, key=cost)


def _second(brand: Sequence[str]) -> str:
    """The brand's other colour; empty where it has but one hue."""
    vivid = sorted(brand, key=lambda colour: -_lch(colour).chroma)
    first, others = vivid[:1], vivid[1:]
    return next(
        (
            colour
            for colour in others
            if _lch(colour).chroma >= ACHROMATIC
            and _apart(_lch(colour).hue, _lch(first[0]).hue) >= OTHER_HUE
        ),
        "",
    )


def _on(colour: str) -> str:
    """White where it reads, for it looks crisper on a vivid button; else the better one."""
    if contrast("#ffffff", colour) >= 4.5:
        return "#ffffff"
    dark = oklch(0.2, 0.03, _lch(colour).hue)
    return dark if contrast(dark, colour) >= 4.5 else "#000000"


def _towards(colour: str, ink: str, grounds: Sequence[str], least: float) -> str:
    """Move a colour towards the ink until it reads on every ground."""
    for step in range(21):
        mixed = Color(colour).mix(ink, step / 20, space="oklab").convert("srgb").clip()
        found = str(mixed.to_string(hex=True))
        if all(contrast(found, ground) >= least for ground in grounds):
            return found
    return ink


def _muted(ink: str, wall: str, panel: str) -> str:
    return _towards(
        Color(ink).mix(wall, 0.42, space="oklab").convert("srgb").clip().to_string(hex=True),
        ink,
        (wall, panel),
        4.6,
    )
