"""The fonts that posters are set in: fetched through the store, variable ones cut to weights."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from aigc import events
from aigc._engines import store

SANS, SERIF, CJK = "Montserrat", "Playfair Display", "Noto Sans CJK TC"
ARABIC, THAI, DEVANAGARI = "Noto Sans Arabic", "Noto Sans Thai", "Noto Sans Devanagari"
HEBREW, GREEK = "Heebo", "Noto Sans"
FAMILIES = (SANS, CJK, ARABIC, THAI, DEVANAGARI, HEBREW, GREEK)


class _Cut(NamedTuple):
    """A family, the weights that are cut of it, and the characters that it is asked for."""

    family: str
    weights: tuple[int, ...] = (500, 700, 800)
    only: tuple[tuple[int, int], ...] = ()  # ranges of code points; none: all


_CUTS = {
    "font-montserrat": _Cut(SANS),
    "font-playfair-display": _Cut(SERIF, (500, 700)),
    "font-noto-sans-arabic": _Cut(ARABIC),
    "font-noto-sans-thai": _Cut(THAI),
    "font-noto-sans-devanagari": _Cut(DEVANAGARI),
    "font-heebo": _Cut(HEBREW, only=((0x590, 0x5FF), (0xFB1D, 0xFB4F))),
    # Letters with accents that others lack would otherwise change the face within a word.
    "font-noto-sans": _Cut(GREEK, only=((0x370, 0x3FF), (0x1F00, 0x1FFF), (0x20A0, 0x20CF))),
}
_STATIC = ("font-cjk-regular", "font-cjk-bold")
_BOLD = 700
_STYLE_NAMES = {500: "Medium", 700: "Bold", 800: "ExtraBold"}
# What shaping and reading need; small capitals and alternates would triple the time of cutting.
_FEATURES = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "lnum"]
_FEATURES += ["init", "medi", "fina", "isol", "rlig", "calt", "curs"]  # Arabic joins by these
_FEATURES += ["nukt", "akhn", "rphf", "rkrf", "pref", "blwf", "abvf", "half", "pstf", "vatu"]
_FEATURES += ["cjct", "pres", "abvs", "blws", "psts", "haln", "dist", "abvm", "blwm"]  # Devanagari


@cache
def folders() -> tuple[str, ...]:
    """The folders that hold every font of a poster, for the typesetter to search."""
    cut = store.derived("fonts-5", _cut_all)
    return (str(cut), *(str(store.builtin(name).parent) for name in _STATIC))


@cache
def characters(family: str) -> frozenset[int]:
    """The code points that a family has a glyph for."""
    if family == CJK:
        path = store.builtin("font-cjk-regular")
    else:
        path = next(Path(folders()[0]).glob(f"{family.replace(' ', '')}-*.ttf"))
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _cut_all(folder: Path) -> None:
    """Cut every weight; a variable font would be set in its default instance, for some Thin."""
    total = sum(len(cut.weights) for cut in _CUTS.values())
    events.report("fetch", 0, total, "cutting fonts")
    for name, (family, weights, only) in _CUTS.items():
        plain = without_alternates(store.builtin(name), only)
        for weight in weights:
            at_weight(plain, family, weight).save(
                folder / f"{family.replace(' ', '')}-{weight}.ttf"
            )
            events.report("fetch", len(list(folder.iterdir())), total, "cutting fonts")


def without_alternates(path: Path, only: tuple[tuple[int, int], ...] = ()) -> bytes:
    """A font with what shaping needs, for these characters or for all that it has."""
    kept = io.BytesIO()
    with TTFont(path) as font:
        subsetter = Subsetter(
            Options(layout_features=_FEATURES, name_IDs=["*"], notdef_outline=True, hinting=False)
        )
        known = font.getBestCmap()
        asked = [each for each in known if any(low <= each <= high for low, high in only)]
        subsetter.populate(unicodes=asked or known)
        subsetter.subset(font)
        font.save(kept)
    return kept.getvalue()


def at_weight(plain: bytes, family: str, weight: int) -> TTFont:
    """One weight of a font under a family's name; other axes stay at their defaults."""
    font = TTFont(io.BytesIO(plain))
    if "fvar" in font:
        limits = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        font = instancer.instantiateVariableFont(font, limits | {"wght": weight})
    _name(font, family, weight)
    return font


def _name(font: TTFont, family: str, weight: int) -> None:
    """Give a cut the names by which a typesetter tells weights of one family apart."""
    style = _STYLE_NAMES.get(weight, str(weight))
    linked = weight == _BOLD  # the old four-style model knows Regular and Bold only
    names = {
        1: family if linked else f"{family} {style}",
        2: style if linked else "Regular",
        3: f"{family}-{style}; static cut",
        4: f"{family} {style}",
        6: f"{family.replace(' ', '')}-{style}",
        16: family,
        17: style,
    }
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in (0, 5, 13, 14)]
    for number, text in names.items():
        table.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font["head"].macStyle = int(weight == _BOLD)
    selection = font["OS/2"].fsSelection & ~0b1100001
    font["OS/2"].fsSelection = selection | (1 << 5 if weight == _BOLD else 1 << 6)
    font["head"].modified = font["head"].created  # else each machine's cut has its own bytes
