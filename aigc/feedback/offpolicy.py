"""What another way of choosing would have earned, from the log of the one that chose.

Contexts (a position, a channel, a segment) and actions (creatives) are numbered. The log must say
how likely each action was when it was taken; what was never tried in a context cannot be told.
Replay is Li et al. 2011; IPS, its self-normalised form and the doubly robust estimate are as in
Dudik et al. 2011, with rewards predicted from the other folds (Chernozhukov et al. 2018).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc.errors import BriefError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ESTIMATORS = ("replay", "ips", "snips", "direct", "dr")
LEVEL = 0.95
FOLDS = 5
TINY = 1e-300
PRIOR = 10.0  # clicks that a predicted rate leans on the mean with: rates differ by about a third


class Log(NamedTuple):
    """What was tried: row i's action in its context, the chance that it had, what it earned.

    All (n,). times: how many such rows there were, where a log counts them; 1 each where None.
    """

    contexts: Ints
    actions: Ints
    rewards: Floats
    propensities: Floats
    times: Ints | None = None


class Estimate(NamedTuple):
    """What a policy earns per time, and a 95 % interval by rows drawn anew."""

    value: float
    low: float
    high: float
    error: float  # standard error


class Evaluation(NamedTuple):
    """Estimates by name, and what they rest on."""

    estimates: dict[str, Estimate]
    rows: int
    effective: float  # rows of the policy itself that would tell as much (Kish)
    largest: float  # weight of a row, where the mean is about 1
    mean: float  # of the weights; far from 1, propensities are wrong or not all is covered
    clipped: float  # share of the rows whose weight was cut
    uncovered: float  # share of the policy's choices that were never logged in their context


def evaluate(
    log: Log,
    policy: Floats,
    *,
    predicted: Floats | None = None,
    clip: float | None = None,
    resamples: int = 500,
    seed: int = 0,
) -> Evaluation:
    """Estimate by each of ESTIMATORS what `policy` would have earned where the log was made.

    policy (contexts, actions): chances, each row summing to 1. predicted (contexts, actions):
    rewards by a model that has not seen the log; without it, rates of the log's other folds,
    shrunken. clip: the most that a row may weigh; biased, but surer. Raises BriefError where the
    log or the policy is not possible.
    """
    times = _checked(log, policy)
    rng = np.random.default_rng(seed)
    weights = policy[log.contexts, log.actions] / log.propensities
    largest = float(weights.max())
    most = largest if clip is None else clip
    clipped = float(times @ (weights > most) / times.sum())
    weights = np.minimum(weights, most)
    folds = rng.integers(0, FOLDS, len(times))
    # Replay keeps a row as often as the policy would have done what the log did.
    kept = rng.binomial(times, weights / max(min(most, largest), TINY))
    worked = _Worked(log, policy, weights, folds, predicted)
    total = int(times.sum())
    point = worked.estimates(times, kept)
    drawn = np.array([worked.estimates(*_again(rng, times, kept)) for _ in range(resamples)])
    low, high, error = _interval(drawn, worked.unseen(times, kept), rng, point)
    shown = np.bincount(log.contexts, times, len(policy)) / total
    tried = np.zeros(policy.shape, dtype=bool)
    tried[log.contexts[times > 0], log.actions[times > 0]] = True
    weighed = times @ weights
    return Evaluation(
        {
            name: Estimate(*map(float, (point[i], low[i], high[i], error[i])))
            for i, name in enumerate(ESTIMATORS)
        },
        total,
        float(weighed**2 / (times @ weights**2)),
        largest,
        float(weighed / total),
        clipped,
        float(shown @ (policy * ~tried).sum(1)),
    )


class _Worked(NamedTuple):
    log: Log
    policy: Floats
    weights: Floats
    folds: Ints
    predicted: Floats | None

    def unseen(self, times: Ints, kept: Ints) -> Floats:
        """What one more reward of an average row's weight adds to ESTIMATORS (5,)."""
        weighed = max(float(times @ self.weights), TINY)
        one = float(times @ self.weights**2) / weighed
        total = int(times.sum())
        got = np.abs(self.log.rewards[self.log.rewards != 0])
        added = np.array(
            [1 / max(int(kept.sum()), 1), one / total, one / weighed, one / total, one / total]
        )
        return added * (float(got.mean()) if len(got) else 1.0)

    def estimates(self, times: Ints, kept: Ints) -> Floats:
        """ESTIMATORS (5,) of rows taken `times` each, and by replay `kept` times."""
        log, weights = self.log, self.weights
        total, weighed = int(times.sum()), float(times @ weights)
        earned = times @ (weights * log.rewards)
        expected, guessed = self._model(times)
        direct = times @ expected / total
        return np.array(
            [
                kept @ log.rewards / max(int(kept.sum()), 1),
                earned / total,
                earned / max(weighed, TINY),
                direct,
                direct + times @ (weights * (log.rewards - guessed)) / total,
            ]
        )

    def _model(self, times: Ints) -> tuple[Floats, Floats]:
        """What a model expects of the policy at each row, and of the action logged, both (n,)."""
        log = self.log
        if self.predicted is not None:
            expected = (self.policy * self.predicted).sum(1)[log.contexts]
            return expected, self.predicted[log.contexts, log.actions]
        size = (FOLDS, *self.policy.shape)
        cell = np.ravel_multi_index((self.folds, log.contexts, log.actions), size)
        shown = np.bincount(cell, times, np.prod(size)).reshape(size)
        earned = np.bincount(cell, times * log.rewards, np.prod(size)).reshape(size)
        rates = _rates(shown.sum(0) - shown, earned.sum(0) - earned)
        expected = (self.policy * rates).sum(2)[self.folds, log.contexts]
        return expected, rates[self.folds, log.contexts, log.actions]


def _again(rng: np.random.Generator, times: Ints, kept: Ints) -> tuple[Ints, Ints]:
    """Draw as many rows as there are, and as many as were kept."""
    first, second = (
        rng.multinomial(each.sum(), each / max(int(each.sum()), 1)) for each in (times, kept)
    )
    return first, second


def _interval(
    drawn: Floats, unseen: Floats, rng: np.random.Generator, point: Floats
) -> tuple[Floats, Floats, Floats]:
    """Percentiles (5,) and standard errors of what was drawn.

    Of few rewards the heaviest are often missing, so that a bootstrap stops too low: above, it is
    of the rewards and one more (after Fay and Feuer 1997, for weighted rates).
    """
    if not len(drawn):
        return point, point, np.zeros(len(point))
    tail = (1 - LEVEL) / 2
    more = drawn + unseen * rng.poisson(1, (len(drawn), 1))
    return (
        np.quantile(drawn, tail, axis=0),
        np.quantile(more, 1 - tail, axis=0),
        np.std(drawn, axis=0),
    )


def _rates(shown: Floats, earned: Floats) -> Floats:
    """Shrunken mean rewards (…, contexts, actions): cells lean on their action times their context.

    Actions and contexts lean on the whole.
    """
    mean = earned.sum((-2, -1), keepdims=True) / np.maximum(shown.sum((-2, -1), keepdims=True), 1)
    lean = PRIOR / np.where(mean == 0, 1, np.abs(mean))  # rows that earn PRIOR on average
    action = _leant(shown.sum(-2, keepdims=True), earned.sum(-2, keepdims=True), mean, lean)
    context = _leant(shown.sum(-1, keepdims=True), earned.sum(-1, keepdims=True), mean, lean)
    return _leant(shown, earned, action * context / np.where(mean == 0, 1, mean), lean)


def _leant(shown: Floats, earned: Floats, towards: Floats, lean: Floats) -> Floats:
    return np.asarray((earned + lean * towards) / (shown + lean))


def _checked(log: Log, policy: Floats) -> Ints:
    """Give how often each row is there; raises BriefError where something cannot be."""
    n = len(log.actions)
    times = np.ones(n, dtype=np.int64) if log.times is None else log.times
    if not n or not times.sum():
        raise BriefError("the log holds no rows")
    if policy.min() < 0 or not np.allclose(policy.sum(1), 1, atol=1e-6):
        raise BriefError("a policy's chances lie in 0..1 and sum to 1 in each context")
    contexts, actions = policy.shape
    if log.contexts.max() >= contexts or log.actions.max() >= actions:
        raise BriefError(
            f"the log has more than the policy's {contexts} contexts, {actions} actions"
        )
    if not (np.all(log.propensities > 0) and np.all(log.propensities <= 1)):
        raise BriefError("a propensity is the chance of what was done: above 0, at most 1")
    if not np.all(np.isfinite(log.rewards)):
        raise BriefError("a reward is not a number")
    if not times @ policy[log.contexts, log.actions]:
        raise BriefError("the log never did what the policy does: nothing tells what it earns")
    return times
