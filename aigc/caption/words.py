"""Visual words: what a photo shows, in the nouns of a shop, by noisy-OR over its regions.

Multiple-instance learning as in Fang et al. 2015, "From Captions to Visual Concepts and Back",
section 3: a word holds for a photo if it holds for one of its regions at least.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc import prompts
from aigc.campaign import Brief, Tag

Probabilities = NDArray[np.float64]

LIKELY = 0.5  # least probability of a tag
VAGUE = 0.6  # worth of a category's word ("shoes") against a noun's ("sneakers")
REACH = 1.3  # regions that may speak for a word: damps many weak ones adding up to certainty
CERTAIN = 1 - 1e-6  # caps a region's probability: its logarithm must stay finite

SIZES = {"xs", "s", "m", "l", "xl", "xxl", "set", "pack", "small", "medium", "large", "mini"}

_ENDS = re.compile(r"[,;:|/(（，、\[【]|\s[-–—]\s|\s(?:with|for|in|of|by|and)\s", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Noun(NamedTuple):
    """A thing that a shop sells, in English and Chinese."""

    word: str
    word_zh: str
    category: str


class Named(NamedTuple):
    """A noun that a text names, and the words by which it does."""

    noun: Noun
    words: str


class Evidence(NamedTuple):
    """What a photo supports: probability by noun and by category."""

    nouns: dict[str, float]
    categories: dict[str, float]


@cache
def nouns() -> tuple[Noun, ...]:
    """The shop's noun for each of the 1000 ImageNet classes, by class index."""
    return tuple(Noun(*row[1:4]) for row in _rows("nouns.tsv"))


@cache
def lexicon() -> dict[str, Noun]:
    """Every noun that the project knows, by each of its English and Chinese names."""
    known = {noun.word.lower(): noun for noun in nouns()}
    # One character is too little: 熊 ends 玩具熊, which is no bear.
    known |= {noun.word_zh: noun for noun in nouns() if len(noun.word_zh) > 1}
    for word, word_zh, category, aliases in _rows("goods.tsv"):
        noun = Noun(word, word_zh, category)
        names = (word.lower(), word_zh, *(alias.lower() for alias in aliases.split(",") if alias))
        known |= dict.fromkeys(names, noun)
    return known


def noisy_or(probabilities: Probabilities, weights: Probabilities) -> Probabilities:
    """Join regions: P(w) = 1 - Π_r (1 - p_r(w))^a_r.

    probabilities (regions, words), weights (regions,). The exponents a_r are the weights, scaled
    to add up to REACH and none above 1, so a single region gives its own probability.
    """
    exponents = np.minimum(weights / weights.sum() * REACH, 1)
    doubts = np.log1p(-np.minimum(probabilities, CERTAIN))
    joined: Probabilities = 1 - np.exp((exponents[:, None] * doubts).sum(0))
    return joined


def evidence(classes: NDArray[np.float32], weights: Sequence[float]) -> Evidence:
    """Turn the classes seen in each region (regions, 1000) into words for the whole photo.

    Classes are first weighed by how likely a shop sells such things, then summed into nouns.
    """
    posterior = classes * _prior()
    posterior /= posterior.sum(1, keepdims=True)
    words, by_word = _grouped(0)
    categories, by_category = _grouped(2)
    weighed = np.asarray(weights, np.float64)
    return Evidence(
        dict(zip(words, noisy_or(posterior @ by_word, weighed).tolist(), strict=True)),
        dict(zip(categories, noisy_or(posterior @ by_category, weighed).tolist(), strict=True)),
    )


def tags(seen: Evidence, brief: Brief, most: int) -> tuple[Tag, ...]:
    """Choose the words that the photo supports and the brief does not contradict, best first.

    Words are those of nouns.tsv and goods.tsv, in English. Where the brief says what the product
    is, that word comes first if the photo supports it, and of others only those in the brief
    stay. Where no word is sure, the category's may be. Empty if nothing is.
    """
    likely = _hedged(seen)
    named = named_product(brief, seen)
    if named is not None:
        noun = named.noun
        support = max(seen.nouns.get(noun.word, 0), seen.categories.get(noun.category, 0))
        said = {other.word for other in mentioned(f"{brief.name}. {brief.product}")}
        likely = {word: p for word, p in likely.items() if word in said and word != noun.word}
        first = (Tag(word=noun.word, probability=round(support, 4)),) if support >= LIKELY else ()
    else:
        first = ()
    rest = sorted(likely.items(), key=lambda item: (-item[1], item[0]))
    # Rounded: the last bits of a network's output depend on where its threads met.
    return (*first, *(Tag(word=word, probability=round(p, 4)) for word, p in rest))[:most]


def _hedged(seen: Evidence) -> dict[str, float]:
    """The likely nouns; or a category's word, where that is worth more, being surer but vaguer.

    Trading specificity for accuracy as in Deng et al. 2012, "Hedging Your Bets".
    """
    likely = {word: p for word, p in seen.nouns.items() if p >= LIKELY}
    category, sure = max(seen.categories.items(), key=lambda item: item[1])
    general = prompts.table("caption/categories.toml")[category].get("word", "")
    if general and sure >= LIKELY and sure * VAGUE > max(likely.values(), default=0):
        return {general: sure}
    return likely


def named_product(brief: Brief, seen: Evidence | None = None) -> Named | None:
    """Find what the brief says the product is, in its product or else its name.

    The head of a name is its last word ("Celadon teapot"); a known noun elsewhere in it ("Teapot
    Luna") counts if the photo supports it. None where the brief does not say.
    """
    for text in (brief.product, brief.name):
        if found := head(text):
            return found
    if seen is not None and not brief.product:
        for noun in mentioned(brief.name):
            if seen.nouns.get(noun.word, 0) >= LIKELY:
                return Named(noun, noun.word)
    return None


def head(text: str) -> Named | None:
    """Find the noun that a product name is about: "Desk Chair, Iron Grey 2-pack" → chair.

    Colours, sizes and numbers after the noun are passed over. None where it is not a known one.
    """
    first = next((part for part in _ENDS.split(text) if part.strip()), "")
    known = lexicon()
    if _HAN.search(first):
        return _chinese_head(first)
    tokens = _TOKEN.findall(first.lower().replace("’", "'"))
    while tokens:
        for length in range(min(3, len(tokens)), 0, -1):
            words = " ".join(tokens[-length:])
            for form in _forms(words):
                if form in known:
                    return Named(known[form], _spelling(first, words))
        if not _passes(tokens[-1]):
            return None
        tokens.pop()
    return None


def mentioned(text: str) -> list[Noun]:
    """Find every known noun in a text, in the order of the text."""
    rest = text.lower()
    found: dict[int, Noun] = {}
    for name, noun in _longest_first():
        if name not in rest:  # spares a thousand patterns
            continue
        edge = "" if _HAN.search(name) else r"\b"
        for hit in re.finditer(f"{edge}{re.escape(name)}(?:e?s)?{edge}", rest):
            found[hit.start()] = noun
            rest = rest[: hit.start()] + "\n" * len(hit[0]) + rest[hit.end() :]
    return list(dict.fromkeys(found[place] for place in sorted(found)))


def _chinese_head(text: str) -> Named | None:
    run = re.findall(r"[A-Za-z]*[\u4e00-\u9fff]+", text)
    for part in reversed(run):
        for start in range(len(part)):
            if part[start:].lower() in lexicon():
                return Named(lexicon()[part[start:].lower()], part[start:])
    return None


def _passes(token: str) -> bool:
    """Whether a word after the noun says nothing of what it is: a size, a number, a colour."""
    from aigc.caption.palette import colours

    known = any(token in (colour.name, *colour.aliases) for colour in colours())
    return known or token in SIZES or any(sign.isdigit() for sign in token)


def _forms(words: str) -> list[str]:
    """A noun as written, in the singular, and in the plural."""
    forms = [words, words + "s", words.removesuffix("s"), words.removesuffix("es")]
    return [*forms, words.removesuffix("ies") + "y"]


def _spelling(text: str, words: str) -> str:
    """The words as a sentence spells them: T-shirt and LED keep their capitals."""
    found = re.search(re.escape(words).replace(r"\ ", r"\s+"), text, re.IGNORECASE)
    written = (found[0] if found else words).split()
    kept = {"t-shirt": "T-shirt", "tv": "TV", "led": "LED", "usb": "USB", "polo": "polo"}
    return " ".join(kept.get(word.lower(), word.lower()) for word in written)


@cache
def _longest_first() -> list[tuple[str, Noun]]:
    return sorted(lexicon().items(), key=lambda item: (-len(item[0]), item[0]))


@cache
def _prior() -> Probabilities:
    table = prompts.table("caption/categories.toml")
    return np.array([table[noun.category]["prior"] for noun in nouns()])


@cache
def _grouped(column: int) -> tuple[tuple[str, ...], Probabilities]:
    """Names in a column of the nouns, and the (1000, names) matrix that sums classes into them."""
    names = tuple(dict.fromkeys(noun[column] for noun in nouns()))
    index = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(nouns()), len(names)))
    matrix[range(len(nouns())), [index[noun[column]] for noun in nouns()]] = 1
    return names, matrix


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in prompts.text(f"caption/{name}").splitlines()[1:]]
