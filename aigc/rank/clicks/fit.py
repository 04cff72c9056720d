"""Learn from randomised tests which features of a text draw clicks, and how sure that is.

Log-odds of a click = the test's level + features · weights + the text's own remainder + chance.
Levels are free and taken out exactly; weights are N(0, scale²), a scale for each block of
features; remainders are N(0, tau²), so that a large test cannot count without limit. Scales and
tau maximise the evidence (MacKay 1992, "Bayesian interpolation"; restricted likelihood,
Patterson and Thompson 1971), clicks enter by their binomial likelihood, linearised (Breslow and
Clayton 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.optimize import minimize, minimize_scalar
from scipy.special import ndtr

from aigc.errors import BriefError
from aigc.rank.clicks import Appeal, Floats
from aigc.rank.clicks.segments import Tastes
from aigc.rank.clicks.within import Answers, Ints, Labels, Moments, Within, codes

KEPT = 256  # directions; what is known along the others is left out: less sure, never surer
TAU = (0.01, 1.0)  # log-odds
# Before any evidence: a block of features, and what they leave, each move log-odds by about this;
# half or double is ordinary. Where tests are many this does not matter.
USUAL, LOOSE = 0.2, 1.0


@dataclass(frozen=True)
class Posterior:
    """What is known of the weights of d features; small, for a file: d·(k+3) numbers, k ≤ KEPT.

    Weights are N(weights, S (I - D diag(known) D') S), with S = diag(scales) and D = directions:
    before any evidence N(0, S²), and along each direction the share `known` of that is gone.
    """

    centre: Floats  # (d,) features of the log's average text
    weights: Floats  # (d,) log-odds per unit of a feature
    scales: Floats  # (d,) the weights' spread before evidence; 0 for a feature that never varied
    directions: Floats  # (d, k) orthonormal columns, those of most evidence first
    known: Floats  # (k,) 0..1
    tau: float  # the spread of texts' own remainders, log-odds
    slope: float = 1.0  # calibration: the mean times this and the covariance times `inflation`
    inflation: float = 1.0  # agree with tests held out
    tastes: Tastes | None = None  # where the log has segments

    def appeal(self, features: ArrayLike, segment: str | None = None) -> Appeal:
        """What texts with these features (n, d) are believed to add to a click's log-odds.

        For a segment, `key=value; key=value`: what all share, plus what its traits say.
        Raises BriefError where the features are not as many as those learned from.
        """
        away = np.atleast_2d(np.asarray(features, float)) - self._like(features)
        spread = away * self.scales
        told = (spread @ self.directions) * np.sqrt(self.known)
        covariance = spread @ spread.T - told @ told.T + self.tau**2 * np.eye(len(away))
        mean = away @ self.weights
        if self.tastes is not None and segment:
            added, unsure = self.tastes.of(segment)
            along = spread @ self.directions[:, : added.size]
            mean, covariance = mean + along @ added, covariance + along @ unsure @ along.T
        return Appeal(self.slope * mean, self.inflation * covariance)

    def _like(self, features: ArrayLike) -> Floats:
        given = np.atleast_2d(np.asarray(features, float)).shape[1]
        if given != self.centre.size:
            raise BriefError(
                f"clicks: {given} features, learned from {self.centre.size}; "
                "learn again, or use the encoder and traits it was learned with"
            )
        return self.centre


def fit(
    features: ArrayLike,
    impressions: ArrayLike,
    clicks: ArrayLike,
    test: Labels,
    *,
    blocks: ArrayLike | None = None,
    segments: Sequence[str] | None = None,
) -> Posterior:
    """Learn the weights of features (n, d) from rows of tests.

    blocks (d,) numbers features that share a prior scale (sentence vector 0, traits 1 ...);
    segments (n,) are traits of those who saw the row, `key=value; key=value`.
    Rows of the same features in one test are one text. Raises BriefError where nothing compares.
    """
    given = np.atleast_2d(np.asarray(features, float))
    if not np.isfinite(given).all():
        raise BriefError("clicks: a feature is not a number; leave that row or column out")
    text = codes([row.tobytes() for row in given])
    within = Within(impressions, clicks, test, text, segments)
    used = given[within.kept]
    centre, spread = used.mean(0), used.std(0)
    moves = spread > 1e-9 * (1 + np.abs(centre))
    units = np.divide(1, spread, out=np.zeros_like(spread), where=moves)
    block = np.zeros(len(centre), np.int64) if blocks is None else codes(np.asarray(blocks))
    scaled = (used - centre)[:, moves] * units[moves]
    sigma, tau, moments = _evidence(within, scaled, block[moves])
    values, vectors = eigh(_whitened(moments.gram, sigma))
    top = np.argsort(-values)[:KEPT]
    weights, scales = np.zeros_like(centre), np.zeros_like(centre)
    directions = np.zeros((centre.size, top.size))
    share = np.maximum(values, 0) / (1 + np.maximum(values, 0))
    weights[moves] = sigma * (vectors @ ((vectors.T @ (sigma * moments.pull)) * (1 - share)))
    weights[moves] *= units[moves]
    scales[moves] = sigma * units[moves]
    directions[moves] = vectors[:, top]
    return Posterior(centre, weights, scales, directions, share[top], tau)


def chances(appeal: Appeal) -> Floats:
    """How likely each text (row) is to draw more clicks than each other (column), (n, n)."""
    variance = np.diag(appeal.covariance)
    apart = variance[:, None] + variance[None] - 2 * appeal.covariance
    gap = appeal.mean[:, None] - appeal.mean[None]
    sure = np.divide(gap, np.sqrt(apart), out=np.zeros_like(gap), where=apart > 1e-12)
    return np.asarray(ndtr(np.where(apart > 1e-12, sure, np.sign(gap) * 38)), float)


def _whitened(gram: Floats, sigma: Floats) -> Floats:
    return np.asarray(sigma[:, None] * gram * sigma)


def _evidence(within: Within, features: Floats, block: Ints) -> tuple[Floats, float, Moments]:
    """Choose the scale of every block and tau by the evidence; two rounds, clicks linearised anew.

    Gives the scale of each feature (d,), tau, and the moments there.
    """
    width = np.bincount(block, minlength=block.max(initial=0) + 1)
    usual = np.log(USUAL / np.sqrt(np.maximum(width, 1)))
    logs, tau, belief = usual, USUAL, None
    for _ in range(2):
        answers = within.answers(belief)
        for _ in range(2):
            moments = within.moments(features, answers, tau)
            logs = minimize(
                _cost, logs, (moments, block, usual), jac=True, method="L-BFGS-B",
                bounds=[(each - 7, each + 4) for each in usual],
            ).x  # fmt: skip

            tau = _remainder(within, features, answers, block, logs, usual)
        moments = within.moments(features, answers, tau)
        sigma = np.exp(logs)[block]
        factor = cho_factor(_whitened(moments.gram, sigma) + np.eye(sigma.size))
        weights = sigma * cho_solve(factor, sigma * moments.pull)
        left = within.weigh(answers.seen - features @ weights, answers.noise, tau)
        belief = answers.seen - answers.noise * left
    return sigma, tau, moments


def _remainder(
    within: Within, features: Floats, answers: Answers, block: Ints, logs: Floats, usual: Floats
) -> float:
    def at(log_tau: float) -> float:
        moments = within.moments(features, answers, np.exp(log_tau))
        return _cost(logs, moments, block, usual)[0] + _unusual(log_tau, np.log(USUAL))

    bounds = np.log(TAU)
    best = minimize_scalar(at, bounds=bounds, method="bounded", options={"xatol": 0.05})
    return float(np.exp(best.x))


def _unusual(log: float | Floats, usual: float | Floats) -> float:
    return float(np.sum((log - usual) ** 2) / (2 * LOOSE**2))


def _cost(logs: Floats, moments: Moments, block: Ints, usual: Floats) -> tuple[float, Floats]:
    """Minus the log evidence of the blocks' log scales, and its slope."""
    sigma = np.exp(logs)[block]
    factor = cho_factor(_whitened(moments.gram, sigma) + np.eye(sigma.size), lower=True)
    rest = cho_solve(factor, np.eye(sigma.size))
    weights = cho_solve(factor, sigma * moments.pull)  # in units of their scale
    cost = np.log(np.diag(factor[0])).sum() + (moments.logdet + moments.power) / 2
    cost -= float((sigma * moments.pull) @ weights) / 2
    slope = np.bincount(block, 1 - np.diag(rest) - weights**2, minlength=logs.size)
    return float(cost) + _unusual(logs, usual), slope + (logs - usual) / LOOSE**2
