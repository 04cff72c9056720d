"""Ways to choose between the arms of many tests at once; every one sees the same batches.

A policy takes what is known, impressions and clicks (tests, arms), and divides the next `size`
impressions of every test: (tests, arms), each row sums to `size`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aigc.feedback import thompson

Floats = NDArray[np.float64]
Policy = Callable[[Floats, Floats, int, np.random.Generator], Floats]
DRAWS = 100  # of the posterior, in a batch


def play(
    rates: Floats, policy: Policy, sizes: list[int], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Let a policy play tests whose click rates are (tests, arms).

    Gives the clicks lost so far against the best arm, (batches, tests).
    """
    shown, clicks = np.zeros_like(rates), np.zeros_like(rates)
    gap = rates.max(1, keepdims=True) - rates
    curve = np.empty((len(sizes), len(rates)), np.float32)
    for number, size in enumerate(sizes):
        given = whole(policy(shown, clicks, size, rng))
        clicks += rng.binomial(given.astype(np.int64), rates)
        shown += given
        curve[number] = (shown * gap).sum(1)
    return curve


def whole(parts: Floats) -> Floats:
    """Round rows to whole numbers, so that their sums stay."""
    ends = np.rint(np.cumsum(parts, axis=1))
    return np.asarray(np.diff(ends, axis=1, prepend=0), float)


def uniform(shown: Floats, _clicks: Floats, size: int, rng: np.random.Generator) -> Floats:
    """An A/B test that never ends."""
    first = rng.random(shown.shape).argsort(1).argsort(1)
    arms = shown.shape[1]
    return np.asarray(size // arms + (first < size % arms), float)


def winner_after(length: int) -> Policy:
    """An A/B test of so many impressions, then its winner."""

    def policy(shown: Floats, clicks: Floats, size: int, rng: np.random.Generator) -> Floats:
        if shown[0].sum() < length:
            return uniform(shown, clicks, size, rng)
        return size * _only((clicks / np.maximum(shown, 1)).argmax(1), shown)

    return policy


def fixed(scores: Floats) -> Policy:
    """Always the arm with the highest score."""
    return lambda shown, _clicks, size, _rng: size * _only(scores.argmax(1), shown)


def ucb1(rate: Floats, shown: Floats, total: Floats) -> Floats:
    """Auer, Cesa-Bianchi and Fischer 2002."""
    return rate + np.sqrt(2 * np.log(total) / shown)


def kl_ucb(rate: Floats, shown: Floats, total: Floats) -> Floats:
    """Garivier and Cappé 2011, with c = 0: the largest rate that the clicks do not rule out."""
    low, high = rate.copy(), np.ones_like(rate)
    known = np.maximum(rate, 1e-12)
    for _ in range(20):
        middle = (low + high) / 2
        away = known * np.log(known / middle) + (1 - rate) * np.log(
            np.maximum(1 - rate, 1e-12) / np.maximum(1 - middle, 1e-12)
        )
        inside = shown * away <= np.log(total)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low


def highest(bound: Callable[[Floats, Floats, Floats], Floats], parts: int = 10) -> Policy:
    """Show the arm of the highest bound; inside a batch impressions count, clicks do not yet."""

    def policy(shown: Floats, clicks: Floats, size: int, rng: np.random.Generator) -> Floats:
        rate = clicks / np.maximum(shown, 1)
        given = np.zeros_like(shown)
        for _ in range(parts):
            count = shown + given
            seen = bound(rate, np.maximum(count, 1e-9), np.maximum(count.sum(1), 1)[:, None])
            # Those never shown come first, in any order.
            seen = np.where(count > 0, seen, 2 + rng.random(count.shape))
            given += size / parts * _only(seen.argmax(1), shown)
        return given

    return policy


def beta(before: tuple[float, float], sharp: bool = False) -> Policy:
    """Thompson sampling, each arm by itself: Beta(a, b) before any click."""

    def policy(shown: Floats, clicks: Floats, size: int, rng: np.random.Generator) -> Floats:
        some = (clicks + before[0])[:, None], (shown - clicks + before[1])[:, None]
        drawn = rng.beta(*some, size=(len(shown), DRAWS, shown.shape[1]))
        return size * _divided(drawn, sharp)

    return policy


def normal(before: thompson.Belief, sharp: bool = True) -> Policy:
    """Thompson sampling as `aigc next` does it."""

    def policy(shown: Floats, clicks: Floats, size: int, rng: np.random.Generator) -> Floats:
        now = thompson.learned(before, shown, clicks)
        return size * _divided(thompson.draw(now, DRAWS, rng), sharp)

    return policy


def _divided(drawn: Floats, sharp: bool) -> Floats:
    """Shares by how often each arm is best in draws (tests, draws, arms)."""
    arms = np.arange(drawn.shape[-1])
    best = (drawn.argmax(-1)[..., None] == arms).mean(1)
    return thompson.shares(best) if sharp else np.asarray(best, float)


def _only(chosen: NDArray[np.int64], like: Floats) -> Floats:
    return np.asarray(chosen[:, None] == np.arange(like.shape[1]), float)
