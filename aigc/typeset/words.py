"""Makes merchant text ready to set: characters that have a glyph, and where lines may break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

import budoux

from aigc import events
from aigc.channels import columns
from aigc.errors import BriefError

JOINER, BREAK, STICKY_SPACE = "\u2060", "\u200b", "\u00a0"
LONGEST_WORD = 18  # columns; a longer one may break anywhere
LONGEST_NAME = 8  # characters; a Chinese name up to this long does not break
LONGEST_CLAUSE = 12  # characters; so with its comma does a clause, where there is room
MOST_CLAUSES = 4
_HAN = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_CLAUSE = re.compile(
    rf"(?<=[。！？；，、：])(?!$)|(?<=[.!?;:,])\s+|\s+[—–|·]\s+|(?<={_HAN})\s+(?={_HAN})"
)
_WEAK_END = "，。、；："  # left out where a clause ends its own line, as posters do
_PRICE = re.compile(
    r"^(?P<before>\D*?)\s*(?P<figures>\d+(?:[,.'\u00a0 ]\d{3}(?!\d))*)"
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
    """Say where a text may break: anywhere the language allows (`flow`), or between clauses.

    `kept` holds Chinese clauses of up to 12 characters together, and `clauses` is what may stand
    on lines of its own. In all of them the names in `whole` and a short last word with its
    neighbour stay together, and a word of more than 18 columns may break anywhere. `tokens`
    and `kept-tokens` are the widest stretches without a break.
    """
    names = [name for name in whole if 1 < len(name) <= LONGEST_NAME and name in text]
    flow = text
    for name in names:
        flow = flow.replace(name, _joined(name))
    if is_cjk(text):
        flow = _phrased(flow)
    else:
        flow = re.sub(r" (\S{1,4})$", rf"{STICKY_SPACE}\1", flow)
        flow = re.sub(r"(?<=\d)-(?=\w)", f"-{JOINER}", flow)  # 20-litre
    flow = " ".join(_loosened(word) for word in flow.split(" "))
    pieces = re.split(rf"(?<=[。！？；，、：])|(?<={_HAN}) (?={_HAN})", flow)
    kept = "".join(
        _joined(part) if len(part.replace(JOINER, "")) <= LONGEST_CLAUSE else part
        for part in pieces
    )
    clauses = [part.strip().rstrip(_WEAK_END) for part in _CLAUSE.split(text)]
    return {
        "flow": flow,
        "tokens": _tokens(flow),
        "kept": kept,
        "kept-tokens": _tokens(kept),
        "clauses": [part for part in clauses if part] if len(clauses) <= MOST_CLAUSES else [],
    }


def price(text: str) -> dict[str, str]:
    """Part a price into currency, figures, fraction and what follows; else all is figures."""
    found = _PRICE.match(text)
    if not found:
        return {"before": "", "figures": text, "fraction": "", "after": ""}
    return {name: (part or "").strip() for name, part in found.groupdict().items()}


def label(text: str) -> dict[str, Any]:
    """A short text that stands in a shape of its own: how far it reaches up and down, in em."""
    tall = is_cjk(text) or any(len(unicodedata.normalize("NFD", each)) > 1 for each in text)
    simple = text.isascii() and not re.search("[gjpqy,;@()|{}\\[\\]]", text)
    return {
        "text": text,
        "edges": (0.72, 0.0) if simple else edges([text]) if tall else (0.74, -0.2),
        "rtl": is_rtl(text),
    }


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


@cache
def _phrases() -> budoux.Parser:
    return budoux.load_default_simplified_chinese_parser()


def _phrased(text: str) -> str:
    """Keep a Chinese word together, a particle with what it follows, a figure with its unit."""
    parts = re.split(rf"({_HAN}+)", text)
    words = (_phrases().parse(part) if re.match(_HAN, part) else [part] for part in parts)
    joined = "".join(_joined(word) for part in words for word in part)
    return re.sub(rf"(?<=\d)(?={_HAN})|(?<={_HAN})(?=[的了着过吗呢吧啊])", JOINER, joined)


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
