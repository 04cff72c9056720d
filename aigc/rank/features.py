"""The small parts of a score: each a pure function that gives 0..1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aigc import prompts
from aigc.campaign import Copy, Tone
from aigc.channels import TextLimits, columns
from aigc.rank.language import words

EXPECTED = 3  # features that a copy of usual length can name
UNRELATED, SAME = 0.30, 0.65  # cosines below and above which a sentence does not, and does, say it
SHORTEST = 0.3  # of the limit; below it the place on the poster looks empty
STEEP = 4.0  # a text a quarter over its limit is worth nothing
DISTINCT, COPIED = 0.15, 0.85  # shares of word pairs in common: two texts, one text
_SMALL = re.compile("a|an|and|at|by|for|from|in|is|it|its|of|on|or|that|the|this|to|with|you|your")
_CLAUSE = re.compile(r"[\s，。！？；：、,.!?;:…—~～·]+")
_MALFORMED = re.compile(r"^[的了吗呢吧们得着]|[的了]{2}|([\u3400-\u9fff])\1\1|[\u3400-\u9fff]{19}")
_FIELDS = {"headline": 0.4, "body": 0.4, "cta": 0.2}


def fluency(score: float, centre: float, scale: float) -> float:
    """Squash a language model's mean log-probability per token (nats)."""
    return float(1 / (1 + np.exp(-(score - centre) / scale)))


def clauses(text: str) -> float:
    """Say which share of a Chinese text's clauses is well formed, by rules of thumb.

    A clause is not if it begins with a particle that must follow a word, stammers, or is too long.
    """
    parts = [part for part in _CLAUSE.split(text) if part.strip()]
    return sum(not _MALFORMED.search(part.strip()) for part in parts) / max(len(parts), 1)


def coverage(
    features: Sequence[str], text: str, similar: NDArray[np.floating] | None = None
) -> float:
    """Say how many of the brief's features a copy names, of the three that it has room for.

    A feature counts by the share of its words that the text holds, or by meaning if that says
    more: `similar` (features, sentences) are cosines. 1 where the brief has no features.
    """
    if not features:
        return 1.0
    held = set(words(text))
    said = []
    for index, feature in enumerate(features):
        own = {word for word in words(feature) if not _SMALL.fullmatch(word)}
        literal = len(own & held) / len(own) if own else 0.0
        meant = 0.0
        if similar is not None:
            meant = (float(similar[index].max()) - UNRELATED) / (SAME - UNRELATED)
        said.append(min(max(literal, meant, 0.0), 1.0))
    return min(sum(said) / min(len(features), EXPECTED), 1.0)


def length(copy: Copy, limits: TextLimits) -> float:
    """Say how well a copy fills the channel's limits without passing them."""
    fits = {name: _fit(columns(getattr(copy, name)), getattr(limits, name)) for name in _FIELDS}
    return sum(weight * fits[name] for name, weight in _FIELDS.items())


def _fit(used: int, limit: int) -> float:
    filled = used / limit
    if filled > 1:
        return max(0.0, 1 - STEEP * (filled - 1))
    return min(filled / SHORTEST, 1.0)


def tone(text: str, wanted: Tone, language: str) -> float:
    """Say how much a text sounds like the wanted tone rather than another; 0.5 if like none."""
    marks = prompts.table("rank/tone.toml")[language]
    lower = text.lower().replace("’", "'")
    counts = {name: sum(_heard(lower, mark) for mark in own) for name, own in marks.items()}
    rival = max(count for name, count in counts.items() if name != wanted)
    return (1 + counts[wanted]) / (2 + counts[wanted] + rival)


def _heard(text: str, mark: str) -> bool:
    if mark.isascii() and mark[0].isalpha():
        return re.search(rf"\b{re.escape(mark)}\b", text) is not None
    return mark in text


def distinctness(texts: Sequence[str]) -> list[float]:
    """Say how unlike each text is to the one most like it among the others."""
    pairs = [_pairs(text) for text in texts]
    found = []
    for i, own in enumerate(pairs):
        others = (
            len(own & other) / max(len(own | other), 1) for j, other in enumerate(pairs) if j != i
        )
        shared = max(others, default=0.0)
        found.append(1 - min(max((shared - DISTINCT) / (COPIED - DISTINCT), 0.0), 1.0))
    return found


def _pairs(text: str) -> set[tuple[str, str]]:
    found = words(text)
    return set(pairwise(found)) or {(word, "") for word in found}
