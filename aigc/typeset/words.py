"""Makes merchant text ready to set: characters that have a glyph, and where lines may break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from aigc import events
from aigc.channels import columns
from aigc.errors import BriefError

JOINER, BREAK, STICKY_SPACE = "\u2060", "\u200b", "\u00a0"
LONGEST_WORD = 18  # columns; a longer one may break anywhere
LONGEST_CLAUSE = 6  # Chinese characters that stay on one line
_HAN = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_CLAUSE = re.compile(
    rf"(?<=[。！？；，、：])(?!$)|(?<=[.!?;:,])\s+|\s+[—–|·]\s+|(?<={_HAN})\s+(?={_HAN})"
)
_WEAK_END = "，。、；："  # left out where a clause ends its own line, as posters do
_PRICE = re.compile(
    r"^(?P<before>[^\d]*?)\s*(?P<figures>\d[\d,\u00a0' ]*)"
    r"(?P<fraction>[.,]\d{1,2})?\s*(?P<after>\D*)$"
)


def clean(text: str, field: str, glyphs: frozenset[int]) -> str:
    """Drop what cannot be set and harms nobody: emoji, controls, symbols without a glyph.

    Raises BriefError where a letter, digit or sign has no glyph in any font: leaving it out
    would change what the merchant says.
    """
    kept, dropped = [], []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Zs", "Zl", "Zp") or character in "\t\n\r":
            kept.append(" ")
        elif ord(character) in glyphs and category[0] != "C":
            kept.append(character)
        elif _harmless(character, category):
            dropped.append(character)
        else:
            name = unicodedata.name(character, "unnamed")
            raise BriefError(
                f"{field} = '{text}': no font here has '{character}' (U+{ord(character):04X} "
                f"{name}); write it in Latin, Greek, Cyrillic, Arabic, Chinese, Japanese or Korean"
            )
    visible = [mark for mark in dropped if unicodedata.category(mark)[0] == "S"]
    if visible:
        events.report("typeset", 0, 0, f"{field}: left out {' '.join(visible)}, in no font")
    return " ".join("".join(kept).split())


def flowing(text: str, whole: Iterable[str] = ()) -> dict[str, Any]:
    """Say where a text may break: `flow` with breaks marked, `clauses`, and its widest tokens.

    The names in `whole`, short Chinese clauses, and a short last word with its neighbour are
    held together; a word of more than 18 columns may break anywhere.
    """
    clauses = [clause.strip() for clause in _CLAUSE.split(text) if clause.strip()]
    pieces = re.split(rf"(?<=[。！？；，、：])|(?<={_HAN}) (?={_HAN})", text)
    flow = text
    for part in sorted({*whole, *(piece for piece in pieces if piece)}, key=len, reverse=True):
        bare = part.rstrip(_WEAK_END + "！？")
        if 1 < len(bare) <= LONGEST_CLAUSE and _CJK.search(bare) and " " not in bare:
            flow = flow.replace(bare, _joined(bare))
    flow = re.sub(r" (\S{1,4})$", rf"{STICKY_SPACE}\1", flow) if not _CJK.search(flow) else flow
    flow = " ".join(_loosened(word) for word in flow.split(" "))
    return {
        "flow": flow,
        "clauses": [clause.rstrip(_WEAK_END) for clause in clauses] if len(clauses) < 5 else [],
        "tokens": _tokens(flow),
    }


def price(text: str) -> dict[str, str]:
    """Part a price into currency, figures, fraction and what follows; else all is figures."""
    found = _PRICE.match(text)
    if not found:
        return {"before": "", "figures": text, "fraction": "", "after": ""}
    return {name: (part or "").strip() for name, part in found.groupdict().items()}


def edges(texts: Iterable[str]) -> tuple[float, float]:
    """How far lines of these texts reach above and below their baseline, in em."""
    text = "".join(texts)
    top, bottom = (0.86, -0.1) if _CJK.search(text) else (0.77, -0.1)
    if re.search(r"[^\W\d_]", _CJK.sub("", text)):
        bottom = -0.23
    if any(len(unicodedata.normalize("NFD", character)) > 1 for character in text):
        top = 0.98
    if is_rtl(text) or re.search(r"[\u0590-\u08ff]", text):
        top, bottom = 1.0, -0.5
    return top, bottom


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"


def is_cjk(text: str) -> bool:
    """Whether a text holds Chinese, Japanese or Korean characters."""
    return _CJK.search(text) is not None


def _harmless(character: str, category: str) -> bool:
    """Controls, joiners, selectors and pictures: without them a text says the same."""
    picture = category in ("So", "Sk", "Sm")
    return category[0] == "C" or picture or "\ufe00" <= character <= "\ufe0f"


def _joined(part: str) -> str:
    """Forbid breaks between Chinese characters; other places keep their own rules."""
    return re.sub(rf"(?<={_HAN})(?={_HAN})", JOINER, part)


def _loosened(word: str) -> str:
    """Let a word that no column could hold break after any character."""
    longest = max(_tokens(word), key=columns, default="")
    if columns(longest) <= LONGEST_WORD:
        return word
    return BREAK.join(word.replace(JOINER, "").replace(STICKY_SPACE, " "))


def _tokens(flow: str) -> list[str]:
    """The few widest stretches that cannot break."""
    apart = re.sub(rf"({_CJK.pattern})(?!{JOINER})(?!{STICKY_SPACE})", r"\1 ", flow)
    tokens = re.split(rf"[ {BREAK}]+", apart)
    return sorted({token for token in tokens if token}, key=lambda t: (-columns(t), t))[:4]
