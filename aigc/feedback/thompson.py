"""Thompson sampling whose prior is what a model of the texts expects, and how unsure it is.

The log-odds of a click on creative i are base + appeal i: the base is of a channel and an audience,
and hardly known beforehand; the appeals are N(mean, covariance), from a model learned from clicks
or from none. Clicks are binomial. An impression goes to a creative with its probability of being
best, as in one draw of the posterior (Thompson 1933); a batch is divided by these probabilities,
so results that come late do no harm. Sharpened: two draws have to agree (see `shares`).

A content prior under a bandit is the idea of HBM-VAM (cold start) and of LOLA (headline tests with
a language model's prior). Arrays may have leading axes, of tests that have nothing to do with
each other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from aigc.rank.clicks import Appeal, Floats

DRAWS = 20_000  # of the posterior: a probability of being best is good to 0.4 %
SURE = 0.95  # of the intervals, and how sure one is to be that a test is over
ENOUGH = 0.01  # of the best one's click rate: what is left to be won is not worth a test
DOUBT = 1.0  # a model that is of no use here is one such spread away, a wrong one two
_STEPS = 100
_CLOSE = 1e-9  # in log-odds


class Base(NamedTuple):
    """The log-odds of a click that the creatives of a channel share, before any evidence."""

    mean: float = -4.6  # 1 in 100
    variance: float = 2.25  # two of three lie between 1 in 450 and 1 in 23


class Belief(NamedTuple):
    """Log-odds of a click on each creative, as a normal: mean (..., n), covariance (..., n, n)."""

    mean: Floats
    covariance: Floats


class Outlook(NamedTuple):
    """Where a test of n creatives stands."""

    best: Floats  # (n,) probability that each is the best
    rate: Floats  # (n,) click rate: the median, ...
    low: Floats  # (n,) ... and where SURE of it lies
    high: Floats  # (n,)
    regret: float  # clicks an impression that one would lose, on average, by showing one only
    remaining: float  # what may still be won, as a share of its rate: no more than that, SURE

    @property
    def settled(self) -> bool:
        """Whether testing may stop (Scott 2015, "value remaining in the experiment")."""
        return self.remaining < ENOUGH


def prior(appeal: Appeal, base: Base = Base(), level: ArrayLike = 1.0) -> Belief:  # noqa: B008
    """Put a base under the appeals: one for all, or for those where level (n, n) is 1.

    The appeals' own model may not hold for this product or these people, however sure it is where
    it was learned: its differences count N(1, DOUBT²) times, and the clicks tell how often.
    """
    away = appeal.mean - appeal.mean.mean(-1, keepdims=True)
    doubt = DOUBT**2 * away[..., :, None] * away[..., None, :]
    spread = base.variance * np.asarray(level, float) + appeal.covariance + doubt
    return Belief(base.mean + appeal.mean, spread)


def learned(before: Belief, shown: ArrayLike, clicks: ArrayLike) -> Belief:
    """What is believed after clicks (..., n) of so many impressions: Laplace's approximation.

    It is found where the prior is N(0, 1), so the covariance may be singular, and counts may be
    nought or 10^9.
    """
    n, c = np.asarray(shown, float), np.asarray(clicks, float)
    root = _root(before.covariance)  # log-odds = mean + root u
    u = np.zeros(np.broadcast_shapes(before.mean.shape, n.shape))
    odds = before.mean + u
    for _ in range(_STEPS):
        p = _rates(odds)
        slope = _times(root, c - n * p) - u
        step = _solved(_curve(root, n * p * (1 - p)), slope[..., None])[..., 0]
        longest = np.abs(_times(root, step)).max(-1, keepdims=True)
        # Of a Newton step under a logistic, this much cannot overshoot (Bach 2010).
        u = u + step * np.log1p(longest) / np.maximum(longest, _CLOSE)
        odds = before.mean + _times(root, u)
        if longest.max(initial=0) < _CLOSE:
            break
    p = _rates(odds)
    return Belief(odds, root @ _solved(_curve(root, n * p * (1 - p)), root))


def draw(now: Belief, count: int, rng: np.random.Generator) -> Floats:
    """Draw log-odds (..., count, n)."""
    z = rng.standard_normal((*now.mean.shape[:-1], count, now.mean.shape[-1]))
    return now.mean[..., None, :] + z @ _root(now.covariance)


def outlook(now: Belief, seed: int) -> Outlook:
    """Say how likely each of n creatives is the best, its click rate, and what is left to be won.

    `now` has no leading axes.
    """
    n = now.mean.size
    z = np.random.default_rng(seed).standard_normal((-(-DRAWS // n), n))
    # Every draw is used n times, turned by one place, so that like creatives get the same.
    turned = np.concatenate([np.roll(z, places, axis=1) for places in range(n)])
    odds = now.mean + turned @ _root(now.covariance)
    best = np.bincount(odds.argmax(1), minlength=n) / len(odds)
    rates = _rates(odds)
    lead = int(best.argmax())
    lost = rates.max(1) - rates[:, lead]
    share = lost / np.maximum(rates[:, lead], np.finfo(float).tiny)
    apart = 1.96 * np.sqrt(np.maximum(np.diag(now.covariance), 0))
    return Outlook(
        best,
        _rates(now.mean),
        _rates(now.mean - apart),
        _rates(now.mean + apart),
        float(lost.mean()),
        float(np.quantile(share, SURE)),
    )


def shares(best: ArrayLike) -> Floats:
    """Divide the next impressions by the probabilities of being best (..., n), squared.

    As if two draws were made for an impression until they agree. One draw tries out more than it
    pays for in the traffic that a campaign has: see benchmarks/bandit.py.
    """
    squared = np.asarray(best, float) ** 2
    found: Floats = squared / squared.sum(-1, keepdims=True)
    return found


def allot(share: ArrayLike, impressions: int) -> list[int]:
    """Divide impressions by shares (n,) into whole numbers that sum up: largest remainders."""
    exact = np.asarray(share, float) * impressions
    whole = np.floor(exact)
    first = np.argsort(whole - exact, kind="stable")[: impressions - int(whole.sum())]
    whole[first] += 1
    return [int(each) for each in whole]


def _rates(odds: Floats) -> Floats:
    from scipy.special import expit

    found: Floats = expit(odds)
    return found


def _times(matrix: Floats, vector: Floats) -> Floats:
    found: Floats = (matrix @ vector[..., None])[..., 0]
    return found


def _solved(matrix: Floats, right: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrix, right), float)


def _curve(root: Floats, weight: Floats) -> Floats:
    found: Floats = np.eye(root.shape[-1]) + (root * weight[..., None, :]) @ root
    return found


def _root(covariance: Floats) -> Floats:
    """The symmetric square root: it takes singular ones, and treats like creatives alike."""
    values, vectors = np.linalg.eigh(covariance)
    scaled = vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
    found: Floats = scaled @ np.swapaxes(vectors, -1, -2)
    return found
