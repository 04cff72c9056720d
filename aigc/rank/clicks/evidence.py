"""Choose a linear model's prior by the evidence for it, so that nobody has to.

MacKay 1992, "Bayesian interpolation"; with the tests' levels free, as restricted likelihood
(Patterson and Thompson 1971).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize, minimize_scalar

from aigc import events
from aigc.rank.clicks import Floats
from aigc.rank.clicks.within import Answers, Ints, Moments, Within

TAU = (0.01, 1.0)  # log-odds
# Before any evidence: a block of features, and what they all leave, each move log-odds by about
# USUAL; half or double is ordinary. Where tests are many this does not matter.
USUAL, LOOSE = 0.2, 0.7


class Axes(NamedTuple):
    """Features turned so that inside each block they are uncorrelated, with spread 1."""

    centre: Floats  # (d,)
    turn: Floats  # (d, r) (features - centre) @ turn = coordinates
    coordinates: Floats  # (n, r)
    block: Ints  # (r,)
    fall: Floats  # (r,) log spread of the axis among the features, the block's widest at 0


class Prior(NamedTuple):
    """Of each block: `size`, the log spread of what it adds to log-odds in all, and `steep`.

    An axis gets a share by its spread among the features, to the power `steep`: 0 all alike,
    1 all features alike, more: texts' main differences matter, the fine ones hardly.
    """

    size: Floats  # (blocks,)
    steep: Floats  # (blocks,)

    def spreads(self, axes: Axes) -> tuple[Floats, Floats]:
        """Prior spread of every axis (r,), and how its logarithm grows with its block's steep."""
        power = self.steep[axes.block] * axes.fall
        total = np.bincount(axes.block, np.exp(2 * power))
        average = np.bincount(axes.block, np.exp(2 * power) * axes.fall) / total
        logs = self.size[axes.block] + power - np.log(total)[axes.block] / 2
        return np.exp(logs), axes.fall - average[axes.block]


class Chosen(NamedTuple):
    """What the evidence is greatest for, and the clicks linearised there."""

    prior: Prior
    tau: float
    answers: Answers


def maximised(within: Within, axes: Axes) -> Chosen:
    """Choose prior and tau by the evidence, in two rounds, clicks linearised anew."""
    blocks = int(axes.block.max()) + 1
    prior = Prior(np.full(blocks, np.log(USUAL)), np.ones(blocks))
    tau, belief, bounds, rounds = USUAL, None, np.log(TAU), 2
    for done in range(rounds):
        events.report("clicks", done, rounds, "fitting")
        answers = within.answers(belief)
        prior = sized(prior, axes, within.moments(axes.coordinates, answers, tau))
        tau = _remainder(within, answers, axes, prior, bounds)
        bounds = np.log(tau) + np.array([-0.4, 0.4])
        moments = within.moments(axes.coordinates, answers, tau)
        prior = sized(prior, axes, moments)
        spread = prior.spreads(axes)[0]
        weights = solved(moments.gram, moments.pull, spread)
        left = within.weigh(answers.seen - axes.coordinates @ weights, answers.noise, tau)
        belief = answers.seen - answers.noise * left
    events.report("clicks", rounds, rounds, "fitting")
    return Chosen(prior, tau, within.answers(belief))


def solved(gram: Floats, pull: Floats, spread: Floats) -> Floats:
    """The weights' mean (r,) given the moments and their prior spread."""
    factor = cho_factor(spread[:, None] * gram * spread + np.eye(spread.size))
    return np.asarray(spread * cho_solve(factor, spread * pull))


def sized(start: Prior, axes: Axes, moments: Moments) -> Prior:
    """The prior of most evidence at these moments."""

    def at(numbers: Floats) -> tuple[float, Floats]:
        return cost(Prior(*np.split(numbers, 2)), axes, moments)

    half = start.size.size
    bounds = [(np.log(USUAL) - 7, np.log(USUAL) + 3)] * half + [(0.0, 4.0)] * half
    found = minimize(
        at, np.concatenate(start), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-7, "gtol": 1e-2},
    )  # fmt: skip
    return Prior(*np.split(found.x, 2))


def cost(prior: Prior, axes: Axes, moments: Moments) -> tuple[float, Floats]:
    """Minus the log evidence, and its slope by (size, steep)."""
    spread, growth = prior.spreads(axes)
    factor = cho_factor(spread[:, None] * moments.gram * spread + np.eye(spread.size), lower=True)
    rest = cho_solve(factor, np.eye(spread.size))
    weights = rest @ (spread * moments.pull)  # in units of their spread
    value = np.log(np.diag(factor[0])).sum() + (moments.logdet + moments.power) / 2
    value -= float((spread * moments.pull) @ weights) / 2
    by_axis = 1 - np.diag(rest) - weights**2
    slope = [np.bincount(axes.block, by_axis), np.bincount(axes.block, by_axis * growth)]
    away = [(prior.size - np.log(USUAL)) / LOOSE, (prior.steep - 1) / LOOSE]
    value += sum(float(each @ each) for each in away) / 2
    return float(value), np.concatenate([s + a / LOOSE for s, a in zip(slope, away, strict=True)])


def _remainder(within: Within, answers: Answers, axes: Axes, prior: Prior, bounds: Floats) -> float:
    def at(log_tau: float) -> float:
        moments = within.moments(axes.coordinates, answers, float(np.exp(log_tau)))
        usual = ((log_tau - np.log(USUAL)) / LOOSE) ** 2 / 2
        return cost(prior, axes, moments)[0] + float(usual)

    best = minimize_scalar(at, bounds=bounds, method="bounded", options={"xatol": 0.1})
    return float(np.exp(best.x))
