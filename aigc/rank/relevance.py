"""How well a text fits what a classifier sees in a photo.

After "convex combination of semantic embeddings" (Norouzi et al. 2013): classes become points in
the space of sentences. Three things differ. A class stands for all the goods that look like it,
by a table. Where the paper takes the cosine with the mean point, we take the text's likelihood
under each, and its average by probability. And we divide by the text's likelihood under the goods
of any shop, so that a text which is close to everything gains nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc import prompts
from aigc.rank.colours import agreement
from aigc.rank.language import in_english, script, sentences

Vectors = NDArray[np.float32]

TEMPERATURE = 0.05  # cosine that makes a text e times as likely
OWN = 0.35  # share of a class's probability that stays with its own name
DECAY = 0.85  # each class a product is seen as is less usual than the one before
NAMED = 0.5  # weight of the merchant's word against the classifier's
COLOUR = 0.5  # weight of colours, which are few and loosely named
CENTRE, SCALE = 1.0, 1.0  # log ratio of an even chance, and of e to one around it


class Seen(NamedTuple):
    """What is known of a photo: classes by region, colours by share, the product's name."""

    classes: NDArray[np.float32]  # (regions, 1000)
    colours: dict[str, float]
    name: str | None = None  # as the brief says it


class Bank(NamedTuple):
    """Goods and classes as points, and which goods a class may be."""

    goods: Vectors  # (n, 384)
    classes: Vectors  # (1000, 384)
    looks: NDArray[np.float64]  # (1000, n): P(goods | class); a row of zeros where none is known


@cache
def bank() -> Bank:
    """Read the table of goods; their points are computed once and cached on disk."""
    from aigc._engines import encoder, store, vision

    rows = [row.split("\t") for row in prompts.text("rank/products.tsv").splitlines()[1:]]
    texts = [row[0] for row in rows] + list(vision.class_names())
    index = {name: i for i, name in enumerate(vision.class_names())}
    weights = np.zeros((len(index), len(rows)))
    for column, row in enumerate(rows):
        for place, name in enumerate(row[2].split(", ")):
            weights[index[name], column] = DECAY**place
    key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]

    def build(folder: Path) -> None:
        np.save(folder / "points.npy", encoder.encode(texts))

    points = np.load(store.derived(f"goods-{key}", build) / "points.npy")
    looks = weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)
    return Bank(points[: len(rows)], points[len(rows) :], looks)


def log_ratios(classes: NDArray[np.float32], texts: Vectors, name: Vectors | None) -> Vectors:
    """Log of how much likelier each text is for this photo than for any: (t,), in nats.

    classes (regions, 1000), texts (t, 384), name (384,) where the product's is known.
    """
    known = bank()
    goods = np.exp(known.goods @ texts.T / TEMPERATURE)  # (n, t)
    own = np.exp(known.classes @ texts.T / TEMPERATURE)  # (1000, t)
    stays = np.where(known.looks.any(1), OWN, 1.0)
    chance = (1 - OWN) * goods.mean(0) + OWN * own.mean(0)
    found = (classes * (1 - stays)) @ known.looks @ goods + (classes * stays) @ own
    if name is not None:
        found = (1 - NAMED) * found + NAMED * np.exp(name @ texts.T / TEMPERATURE)
    ratios: Vectors = np.log(found / chance).mean(0)
    return ratios


def phrases(photos: Sequence[Seen], texts: Sequence[Sequence[str]]) -> list[str]:
    """Everything that `relevance` needs the points of: texts, their sentences, product names."""
    names = [_english(seen.name) for seen in photos if seen.name is not None]
    parts = [part for own in texts for text in own for part in readings(_english(text))]
    return list(dict.fromkeys([*parts, *(name for name in names if name is not None)]))


def relevance(
    photos: Sequence[Seen], texts: Sequence[Sequence[str]], points: Mapping[str, Vectors]
) -> list[list[float]]:
    """Relevance in 0..1 of each photo's own texts; 0.5 says nothing either way.

    `points` holds at least those of `phrases`. Chinese texts go by the goods they name. Other
    scripts, and Chinese texts that name none, get 0.5 but for their colours.
    """
    found = []
    for seen, own in zip(photos, texts, strict=True):
        read = [readings(_english(text)) for text in own]
        parts = list(dict.fromkeys(part for reading in read for part in reading))
        name = None if seen.name is None else _english(seen.name)
        ratios: dict[str, float] = {}
        if parts:
            vectors = np.stack([points[part] for part in parts])
            called = None if name is None else points[name]
            values = log_ratios(seen.classes, vectors, called).tolist()
            ratios = dict(zip(parts, values, strict=True))
        scores = []
        for text, reading in zip(own, read, strict=True):
            ratio = joined(reading, ratios) if reading else CENTRE
            scores.append(_chance(ratio + COLOUR * agreement(text, seen.colours)))
        found.append(scores)
    return found


def _english(text: str) -> str | None:
    return {"zh": in_english(text), "en": text, "other": None}[script(text)]


def readings(text: str | None) -> list[str]:
    """What to look up for a text: the whole first, then its sentences; nothing if unreadable."""
    if text is None:
        return []
    parts = sentences(text)
    return [text, *parts] if len(parts) > 1 else [text]


def joined(reading: Sequence[str], ratios: Mapping[str, float]) -> float:
    """The mean of the whole text's log ratio and of its sentences' average."""
    values = np.array([ratios[part] for part in reading])
    if len(values) == 1:
        return float(values[0])
    return float((values[0] + np.log(np.exp(values[1:]).mean())) / 2)


def _chance(ratio: float) -> float:
    return float(1 / (1 + np.exp(-(ratio - CENTRE) / SCALE)))
