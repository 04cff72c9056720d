"""Scores of a corpus whose statistics add up: BLEU, chrF, and clicks per impression.

Each has two halves: statistics of one candidate, and a score of their sum over all sentences,
which takes any leading dimensions, so that a search reads thousands of sums at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Metric = Callable[[Floats], Floats]  # sums of statistics (..., m) to scores (...); more is better

ORDERS = 4  # of BLEU: words one to four
_TINY = 1e-300


def bleu_statistics(lines: Sequence[str], reference: str, tokenize: str = "13a") -> Floats:
    """What BLEU counts of each line: lengths of line and reference, then n-grams right and all.

    (n, 10), counted by sacrebleu. `tokenize` is one of its tokenizers: "zh" for Chinese.
    """
    from sacrebleu.metrics.bleu import BLEU

    return _counted(BLEU(tokenize=tokenize), lines, reference)


def bleu(sums: Floats) -> Floats:
    """Corpus BLEU, 0 to 100, as sacrebleu gives it by default (exponential smoothing).

    Papineni et al. 2002; a precision of nothing counts 1/2, 1/4 … of one n-gram.
    """
    length, wanted = sums[..., 0], sums[..., 1]
    right, total = sums[..., 2 : 2 + ORDERS], sums[..., 2 + ORDERS :]
    missed = (right == 0) & (total > 0)
    smoothed = np.where(missed, 0.5 ** np.cumsum(missed, axis=-1), right)
    logs = np.log(np.maximum(smoothed, _TINY) / np.maximum(total, 1)).mean(axis=-1)
    brevity = np.minimum(1 - wanted / np.maximum(length, _TINY), 0.0)
    possible = (right > 0).any(axis=-1) & (total > 0).all(axis=-1) & (length > 0)
    found: Floats = np.where(possible, 100 * np.exp(logs + brevity), 0.0)
    return found


def chrf_statistics(lines: Sequence[str], reference: str, word_order: int = 0) -> Floats:
    """What chrF counts of each line, by n-gram: its own, the reference's, those in both.

    (n, 3 × (6 + word_order)), counted by sacrebleu without regard to case.
    """
    from sacrebleu.metrics.chrf import CHRF

    return _counted(CHRF(word_order=word_order, lowercase=True), lines, reference)


def chrf(sums: Floats, beta: float = 2.0) -> Floats:
    """Corpus chrF, 0 to 100, as sacrebleu gives it: recall weighs `beta` times precision.

    Popović 2015.
    """
    own, wanted, both = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    counted = (own > 0) & (wanted > 0)
    orders = np.maximum(counted.sum(axis=-1), 1)
    precision = np.where(counted, both / np.maximum(own, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(counted, both / np.maximum(wanted, 1), 0.0).sum(axis=-1) / orders
    below = beta**2 * precision + recall
    found: Floats = 100 * (1 + beta**2) * precision * recall / np.maximum(below, _TINY)
    return found


def click_rate(sums: Floats) -> Floats:
    """Clicks per impression of (clicks, impressions); 0 where nothing was shown."""
    found: Floats = sums[..., 0] / np.where(sums[..., 1] > 0, sums[..., 1], np.inf)
    return found


def _counted(metric: Any, lines: Sequence[str], reference: str) -> Floats:
    """Sacrebleu's own statistics, a row a line."""
    rows = metric._extract_corpus_statistics(list(lines), [[reference] * len(lines)])
    return np.asarray(rows, float)
