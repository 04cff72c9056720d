"""The gate: no banned superlative, and no number or claim that the brief does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple
from unicodedata import decimal

from aigc import prompts
from aigc.brandkit import avoided
from aigc.campaign import Brief, Caption
from aigc.rank.language import script

DOUBTFUL = 0.6  # compliance of a copy with a superlative that only custom forbids

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_COUNTED = re.compile(
    r"[零一二两三四五六七八九十百千万半]+(?:折|元|倍|毫升|克|公斤|厘米|毫米|小时)"
)


class Verdict(NamedTuple):
    """Compliance in 0..1, and in a few words what is wrong, or to be checked where it is 1."""

    value: float
    why: str = ""


def facts(brief: Brief, caption: Caption | None) -> str:
    """Everything that a copy may repeat: what the merchant says and what the photo shows."""
    said = [brief.name, brief.product, brief.price, brief.audience, brief.brand.name]
    said += [brief.market, *brief.features, brief.was, brief.discount, brief.coupon, *brief.badges]
    said += [part for own in brief.texts for part in (own.headline, own.body, own.cta)]
    if caption is not None:
        said += [caption.text, *(tag.word for tag in caption.tags)]
    return "\n".join(said).lower()


def compliance(text: str, known: str | None, avoid: Iterable[str] = ()) -> Verdict:
    """Check a copy against `known` facts, and the words that its brand does not use.

    Without them only the statute's superlatives count; those that custom forbids are a warning.
    """
    table = prompts.table("rank/compliance.toml")
    lower = text.lower()
    if words := avoided(text, avoid):
        return Verdict(0.0, f"'{words[0]}' is a word that the brand avoids")
    for word in (*table["banned"]["zh"], *table["banned"]["en"]):
        if _says(lower, word):
            return Verdict(0.0, f"'{word}' is banned by China's Advertising Law, article 9(3)")
    if known is not None:
        if numbers := sorted(set(_numbers(lower)) - set(_numbers(known))):
            return Verdict(0.0, f"'{numbers[0]}' is a number that the brief does not give")
        language = "zh" if script(text) == "zh" else "en"
        for kind, words in table["claims"][language].items():
            for word in words:
                if _says(lower, word) and not _says(known, word):
                    return Verdict(0.0, f"'{word}' claims {kind}, which the brief does not")
    for word in (*table["doubtful"]["zh"], *table["doubtful"]["en"]):
        if _says(lower, word) and not (known and _says(known, word)):
            value = 1.0 if known is None else DOUBTFUL
            return Verdict(value, f"'{word}' may pass for a banned superlative")
    return Verdict(1.0)


def _numbers(text: str) -> list[str]:
    digits = "".join(str(decimal(each, each)) for each in text)  # in any script
    plain = [number.replace(",", "").rstrip(".") for number in _NUMBER.findall(digits)]
    return plain + _COUNTED.findall(text)


def _says(text: str, word: str) -> bool:
    return bool(_pattern(word).search(text))


@cache
def _pattern(word: str) -> re.Pattern[str]:
    if word.isascii():
        return re.compile(rf"(?<![\w#]){re.escape(word)}(?!\w)")
    return re.compile(re.escape(word))
