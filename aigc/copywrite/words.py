"""What the product is called, which category it falls in, and the form of its features."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from aigc import prompts
from aigc.campaign import Brief, Caption
from aigc.errors import BriefError

LANGUAGES = ("en", "zh-CN")
Form = Literal["verb", "noun", "adjective", "sentence", "other", "foreign"]

# The caption's categories that have no patterns of their own here.
_CATEGORIES = {"jewellery": "accessories", "stationery": "home"} | dict.fromkeys(
    ("animal", "place", "vehicle", "other"), "generic"
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_ADJECTIVE = re.compile(
    r"(?:\w+(?:ed|able|ible|proof|less|free|safe|friendly|resistant|weight|ful)|"
    r"(?:made|built|cut|sewn|hand-?\w+(?:ed|en|n)|available|suitable|ready|easy|soft|warm|"
    r"slim|cordless|wireless|fresh|quiet|crisp|thick|thin|organic|vegan))"
)
_ACRONYM = re.compile(r"\b(?:led|lcd|rc|tv|usb|hd|rgb|dvd|cd|pc)\b")
_DETERMINER = re.compile(r"(?:an?|the|its?|one|two|three|four|\d+)\s", re.IGNORECASE)


class Noun(NamedTuple):
    """The product's common name in the copy's language, its number and category."""

    word: str
    category: str
    number: Literal["singular", "plural", "mass"]


def is_known(wanted: str) -> bool:
    """Whether there is a grammar for a language."""
    return _tongue(wanted) is not None


def language(wanted: str) -> str:
    """Settle the copy's language; raises BriefError naming the choices."""
    if tongue := _tongue(wanted):
        return tongue
    raise BriefError(
        f"language = '{wanted}': the builtin copywriter writes {' and '.join(LANGUAGES)} only; "
        f"give `texts` of your own in '{wanted}', or take a copywrite backend that writes it "
        "(`aigc backends` lists them)"
    )


def _tongue(wanted: str) -> str | None:
    lower = wanted.lower().replace("_", "-")
    if lower == "en" or lower.startswith("en-"):
        return "en"
    if lower in {"zh", "zh-cn", "zh-hans", "zh-hans-cn"}:
        return "zh-CN"
    return None


def is_chinese(text: str) -> bool:
    """Whether the text holds a Chinese character."""
    return _CJK.search(text) is not None


def is_plain(text: str, tongue: str) -> bool:
    """Whether a name can be set inside a sentence of the language: no emoji, no other script."""
    for char in text:
        if char.isascii() and char.isprintable():
            continue
        name = unicodedata.name(char, "")
        latin = name.startswith("LATIN") or char in "’‘“”–—×·°®™"
        if not latin and not (tongue == "zh-CN" and (_CJK.match(char) or char in "（）·，、")):
            return False
    return any(char.isalpha() for char in text)


def find_noun(brief: Brief, caption: Caption, tongue: str) -> Noun:
    """Say what the product is; the brief wins over the photo. The word is empty if unknown."""
    own = " ".join(brief.product.split())
    head = re.split(r"[,|(（，–—]| for | with ", brief.name)[0].strip()
    seen = [tag.word for tag in caption.tags[:1] if tag.probability >= 0.3]
    found = next(filter(None, map(_look_up, (own, head, brief.name, *seen))), None)
    english, chinese, category = found or ("", "", "generic")
    if tongue == "zh-CN":
        return Noun(own if own and is_chinese(own) else chinese, category, "mass")
    word = own.lower() if own and is_plain(own, "en") else english
    word = _ACRONYM.sub(lambda found: found[0].upper(), word)
    word = word.replace("t-shirt", "T-shirt")
    if not word and head and is_plain(head, "en"):
        last = head.split()[-1].lower()
        word = last if last.isalpha() and len(last) > 2 else ""
    number = _number(word)
    if category == "shoes" and number == "singular":
        word, number = f"{word}s", "plural"
    return Noun(word, category, number)


def _look_up(text: str) -> tuple[str, str, str] | None:
    """Find the longest noun that ends the text, else one that stands anywhere in it."""
    lower = text.lower()
    words = re.findall(r"[\w’'-]+", lower)
    for end in (len(words), *range(len(words) - 1, 0, -1)):
        for start in range(max(0, end - 3), end):
            tail = " ".join(words[start:end])
            for form in (tail, re.sub(r"(?<=\w{2})s$", "", tail), re.sub(r"es$", "", tail)):
                if form in _nouns():
                    chinese, category = _nouns()[form]
                    return tail, chinese, category
    inside = [word for word in _chinese_nouns() if word in lower]
    if inside:
        word = max(inside, key=lambda one: (lower.endswith(one), len(one)))
        return "", word, _chinese_nouns()[word]
    return None


@cache
def _nouns() -> dict[str, tuple[str, str]]:
    """English noun → (Chinese noun, category); ours win over the caption's list."""
    found: dict[str, tuple[str, str]] = {}
    for english, chinese, category in _listed():
        found[english.lower()] = (chinese, _CATEGORIES.get(category, category))
    for category, nouns in prompts.table("copywrite/categories.toml").items():
        if category not in {"tags", "mass"}:
            found |= {english: (chinese, category) for english, chinese in nouns.items()}
    return found


def _listed() -> Iterator[tuple[str, str, str]]:
    """Read the caption's nouns, where they are installed: English, Chinese, category."""
    for file, columns in (("nouns.tsv", (1, 2, 3, 9)), ("goods.tsv", (0, 1, 2, 3))):
        listed = prompts.path(f"caption/{file}")
        lines = listed.read_text("utf-8").splitlines()[1:] if listed.exists() else []
        for row in (line.split("\t") for line in lines):
            english, chinese, category = (row[column] for column in columns[:3])
            names = [english, *(row[columns[3]].split(",") if len(row) > columns[3] else ())]
            for name in names:
                if name and not is_chinese(name):
                    yield name, chinese, category


@cache
def colour_names() -> dict[str, str]:
    """The caption's colour names, English → Chinese."""
    listed = prompts.path("caption/colours.tsv")
    lines = listed.read_text("utf-8").splitlines()[1:] if listed.exists() else []
    return {row[0]: row[1] for row in (line.split("\t") for line in lines)}


@cache
def _chinese_nouns() -> dict[str, str]:
    return {chinese: category for chinese, category in _nouns().values() if chinese}


def _number(word: str) -> Literal["singular", "plural", "mass"]:
    table = prompts.table("copywrite/categories.toml")["mass"]
    last = word.rsplit(" ", 1)[-1]
    if word in table["nouns"] or last in table["nouns"]:
        return "mass"
    if word in table["plural"] or last in table["plural"]:
        return "plural"
    if word in table["singular"] or last in table["singular"]:
        return "singular"
    return "plural" if re.search(r"[^suiy]s$", last) else "singular"


def form(feature: str, tongue: str) -> Form:
    """Class a feature by its form, so that a pattern keeps the grammar right."""
    if tongue == "zh-CN":
        if not is_chinese(feature) and len(feature.split()) > 1:
            return "foreign"
        return "sentence" if re.search(r"[。！？]", feature) else "other"
    if not is_plain(feature, "en"):
        return "foreign"
    words = feature.lower().split()
    lexicon = prompts.table("copywrite/en.toml")["forms"]
    if re.search(r"[.!?]\s|[!?]$", feature) or words[0] in {"it", "you", "your", "we", "they"}:
        return "sentence"
    if words[0] in lexicon["verb"]:
        return "verb"
    if set(lexicon["inner_verb"]) & set(words[1:]):
        return "sentence"
    if _DETERMINER.match(feature) and len(words) < 7:
        return "noun"
    if re.search(r"[,;:&]| and | or ", feature):
        return "other"
    if words[0] in {"made", "built", "cut", "available"}:
        return "adjective"
    if _singular(words[-1]) in {*lexicon["noun"], *lexicon["mass"]}:
        return "noun"
    if _ADJECTIVE.fullmatch(words[-1]):
        return "adjective"
    return "other"


def with_article(phrase: str) -> str:
    """Put a or an before a singular noun phrase that has no determiner: a double wall."""
    mass = prompts.table("copywrite/en.toml")["forms"]["mass"]
    lower = phrase.lower()
    if _DETERMINER.match(phrase) or lower.split()[-1] in mass or _number(lower) != "singular":
        return phrase
    vowel = re.match(r"(?:[aeiou](?!ne?[ -]|ni|se)|hour|(?:led|lcd|rc|rgb|hd)\b)", lower)
    return f"{'an' if vowel else 'a'} {phrase}"


def _singular(word: str) -> str:
    return re.sub(r"(?<=[^su])s$", "", word)


def without_article(phrase: str) -> str:
    """Drop a leading a, an, the, its or it."""
    return re.sub(r"^(?:an?|the|its?)\s", "", phrase, flags=re.IGNORECASE)
