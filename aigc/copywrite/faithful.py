"""Names every claim in a text that neither the brief nor the caption holds."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from aigc import prompts
from aigc.brandkit import avoided
from aigc.campaign import Brief, Caption
from aigc.copywrite import words

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
# A Chinese numeral counts as a figure before a measure word: 两层 claims, 三餐四季 does not.
_NUMERAL = re.compile(
    r"[两二三四五六七八九十百千万]+(?:年|天|个月|小时|分钟|秒|层|折|倍|元|块钱|米|升|毫升|克|斤|公斤|寸|"
    r"款|重|种|项|人份|级|代|件|个)"
)


def unsupported(text: str, brief: Brief, caption: Caption, but: tuple[str, ...] = ()) -> list[str]:
    """Name each number and claim in `text` that neither brief nor caption holds, and avoided words.

    Claims are what prompts/copywrite/claims.toml lists, in English and Chinese: materials,
    origins, awards, certificates, superlatives, qualities, health, eco, offers and colours; those
    of the kinds in `but` need no proof.
    """
    held, asserted = _plain(_held(brief, caption)), _plain(text)
    numbers = _numbers(held)
    found = [number for number in _DIGITS.findall(asserted) if _value(number) not in numbers]
    found += [match for match in _NUMERAL.findall(asserted) if match not in held]
    english, chinese = _claims(but)
    terms = english.findall(asserted)
    if not asserted.isascii():
        terms += chinese.findall(_without_innocent(asserted))
    found += [term for term in terms if not _holds(held, term)]
    found += avoided(text, brief.brand.avoid)
    return list(dict.fromkeys(found))


def _held(brief: Brief, caption: Caption) -> str:
    told = [brief.name, brief.product, brief.price, brief.audience, brief.market]
    told += [brief.was, brief.discount, brief.coupon, *brief.badges]
    told += [part for one in brief.texts for part in (one.headline, one.body, one.cta)]
    seen = [caption.text, *(tag.word for tag in caption.tags)]
    metals = prompts.table("copywrite/claims.toml")["en"]["material"]  # copper, seen, is a colour
    colours = [swatch.name for swatch in caption.colours if swatch.name not in metals]
    translated = [words.colour_names().get(name, "") for name in colours]
    return "\n".join([*told, brief.brand.name, *brief.features, *seen, *colours, *translated])


def _plain(text: str) -> str:
    """The text in lower case, with every script's digits as ours."""
    digits = (str(unicodedata.decimal(each, each)) for each in unicodedata.normalize("NFKC", text))
    return "".join(digits).replace("’", "'").casefold()


def _value(number: str) -> str:
    return re.sub(r",(?=\d{3}\b)", "", number)


def _numbers(text: str) -> set[str]:
    return {_value(number) for number in _DIGITS.findall(text)}


def _without_innocent(text: str) -> str:
    for phrase in prompts.table("copywrite/claims.toml")["innocent"]["zh-CN"]:
        text = text.replace(phrase, "，")
    return text


def _holds(held: str, term: str) -> bool:
    """Whether the term stands in what is held; a plural and its singular are one word."""
    if not term.isascii() or not re.search(r"\w", term):  # "%" has no edges of a word: 5%, A%
        return term in held
    stem = re.escape(re.sub(r"(?<=\w{3})s$", "", term))
    return re.search(rf"(?<!\w){stem}(?:s|es)?(?!\w)", held) is not None


@cache
def _claims(but: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A pattern of every English term and one of every Chinese term, the longest first."""
    table = prompts.table("copywrite/claims.toml")
    chinese = [
        re.escape(term)
        for kind, terms in table["zh-CN"].items()
        for term in terms
        if kind not in but
    ]
    english = [
        re.escape(term).replace(r"\*", r"\w*").replace(r"\ ", "[ -]").replace(r"\-", "[ -]?")
        for kind, terms in table["en"].items()
        for term in terms
        if kind not in but
    ]
    latin = "|".join(sorted(english, key=len, reverse=True))
    characters = "|".join(sorted(chinese, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{latin})(?:s|es)?(?!\w)", re.ASCII), re.compile(characters)
