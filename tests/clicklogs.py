"""Logs of tests whose truth is known: texts with a number draw more clicks."""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WORDS = ("mug", "lamp", "chair", "bag", "tea", "shoe", "coat", "watch", "pen", "bowl", "scarf")
EFFECT = 0.8  # log-odds that a number adds


def plain_vectors(texts: Sequence[str]) -> NDArray[np.float64]:
    """Which words a text has, (n, 16): enough of an encoder to tell one domain from another."""
    found = np.zeros((len(texts), 16))
    for row, text in zip(found, texts, strict=True):
        for word in re.findall(r"\w+", text.lower()):
            row[zlib.crc32(word.encode()) % 16] += 1
    return found


def rows(tests: int = 40, seed: int = 0, effect: float = EFFECT) -> list[tuple[str, str, int, int]]:
    """(test, text, impressions, clicks): three texts a test, one of them with a number."""
    rng = np.random.default_rng(seed)
    made = []
    for test in range(tests):
        base = -3 + rng.normal(0, 0.3)
        for place in range(3):
            one, other = rng.choice(WORDS, 2, replace=False)
            number = rng.integers(2, 90) if place == 0 else ("some", "many")[place - 1]
            text = (
                f"{number} ways to use a {one} with the {other} in room {'abcdefghij'[test % 10]}"
            )
            odds = base + effect * (place == 0) + rng.normal(0, 0.05)
            shown = int(rng.integers(1500, 3000))
            clicked = int(rng.binomial(shown, 1 / (1 + np.exp(-odds))))
            made.append((f"t{test:03d}", text, shown, clicked))
    return made


def written(path: Path, made: Sequence[tuple[str, str, int, int]]) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["test_id", "headline", "impressions", "clicks"])
        out.writerows(made)
    return path
