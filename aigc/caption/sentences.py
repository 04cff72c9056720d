"""Caption sentences: an n-best list, filtered for what it may say, ordered log-linearly.

Templates and the small language model propose; a weighted sum of features disposes (Och & Ney
2002). The weights stand in prompts/caption/weights.toml; aigc/caption/tune.py learns others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aigc import prompts
from aigc.caption.facts import Facts
from aigc.caption.words import lexicon
from aigc.rank import mert

USUAL_LENGTH = {"en": 9, "zh": 14}  # words, or Chinese characters
LONGEST = 18  # words that a model's sentence may have
MAX_TOKENS = 24

_LOOSE = re.compile(r"\W (?:on|in|against) ")  # a comma where none belongs
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def templates(facts: Facts) -> list[str]:
    """Fill the language's own templates; those that hold the name only where it says more."""
    wording = facts.wording
    fields = {
        "thing": facts.thing,
        "Thing": facts.thing[:1].upper() + facts.thing[1:] if facts.noun else facts.thing,
        "bare": facts.bare,
        "Bare": facts.bare[:1].upper() + facts.bare[1:] if facts.noun else facts.bare,
        "place": facts.place,
        "name": facts.name,
        "shot": wording.get("shot", {}).get(facts.background, ""),
    }
    plain = facts.name.lower() in facts.thing.lower() or facts.name.lower() in lexicon()
    fit = (line for line in wording["templates"] if not (plain and "{name}" in line))
    return list(dict.fromkeys(line.format(**fields) for line in fit))


def request(facts: Facts) -> str:
    """Ask the small language model for a sentence, by example."""
    asked = f"{facts.thing}; {facts.place}"
    return prompts.text("caption/instruct.txt").strip().replace("{words}", asked)


def allowed(sentence: str, facts: Facts) -> bool:
    """Whether a model's English sentence says only what is known, and says what the product is.

    Once the known phrases are taken out, only words that claim nothing may be left; so no other
    noun, colour, material, number, brand or place gets through.
    """
    tokens = _WORD.findall(sentence)
    if not (sentence[:1].isupper() and sentence.endswith(".") and 3 <= len(tokens) <= LONGEST):
        return False
    text = sentence.lower()
    thing, core = facts.thing.lower(), facts.core.lower()
    if (thing not in text and f"the {core}" not in text) or _LOOSE.search(text):
        return False
    places = (facts.place, re.sub("^on ", "against ", facts.place))
    rest = text
    for phrase in (facts.name.lower(), thing, core, *places):  # each once
        rest = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "|", rest, count=1)
    left = [word for word in _WORD.findall(rest) if word != "the"]
    number = ["one"] * (not facts.plural or facts.pair) + ["many"] * facts.plural
    safe = {*facts.wording["safe"], *(word for key in number for word in facts.wording[key])}
    return set(left) <= safe and len(left) == len(set(left))


class Nbest(NamedTuple):
    """Sentences that may be said of a photo, and how likely the language model finds each."""

    lines: list[str]
    fluencies: list[float]


def features(sentence: str, facts: Facts, fluency: float) -> dict[str, float]:
    """Describe a sentence for ranking.

    fluency: mean log-probability per token. coverage: share of noun, colours and background that
    is said. length: minus the relative distance from the usual. agreement: 1 where the product is
    said in the brief's words, else 0. name: 1 where its whole name is said. colour: share of its
    colours that is said. words: how often the usual length it has.
    """
    text = sentence.lower()
    known = [part.lower() for part in (facts.noun, *facts.colours, facts.place) if part]
    length = len(sentence) if facts.chinese else len(_WORD.findall(sentence))
    usual = USUAL_LENGTH["zh" if facts.chinese else "en"]
    own = [facts.name, *([facts.noun] if facts.from_brief else [])]
    said = [colour.lower() in text for colour in facts.colours]
    return {
        "fluency": fluency,
        "coverage": sum(part in text for part in known) / len(known),
        "length": -abs(length - usual) / usual,
        "agreement": float(any(word.lower() in text for word in own)),
        "name": float(facts.name.lower() in text),
        "colour": sum(said) / len(said) if said else 0.0,
        "words": length / usual,
    }


def rerank(
    sentences: Sequence[str],
    facts: Facts,
    fluencies: Sequence[float],
    weights: Mapping[str, float] | None = None,
) -> list[str]:
    """Order sentences by the weighted sum of their features, best first; ties by text.

    Totals are compared as `mert.totals` says, so that what was tuned is what is said.
    """
    weights = shipped() if weights is None else weights
    table = [
        features(line, facts, fluency) for line, fluency in zip(sentences, fluencies, strict=True)
    ]
    total = mert.totals([[row[name] for name in weights] for row in table], list(weights.values()))
    return [line for _, line in sorted(zip(-total, sentences, strict=True))]


def shipped() -> dict[str, float]:
    """The weights that come with aigc."""
    return {name: float(value) for name, value in prompts.table("caption/weights.toml").items()}


def write(
    facts: Sequence[Facts],
    seeds: Sequence[int],
    candidates: int,
    weights: Mapping[str, float] | None = None,
) -> list[list[str]]:
    """Give each photo its sentences, best first; never an empty list.

    candidates: how many the small language model proposes for each (English only).
    """
    found = propose(facts, seeds, candidates)
    return [
        rerank(own.lines, known, own.fluencies, weights)
        for own, known in zip(found, facts, strict=True)
    ]


def propose(facts: Sequence[Facts], seeds: Sequence[int], candidates: int) -> list[Nbest]:
    """Collect what may be said of each photo, in no order; what `write` chooses from."""
    lists = [templates(known) for known in facts]
    english = [i for i, known in enumerate(facts) if not known.chinese]
    fluencies = [[0.0] * len(lines) for lines in lists]
    if english:
        from aigc._engines import lm

        if candidates:
            proposed = lm.generate(
                [request(facts[i]) for i in english],
                n=candidates,
                seed=[seeds[i] for i in english],
                max_tokens=MAX_TOKENS,
                stop=["\n"],
            )
            for i, lines in zip(english, proposed, strict=True):
                fit = (line for line in lines if allowed(line, facts[i]))
                lists[i] = list(dict.fromkeys([*lists[i], *fit]))
        for i in english:
            fluencies[i] = lm.score(lists[i])
    return [Nbest(*each) for each in zip(lists, fluencies, strict=True)]
