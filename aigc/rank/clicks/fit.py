"""Learn from randomised tests which features of a text draw clicks, and how sure that is.

Log-odds of a click = the test's level + features · weights + the text's own remainder + chance.
Levels are free and taken out exactly; weights are normal, with a spread for each block of
features; remainders are N(0, tau²), so that a large test cannot count without limit. Tau and the
spreads maximise the evidence (`evidence.py`), and tests held out correct the spreads; clicks enter
by their binomial likelihood, linearised (Breslow and Clayton 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from aigc.errors import BriefError
from aigc.rank.clicks import Appeal, Floats
from aigc.rank.clicks.evidence import Axes, Chosen, Prior, maximised
from aigc.rank.clicks.folds import Folds, dealt, stories
from aigc.rank.clicks.segments import Tastes, taught
from aigc.rank.clicks.within import Ints, Labels, Within, codes

WIDEST = 256  # axes of a block that are learned along; finer differences are texts' own remainders
KEPT = 256  # axes of all that a posterior keeps; the others are counted to the remainders too
FOLDS = 5  # that choose the prior
# What tests held out may change of the prior of most evidence: the model is never quite true, and
# the evidence then trusts fine differences between texts too much.
SMALLER, STEEPER = (-0.7, -0.35, 0.0, 0.35), (0.0, 0.75, 1.5)


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


class Evidence:
    """Rows of tests, ready to learn from: all at once, or without some folds of them."""

    def __init__(
        self,
        features: ArrayLike,
        impressions: ArrayLike,
        clicks: ArrayLike,
        test: Labels,
        *,
        blocks: ArrayLike | None = None,
        segments: Labels | None = None,
        groups: Labels | None = None,
        folds: int = FOLDS,
    ) -> None:
        given = np.atleast_2d(np.asarray(features, float))
        if not np.isfinite(given).all():
            raise BriefError("clicks: a feature is not a number; leave that row or column out")
        block = np.zeros(given.shape[1], np.int64) if blocks is None else codes(np.asarray(blocks))
        self.text = codes([row.tobytes() for row in given])
        self.within = Within(impressions, clicks, test, self.text, segments)
        self.story = stories(codes(test), self.text, groups)  # (rows given,), as is fold
        kept = self.within.kept
        self.fold = dealt(folds, self.story, kept)
        self.axes = principal(given[kept], block)
        self.chosen: Chosen = maximised(self.within, self.axes)
        self.folds = Folds(self.within, self.axes, self.chosen, self.fold[kept], folds)
        self.segments: list[str] | None = None
        if segments is not None:
            self.segments = [str(segments[row]) for row in np.flatnonzero(kept).tolist()]

    def prior(self, without: tuple[int, ...] = ()) -> Prior:
        """Of priors near that of most evidence, the one that foretells folds held out best."""
        size, steep = self.chosen.prior
        near = [
            Prior(size + less, np.minimum(steep + more, 4.0))
            for less in SMALLER
            for more in STEEPER
        ]
        gains = [self.folds.gain(each.spreads(self.axes)[0], without) for each in near]
        return near[int(np.argmax(gains))] if max(gains) > 0 else self.chosen.prior

    def posterior(self, without: tuple[int, ...] = ()) -> Posterior:
        """What all folds but these say."""
        spread = self.prior(without).spreads(self.axes)[0]
        gram, pull = self.folds.moments(without)
        values, vectors = eigh(spread[:, None] * gram * spread)
        unsure, vectors = 1 / (1 + np.maximum(values[::-1], 0)), vectors[:, ::-1]
        turned = (self.axes.turn * spread) @ vectors
        mean, tastes = unsure * (vectors.T @ (spread * pull)), None
        along = (self.axes.coordinates * spread) @ vectors
        if self.segments is not None and not without:
            _, tau, answers = self.chosen
            if found := taught(self.within, answers, tau, along, self.segments):
                tastes, mean, unsure = found
        return Posterior(
            centre=self.axes.centre,
            weights=turned @ mean,
            axes=turned[:, :KEPT],
            unsure=unsure[:KEPT],
            rest=float(np.mean(along[:, KEPT:] ** 2 @ unsure[KEPT:])),
            tau=self.chosen.tau,
            tastes=tastes,
        )


def fit(
    features: ArrayLike,
    impressions: ArrayLike,
    clicks: ArrayLike,
    test: Labels,
    *,
    blocks: ArrayLike | None = None,
    segments: Labels | None = None,
    groups: Labels | None = None,
) -> Posterior:
    """Learn the weights of features (n, d) from rows of tests.

    blocks (d,) numbers features that share a prior spread (sentence vector 0, traits 1 ...);
    segments (n,) are traits of those who saw the row, `key=value; key=value`; rows of one group
    (n,) are held out together. Rows of the same features are one text.
    Raises BriefError where no test compares texts.
    """
    with threadpool_limits(1):  # the matrices are small: threads would only wait for each other
        return Evidence(
            features, impressions, clicks, test, blocks=blocks, segments=segments, groups=groups
        ).posterior()


def chances(appeal: Appeal) -> Floats:
    """How likely each text (row) is to draw more clicks than each other (column), (n, n)."""
    variance = np.diag(appeal.covariance)
    apart = np.maximum(variance[:, None] + variance[None] - 2 * appeal.covariance, 1e-12)
    return np.asarray(ndtr((appeal.mean[:, None] - appeal.mean[None]) / np.sqrt(apart)), float)


def principal(features: Floats, block: Ints) -> Axes:
    """The principal axes of each block of features (n, d), its features brought to one spread."""
    centre, spread = features.mean(0), features.std(0)
    moves = spread > 1e-9 * (1 + np.abs(centre))
    turns: list[Floats] = []
    blocks: list[int] = []
    falls: list[Floats] = []
    for each in range(int(block.max(initial=-1)) + 1):
        columns = np.flatnonzero(moves & (block == each))
        if not columns.size:
            continue
        scaled = (features[:, columns] - centre[columns]) / spread[columns]
        variance, vectors = eigh(scaled.T @ scaled / len(scaled))
        some = variance > 1e-6 * variance[-1]  # features that repeat others add no axis
        some[:-WIDEST] = False
        turn = np.zeros((centre.size, int(some.sum())))
        turn[columns] = vectors[:, some] / spread[columns, None] / np.sqrt(variance[some])
        blocks += [len(turns)] * turn.shape[1]
        turns.append(turn)
        falls.append(np.log(variance[some] / variance[-1]) / 2)
    if not turns:
        raise BriefError("clicks: no feature differs between the texts; give texts that differ")
    coordinates = (features - centre) @ np.hstack(turns)
    return Axes(centre, np.hstack(turns), coordinates, np.array(blocks), np.concatenate(falls))
