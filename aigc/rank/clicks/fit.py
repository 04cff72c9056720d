"""Learn from randomised tests which features of a text draw clicks, and how sure that is.

Log-odds of a click = the test's level + features · weights + the text's own remainder + chance.
Levels are free and taken out exactly; weights are normal, with a spread for each block of
features; remainders are N(0, tau²), so that a large test cannot count without limit. Spreads and
tau maximise the evidence (`evidence.py`); clicks enter by their binomial likelihood, linearised
(Breslow and Clayton 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.special import ndtr

from aigc.errors import BriefError
from aigc.rank.clicks import Appeal, Floats
from aigc.rank.clicks.evidence import Axes, maximised
from aigc.rank.clicks.segments import Tastes
from aigc.rank.clicks.within import Ints, Labels, Within, codes

KEPT = 256  # axes; what texts differ by along the others is counted to their own remainders


@dataclass(frozen=True)
class Posterior:
    """What is known of the weights of d features: d·(k+2) numbers, k ≤ KEPT, small for a file.

    A text's features from the centre, times `axes`, are k coordinates whose weights were N(0, 1)
    before any evidence; after it each has variance `unsure`, independent of the others.
    """

    centre: Floats  # (d,) features of the log's average text
    weights: Floats  # (d,) mean, log-odds per unit of a feature
    axes: Floats  # (d, k) those of most evidence first
    unsure: Floats  # (k,) 0..1
    rest: float  # variance of what the other axes add to a text, log-odds squared
    tau: float  # spread of texts' own remainders, log-odds
    slope: float = 1.0  # calibration: the mean times this and the covariance times `inflation`
    inflation: float = 1.0  # agree with tests held out
    tastes: Tastes | None = None  # where the log has segments

    def appeal(self, features: ArrayLike, segment: str | None = None) -> Appeal:
        """What texts with these features (n, d) are believed to add to a click's log-odds.

        For a segment, `key=value; key=value`: what all share, plus what its traits say.
        Raises BriefError where the features are not as many as those learned from.
        """
        given = np.atleast_2d(np.asarray(features, float))
        if given.shape[1] != self.centre.size:
            raise BriefError(
                f"clicks: {given.shape[1]} features, learned from {self.centre.size}; "
                "learn again, or use the encoder and traits it was learned with"
            )
        away = given - self.centre
        along, mean = away @ self.axes, away @ self.weights
        covariance = (along * self.unsure) @ along.T
        covariance += (self.tau**2 + self.rest) * np.eye(len(away))
        if self.tastes is not None and segment:
            added, doubt = self.tastes.of(segment)
            leading = along[:, : added.size]
            mean, covariance = mean + leading @ added, covariance + leading @ doubt @ leading.T
        return Appeal(self.slope * mean, self.inflation * covariance)


def fit(
    features: ArrayLike,
    impressions: ArrayLike,
    clicks: ArrayLike,
    test: Labels,
    *,
    blocks: ArrayLike | None = None,
    segments: Labels | None = None,
) -> Posterior:
    """Learn the weights of features (n, d) from rows of tests.

    blocks (d,) numbers features that share a prior spread (sentence vector 0, traits 1 ...);
    segments (n,) are traits of those who saw the row, `key=value; key=value`.
    Rows of the same features are one text. Raises BriefError where no test compares texts.
    """
    given = np.atleast_2d(np.asarray(features, float))
    if not np.isfinite(given).all():
        raise BriefError("clicks: a feature is not a number; leave that row or column out")
    block = np.zeros(given.shape[1], np.int64) if blocks is None else codes(np.asarray(blocks))
    within = Within(impressions, clicks, test, alike(given), segments)
    axes = principal(given[within.kept], block)
    prior, tau, moments = maximised(within, axes)
    values, vectors = eigh(prior[:, None] * moments.gram * prior)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    unsure = 1 / (1 + values)
    turned = (axes.turn * prior) @ vectors
    weights = turned @ (unsure * (vectors.T @ (prior * moments.pull)))
    left = (given[within.kept] - axes.centre) @ turned[:, KEPT:]
    rest = float(np.mean(left**2 @ unsure[KEPT:])) if left.size else 0.0
    return Posterior(axes.centre, weights, turned[:, :KEPT], unsure[:KEPT], rest, tau)


def chances(appeal: Appeal) -> Floats:
    """How likely each text (row) is to draw more clicks than each other (column), (n, n)."""
    variance = np.diag(appeal.covariance)
    apart = np.maximum(variance[:, None] + variance[None] - 2 * appeal.covariance, 1e-12)
    return np.asarray(ndtr((appeal.mean[:, None] - appeal.mean[None]) / np.sqrt(apart)), float)


def alike(features: Floats) -> Ints:
    """Number rows (n, d), the same features the same number: one text, whatever test it is in."""
    return codes([row.tobytes() for row in features])


def principal(features: Floats, block: Ints) -> Axes:
    """The principal axes of each block of features (n, d), its features brought to one spread."""
    centre, spread = features.mean(0), features.std(0)
    moves = spread > 1e-9 * (1 + np.abs(centre))
    turns, blocks, falls = [], [], []
    for each in range(int(block.max(initial=-1)) + 1):
        columns = np.flatnonzero(moves & (block == each))
        if not columns.size:
            continue
        scaled = (features[:, columns] - centre[columns]) / spread[columns]
        variance, vectors = eigh(scaled.T @ scaled / len(scaled))
        some = variance > 1e-6 * variance[-1]  # features that repeat others add no axis
        turn = np.zeros((centre.size, int(some.sum())))
        turn[columns] = vectors[:, some] / spread[columns, None] / np.sqrt(variance[some])
        turns.append(turn)
        blocks += [len(turns) - 1] * turn.shape[1]
        falls.append(np.log(variance[some] / variance[-1]) / 2)
    if not turns:
        raise BriefError("clicks: no feature differs between the texts; give texts that differ")
    coordinates = (features - centre) @ np.hstack(turns)
    return Axes(centre, np.hstack(turns), coordinates, np.array(blocks), np.concatenate(falls))
