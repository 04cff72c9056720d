"""How well clicks are foretold where they have not been seen, and how far to trust a chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from aigc import events
from aigc.rank.clicks import Floats
from aigc.rank.clicks.fit import Evidence, Posterior
from aigc.rank.clicks.within import Ints, Labels, codes, paired

DECIDED, LEAST = 2.576, 1000  # |z| of two click rates, and impressions of each
EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of chances, in the table
ROUNDS = 2000  # of the bootstrap


class Bin(NamedTuple):
    """Pairs whose favourite was given a like chance to be seen ahead."""

    pairs: int
    said: float  # mean chance
    seen: float  # share where it was


@dataclass(frozen=True)
class HeldOut:
    """What models that had not seen a test say of it, and a model of all tests, calibrated."""

    posterior: Posterior
    models: tuple[Posterior, ...]  # one a fold, calibrated as a whole
    fold: Ints  # (rows given,) the model that has not seen the row
    mean: Floats  # (rows given,) held-out log-odds
    accuracy: float  # share of decided pairs whose winner was foretold
    low: float  # 95 % interval of it, groups of tests drawn anew
    high: float
    pairs: int  # decided: |z| of DECIDED, LEAST impressions each
    loss: float  # mean log loss of decided pairs' chances; a coin has 0.693
    table: tuple[Bin, ...]  # all pairs, by the chance of being seen ahead


class _Pairs(NamedTuple):
    left: Ints  # rows
    right: Ints
    share: Floats  # so that a test of t texts counts as t - 1 pairs
    gap: Floats  # seen, log-odds
    noise: Floats  # its variance
    z: Floats  # of the two click rates


def cross_validated(
    features: ArrayLike,
    impressions: ArrayLike,
    clicks: ArrayLike,
    test: Labels,
    *,
    blocks: ArrayLike | None = None,
    segments: Labels | None = None,
    groups: Labels | None = None,
    folds: int = 10,
) -> HeldOut:
    """Foretell each test from the others, and set slope and inflation to what was seen there.

    Arguments as `fit`'s. Whole groups, tests and texts are held out; weights and prior come from
    the other folds. A few numbers come from all of them: axes of features (no clicks), tau, the
    prior that the search starts at, where clicks are linearised, and slope and inflation.
    Raises BriefError where no test compares texts.
    """
    given = np.atleast_2d(np.asarray(features, float))
    with threadpool_limits(1):  # the matrices are small: threads would only wait for each other
        evidence = Evidence(
            given, impressions, clicks, test,
            blocks=blocks, segments=segments, groups=groups, folds=folds,
        )  # fmt: skip
        models = []
        for each in range(folds):
            events.report("clicks", each, folds, "holding tests out")
            models.append(evidence.posterior(without=(each,)))
        events.report("clicks", folds, folds, "holding tests out")
        whole = evidence.posterior()
    cells = codes(test) if segments is None else paired(codes(test), codes(segments))
    pairs = _paired(evidence, cells)
    gap, doubt = np.zeros(len(pairs.left)), np.zeros(len(pairs.left))
    mean = np.zeros(len(given))
    for each, model in enumerate(models):
        rows = evidence.fold == each
        mean[rows] = (given[rows] - model.centre) @ model.weights
        some = evidence.fold[pairs.left] == each
        apart = given[pairs.left[some]] - given[pairs.right[some]]
        gap[some] = apart @ model.weights
        doubt[some] = (apart @ model.axes) ** 2 @ model.unsure + 2 * (model.tau**2 + model.rest)
    slope, inflation = _agreeing(pairs, gap, doubt)
    ahead = ndtr(slope * gap / np.sqrt(inflation * doubt + pairs.noise))
    better = ndtr(slope * gap / np.sqrt(inflation * doubt))
    decided = np.abs(pairs.z) >= DECIDED
    right = np.where(gap == 0, 0.5, (gap > 0) == (pairs.gap > 0))[decided]
    chance = np.clip(np.where(pairs.gap > 0, better, 1 - better)[decided], 1e-12, 1)
    low, high = _interval(right, evidence.story[pairs.left[decided]])
    done = [replace(each, slope=slope, inflation=inflation) for each in models]
    return HeldOut(
        replace(whole, slope=slope, inflation=inflation), tuple(done),
        evidence.fold, slope * mean, _mean(right), low, high, len(right),
        -_mean(np.log(chance)), _table(ahead, pairs.gap > 0),
    )  # fmt: skip


def _paired(evidence: Evidence, cells: Ints) -> _Pairs:
    """Any two texts compared in a cell."""
    kept = np.flatnonzero(evidence.within.kept)
    shown, clicked = evidence.within.shown, evidence.within.clicked
    own = np.log((clicked + 0.5) / (shown - clicked + 0.5))
    noise = 1 / (clicked + 0.5) + 1 / (shown - clicked + 0.5)
    order = np.argsort(cells[kept], kind="stable")
    lefts, rights, shares = [], [], []
    for rows in np.split(order, np.flatnonzero(np.diff(cells[kept][order])) + 1):
        one, other = np.triu_indices(rows.size, 1)
        lefts.append(rows[one])
        rights.append(rows[other])
        shares.append(np.full(one.size, 2 / rows.size))
    a, b, share = np.concatenate(lefts), np.concatenate(rights), np.concatenate(shares)
    texts = evidence.text[kept]
    a, b, share = (each[texts[a] != texts[b]] for each in (a, b, share))
    rate = (clicked[a] + clicked[b]) / (shown[a] + shown[b])
    apart = np.sqrt(np.maximum(rate * (1 - rate), 1e-12) * (1 / shown[a] + 1 / shown[b]))
    z = (clicked[a] / shown[a] - clicked[b] / shown[b]) / apart
    z[np.minimum(shown[a], shown[b]) < LEAST] = 0
    return _Pairs(kept[a], kept[b], share, own[a] - own[b], noise[a] + noise[b], z)


def _agreeing(pairs: _Pairs, gap: Floats, doubt: Floats) -> tuple[float, float]:
    """Slope and inflation by which the gaps seen are likeliest; near 1 where little was seen."""

    def cost(numbers: Floats) -> float:
        slope, log_inflation = map(float, numbers)
        variance = np.exp(log_inflation) * doubt + pairs.noise
        lost = np.log(variance) + (pairs.gap - slope * gap) ** 2 / variance
        usual = ((slope - 1) / 0.3) ** 2 + (log_inflation / 0.5) ** 2
        return float(pairs.share @ lost + usual) / 2

    bounds = [(0.05, 3.0), (np.log(0.2), np.log(5))]
    slope, log_inflation = minimize(cost, [1.0, 0.0], method="L-BFGS-B", bounds=bounds).x
    return float(slope), float(np.exp(log_inflation))


def _interval(right: Floats, group: Ints) -> tuple[float, float]:
    """95 % bootstrap interval of the mean, whole groups drawn."""
    if not right.size:
        return 0.0, 1.0
    number = codes(group)
    hits, counts = np.bincount(number, right), np.bincount(number)
    drawn = np.random.default_rng(0).integers(0, counts.size, (ROUNDS, counts.size))
    low, high = np.quantile(hits[drawn].sum(1) / counts[drawn].sum(1), [0.025, 0.975])
    return float(low), float(high)


def _table(ahead: Floats, won: NDArray[np.bool_]) -> tuple[Bin, ...]:
    said, seen = np.maximum(ahead, 1 - ahead), (ahead >= 0.5) == won
    place = np.clip(np.searchsorted(EDGES, said, side="right") - 1, 0, len(EDGES) - 2)
    bins = []
    for each in range(len(EDGES) - 1):
        here = place == each
        bins.append(Bin(int(here.sum()), _mean(said[here]), _mean(seen[here])))
    return tuple(bins)


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if values.size else float("nan")
