"""Which fonts a poster is set in, how heavy, and how far apart its lines and letters stand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from aigc.styles import Style
from aigc.typeset.scripts import edges, is_cjk, is_joined, label_edges

CJK_HEAVIEST = 700


@cache
def glyphs(own: str = "") -> frozenset[int]:
    """The code points that can be set, with those of a brand's `own` font file if there is one."""
    from aigc._engines import brandfont, fonts

    known = frozenset().union(*(fonts.characters(family) for family in fonts.FAMILIES))
    return known | brandfont.load(own).characters if own else known


def folders(own: str) -> tuple[str, ...]:
    """Where the typesetter finds a brand's own font, besides the fonts that are always there."""
    from aigc._engines import brandfont

    return (brandfont.load(own).folder,) if own else ()


def setting(style: Style, said: Mapping[str, str], own: str) -> dict[str, Any]:
    """What a layout reads of fonts and distances, in em; `said` are the texts by element."""
    words = said.get("headline", "") + said.get("body", "")
    cjk, joined = is_cjk(words), is_joined(words)
    serif = style.display == "serif"
    display = "Playfair Display" if serif else "Montserrat"
    top, bottom = edges(said[name] for name in ("headline", "body", "brand") if name in said)
    heading = [_brand(own, said.get("headline", ""))] if own else []
    spaced = not cjk and not joined and not serif and not own
    return {
        "fonts": {
            "display": [*heading, *_chain(display, cjk)],
            "text": _chain("Montserrat", cjk),
            "figures": _chain(display, False),
            "weight": _weight(style.weight),
        },
        "edges": (top, bottom),
        "label-edges": label_edges(said.get("cta", "")),
        "leading": {
            "display": 0.2 if cjk else 0.04,
            "text": 0.5 if cjk else 0.18 if joined else 0.36,
        },
        "tracking": 0.04 if cjk and serif and not own else -0.02 if spaced else 0.0,
    }


def _weight(wanted: int) -> int:
    """The nearest weight that the display fonts are cut in."""
    return min((500, 700, 800), key=lambda weight: abs(weight - wanted - 1))


def _chain(family: str, cjk: bool) -> list[Any]:
    """Fonts in order; in Chinese text, quotes, dashes and dots come from the Chinese font."""
    from aigc._engines import fonts

    others = [fonts.ARABIC, fonts.THAI, fonts.DEVANAGARI, fonts.HEBREW]
    if cjk:
        return [{"name": family, "covers": "latin-in-cjk"}, fonts.CJK, fonts.GREEK, *others]
    return [family, fonts.GREEK, *others, fonts.CJK]


def _brand(own: str, headline: str) -> Any:
    """A brand's font; where it has no Chinese, not its quotes and dashes in Chinese either."""
    from aigc._engines import brandfont

    font = brandfont.load(own)
    foreign = is_cjk(headline) and not any(
        ord(character) in font.characters for character in headline if is_cjk(character)
    )
    return {"name": font.family, "covers": "latin-in-cjk"} if foreign else font.family
