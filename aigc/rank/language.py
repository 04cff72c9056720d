"""Texts as the features read them: script, sentences, and Chinese nouns in English."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from aigc import prompts

Script = Literal["zh", "en", "other"]

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_ENDS = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n")
_MARK = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f"
_MARK += r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_WORD = re.compile(rf"(?:[^\W_][{_MARK}]*)+(?:['’-](?:[^\W_][{_MARK}]*)+)*")
_RUN = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # words are not parted by spaces


def script(text: str) -> Script:
    """Tell Chinese from what is written in Latin letters, and both from the rest.

    A Chinese character says as much as a word, so it counts as four letters.
    """
    han, latin = 4 * len(_HAN.findall(text)), len(_LATIN.findall(text))
    if han == latin == 0:
        return "other"
    return "zh" if han > latin else "en"


def knows(language: str) -> bool:
    """Whether the parts that read a text can read this language: English, simplified Chinese."""
    tag = language.lower().replace("_", "-")
    return tag.split("-")[0] == "en" or tag in ("zh", "zh-cn", "zh-hans", "zh-hans-cn")


def sentences(text: str) -> list[str]:
    """Split a text at sentence ends and line breaks; never empty."""
    found = [part.strip() for part in _ENDS.split(text) if _WORD.search(part)]
    return found or [text]


def words(text: str) -> list[str]:
    """The words of a text in lower case; a run of Chinese, Japanese or Thai as its pairs."""
    found: list[str] = []
    for token in _WORD.findall(text.lower()):
        if _RUN.search(token):
            found += [token[i : i + 2] for i in range(max(1, len(token) - 1))]
        else:
            found.append(token)
    return found


def in_english(text: str) -> str | None:
    """Name in English the goods that a Chinese text speaks of, longest names first claimed.

    None where it names none that the lexicon holds.
    """
    found: list[tuple[int, str]] = []
    for name, english in _lexicon():
        start = text.find(name)
        if start >= 0:
            found.append((start, english))
            text = text.replace(name, " " * len(name))
    return ", ".join(dict.fromkeys(english for _, english in sorted(found))) or None


@cache
def _lexicon() -> tuple[tuple[str, str], ...]:
    """Chinese names of goods with the English ones, longest first."""
    from aigc.caption.words import lexicon

    known = {name: noun.word for name, noun in lexicon().items() if _HAN.search(name)}
    for row in prompts.text("rank/products.tsv").splitlines()[1:]:
        english, chinese, _ = row.split("\t")
        known |= dict.fromkeys(chinese.split(","), english)
    return tuple(sorted(known.items(), key=lambda pair: (-len(pair[0]), pair[0])))
