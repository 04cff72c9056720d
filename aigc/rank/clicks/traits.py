"""Traits of a text that people can read: its length, its signs, and what kind of words it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from aigc import prompts
from aigc.rank.clicks import Floats
from aigc.rank.language import script, sentences, words

_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUOTED = re.compile(r"[\"“”「」『』]|(?<!\w)['‘]|['’](?!\w)")


def _upper(text: str) -> float:
    """Share of words that begin with a capital, where letters have them."""
    found: list[str] = _LETTERS.findall(text)
    return sum(word[0].isupper() for word in found) / max(len(found), 1)


def _shouted(text: str) -> int:
    return sum(len(word) > 2 and word.isupper() for word in _LETTERS.findall(text))


def _letters(text: str) -> float:
    """Letters a word; a Chinese word has about two characters."""
    if script(text) == "zh":
        return 2.0
    found: list[str] = _LETTERS.findall(text)
    return sum(map(len, found)) / max(len(found), 1)


# Each says how much of it a text has. Counts are then taken by their logarithm: the second
# exclamation mark says less than the first.
_MEASURED: dict[str, tuple[str, Callable[[str], float]]] = {
    "length": ("long", lambda text: len(words(text))),
    "sentences": ("several sentences", lambda text: len(sentences(text))),
    "word_length": ("long words", _letters),
    "question": ("a question mark", lambda text: len(re.findall("[?？]", text))),
    "exclamation": ("an exclamation mark", lambda text: len(re.findall("[!！]", text))),
    "number": ("a number", lambda text: len(re.findall(r"\d+(?:[.,]\d+)*", text))),
    "number_first": ("a number at the start", lambda text: bool(re.match(r"\W*\d", text))),
    "quotes": ("words in quotes", lambda text: min(len(_QUOTED.findall(text)), 2)),
    "colon": ("a colon", lambda text: len(re.findall("[:：]", text))),
    "dash": ("a dash", lambda text: len(re.findall(r"[–—―]|(?<=\s)--?(?=\s)", text))),
    "commas": ("commas", lambda text: len(re.findall("[,，、;；]", text))),
    "ellipsis": ("three dots", lambda text: len(re.findall(r"\.{2,}|…+", text))),
    "brackets": ("brackets", lambda text: len(re.findall(r"[(（\[【]", text))),
    "capitals": ("words that begin with capitals", _upper),
    "shouting": ("words in CAPITALS", _shouted),
}


@cache
def labels() -> dict[str, str]:
    """Every trait's name, and in plain words what it is, in the order of `measure`'s columns."""
    told = {name: row["label"] for name, row in prompts.table("rank/traits.toml").items()}
    return {name: label for name, (label, _) in _MEASURED.items()} | told


def measure(texts: Sequence[str]) -> Floats:
    """How much of each trait each text has: (n, traits), logarithms of counts."""
    found = np.empty((len(texts), len(labels())))
    for row, text in enumerate(texts):
        counts = [float(count(text)) for _, count in _MEASURED.values()]
        plain = text.lower().replace("’", "'")
        language = "zh" if script(text) == "zh" else "en"
        found[row] = counts + [len(mark.findall(plain)) for mark in _marks(language)]
    return np.log1p(found)


@cache
def _marks(language: str) -> tuple[re.Pattern[str], ...]:
    """One expression for the words of each trait, longer ones first."""
    made = []
    for row in prompts.table("rank/traits.toml").values():
        either = "|".join(re.escape(word) for word in sorted(row[language], key=len, reverse=True))
        bound = r"(?<![\w'])(?:{})(?![\w'])" if language == "en" else "(?:{})"
        made.append(re.compile(bound.format(either)))
    return tuple(made)
