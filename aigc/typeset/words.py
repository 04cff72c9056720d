"""Makes merchant text ready to set: characters that have a glyph, prices in their parts."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from aigc import events
from aigc.errors import BriefError
from aigc.typeset.scripts import is_rtl, is_shaped, label_edges

SCRIPTS = (
    "Latin, Greek, Cyrillic, Arabic, Hebrew, Thai, Devanagari, Chinese, Japanese or Korean letters"
)
_SHAPERS = "\u200c\u200d"  # join or part letters where the script does so
_PRICE = re.compile(
    r"^(?P<before>\D*?)\s*(?P<figures>\d+(?:[,.'\u00a0\u066c ]\d{3}(?!\d))*)"
    r"(?P<fraction>[.,\u066b]\d{1,2})?\s*(?P<after>\D*)$"
)


def clean(text: str, field: str, glyphs: frozenset[int]) -> str:
    """Drop what cannot be set and harms nobody: emoji, controls, symbols without a glyph.

    Raises BriefError where a letter, digit or sign has no glyph in any font: leaving it out
    would change what the merchant says.
    """
    kept: list[str] = []
    dropped: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Zs", "Zl", "Zp") or character in "\t\n\r":
            kept.append(" ")
        elif (ord(character) in glyphs and category[0] != "C") or _shapes(character, kept):
            kept.append(character)
        elif _harmless(character, category):
            dropped.append(character)
        else:
            name = unicodedata.name(character, "unnamed")
            raise BriefError(
                f"{field} = '{text}': no font here has '{character}' (U+{ord(character):04X} "
                f"{name}); write it in {SCRIPTS}"
            )
    visible = [mark for mark in dropped if unicodedata.category(mark)[0] == "S"]
    if visible:
        events.report("typeset", 0, 0, f"{field}: left out {' '.join(visible)}, in no font")
    return " ".join("".join(kept).split())


def price(text: str) -> dict[str, str]:
    """Part a price into currency, figures, fraction and what follows; else all is figures."""
    found = _PRICE.match(text)
    if not found:
        return {"before": "", "figures": text, "fraction": "", "after": ""}
    return {name: (part or "").strip() for name, part in found.groupdict().items()}


def label(text: str) -> dict[str, Any]:
    """A short text that stands in a shape of its own, and what it takes there."""
    return {"text": text, "edges": label_edges(text), "rtl": is_rtl(text)}


def _shapes(character: str, before: list[str]) -> bool:
    """Whether an invisible joiner stands where it changes how letters are written."""
    return character in _SHAPERS and bool(before) and is_shaped(before[-1])


def _harmless(character: str, category: str) -> bool:
    """Controls, joiners, selectors and pictures: without them a text says the same."""
    picture = category in ("So", "Sk", "Sm")
    return category[0] == "C" or picture or "\ufe00" <= character <= "\ufe0f"
