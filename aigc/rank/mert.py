"""Minimum error rate training: weights that put the candidates first which score best.

Och 2003, "Minimum Error Rate Training in Statistical Machine Translation": along a direction in
the space of weights every candidate's total is a line, a list's first candidate is their upper
envelope, and the corpus score changes only where an envelope has a corner. So the best step along
a direction is found exactly. Nothing here knows what is ranked: any metric will do whose
statistics add up (aigc/rank/metrics.py).

Ties: totals are compared to nine digits, with the largest weight scaled to one; among equals the
candidate that comes first in its list leads. `decode` and the search obey the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aigc.rank.metrics import Floats, Metric

DIGITS = 9  # to which totals are compared
NARROW = 1e-6  # an interval of steps below this width is passed over: decoding could miss it
GAIN = 1e-9  # below this the score has not risen


class Lists(NamedTuple):
    """N-best lists, filled up to the longest: s sentences, k candidates, d features."""

    features: Floats  # (s, k, d)
    statistics: Floats  # (s, k, m)
    there: NDArray[np.bool_]  # (s, k): False where a list is shorter

    def part(self, which: ArrayLike) -> Lists:
        """Take some of the sentences, by index or mask."""
        return Lists(*(field[np.asarray(which)] for field in self))


class Step(NamedTuple):
    """How far to go along a direction, and the score that is reached there."""

    length: float
    value: float


class Tuned(NamedTuple):
    """What a fit came to: weights (d,), the largest of size one, and the score then and before."""

    weights: Floats
    value: float
    before: float


def lists(features: Sequence[ArrayLike], statistics: Sequence[ArrayLike]) -> Lists:
    """Join lists of any length: for each sentence features (k, d) and statistics (k, m).

    Raises ValueError for no list, an empty one, lists that do not match, or what is no number.
    """
    rows = [np.asarray(each, float) for each in features]
    counts = [np.asarray(each, float) for each in statistics]
    sizes = [len(row) for row in rows]
    if not sizes or not all(sizes) or sizes != [len(row) for row in counts]:
        raise ValueError("each list needs a candidate, and statistics for each of them")
    size = max(sizes)
    there = np.array([np.arange(size) < len(row) for row in rows], bool).reshape(len(rows), size)
    made = Lists(_filled(rows, there), _filled(counts, there), there)
    if not (np.isfinite(made.features).all() and np.isfinite(made.statistics).all()):
        raise ValueError("features and statistics must be finite numbers")
    return made


def totals(features: ArrayLike, weights: ArrayLike) -> Floats:
    """Weighted sums of features (..., d), as they are compared: see the rule on ties above.

    The size of the weights does not matter, only how they stand to each other.
    """
    found: Floats = np.round((np.asarray(features) * _unit(weights)).sum(axis=-1), DIGITS)
    return found


def decode(nbest: Lists, weights: ArrayLike) -> NDArray[np.intp]:
    """The index of the candidate that leads each list, (s,)."""
    ordered = np.where(nbest.there, totals(nbest.features, weights), -np.inf)
    leading: NDArray[np.intp] = ordered.argmax(axis=1)
    return leading


def score(nbest: Lists, weights: ArrayLike, metric: Metric) -> float:
    """The corpus score of what really leads the lists."""
    leading = decode(nbest, weights)
    return float(metric(nbest.statistics[np.arange(len(leading)), leading].sum(axis=0)))


def search(nbest: Lists, weights: Floats, direction: Floats, metric: Metric) -> Step:
    """The best step from `weights` along `direction`, over all steps there are; exact.

    It ends in the middle of its interval; of the two outermost ones, which have no end, as far
    beyond the last corner as that lies from the start, halved, or half a step. Among equally good
    intervals standing still comes first, then the widest.
    """
    return searches(nbest, weights, direction[None], metric)[0]


def searches(nbest: Lists, weights: Floats, directions: Floats, metric: Metric) -> list[Step]:
    """What `search` finds along each of many directions (n, d), all at once."""
    ways, count = len(directions), len(nbest.there)
    intercept = np.tile((nbest.features * weights).sum(axis=-1), (ways, 1))
    slope = np.einsum("skd,nd->nsk", nbest.features, directions).reshape(intercept.shape)
    leading, corners = _envelopes(intercept, slope, np.tile(nbest.there, (ways, 1)))
    order = np.lexsort((corners.step, corners.row // count))
    row, before, after = (field[order] for field in corners[:3])
    step = corners.step[order]
    way, sentence = np.divmod(row, count)
    # Each way has one interval more than corners: the first holds its sum, the others changes.
    bends = np.bincount(way, minlength=ways)
    first = np.cumsum(bends + 1) - (bends + 1)
    sums = np.zeros((len(step) + ways, nbest.statistics.shape[-1]))
    begun = leading.reshape(ways, count)
    sums[first] = nbest.statistics[np.arange(count), begun].sum(axis=1)
    sums[np.arange(len(step)) + way + 1] = (
        nbest.statistics[sentence, after] - nbest.statistics[sentence, before]
    )
    np.cumsum(sums, axis=0, out=sums)
    sums -= np.repeat(np.vstack([0 * sums[:1], sums[first[1:] - 1]]), bends + 1, axis=0)
    values = np.nan_to_num(metric(sums), nan=-np.inf, posinf=-np.inf, neginf=-np.inf)
    return [
        _best(step[start - number : start - number + size], values[start : start + size + 1])
        for number, (start, size) in enumerate(zip(first.tolist(), bends.tolist(), strict=True))
    ]


def _best(at: Floats, values: Floats) -> Step:
    """The best of the intervals between corners (n,), whose scores are `values` (n + 1,)."""
    if not len(at):
        return Step(0.0, float(values[0]))
    edges = np.empty(len(at) + 2)
    edges[1:-1] = at
    edges[0], edges[-1] = at[0] - max(1.0, abs(at[0])), at[-1] + max(1.0, abs(at[-1]))
    widths, middles = edges[1:] - edges[:-1], (edges[1:] + edges[:-1]) / 2
    wide = widths > NARROW * np.maximum(1.0, np.abs(middles))
    values = np.where(wide, values, -np.inf)
    best = values.max()
    tied = np.abs(at).min() <= NARROW  # on a corner the start decodes as neither side does
    if not tied and values[at.searchsorted(0.0)] == best:
        return Step(0.0, float(best))
    found = np.where(values == best, widths, -np.inf).argmax()
    return Step(float(middles[found]), float(best))


def tune(
    nbest: Lists,
    start: ArrayLike,
    metric: Metric,
    *,
    restarts: int = 20,
    directions: int = 8,
    seed: int = 0,
) -> Tuned:
    """Fit weights (d,): never worse than `start`, by what decoding with them really gives.

    From `start` and from `restarts` random points, the best step along the axes and along
    `directions` random ways is taken until none gains. `start` wins ties. Raises ValueError where
    `start` is no such vector.
    """
    random = np.random.default_rng(seed)
    # Ways are drawn where each feature's differences inside a list are of size one.
    spread = nbest.features[nbest.there] - _means(nbest)[nbest.there.nonzero()[0]]
    scale = np.sqrt((spread**2).mean(axis=0))
    scale = 1 / np.where(scale > NARROW, scale, 1.0)
    begun = _unit(start)
    if begun.shape != scale.shape or not np.isfinite(begun).all():
        raise ValueError("a fit starts from as many finite weights as there are features")
    before = score(nbest, begun, metric)
    best = Tuned(begun, before, before)
    for number in range(restarts + 1):
        point = begun if number == 0 else _unit(random.normal(size=len(scale)) * scale)
        value = score(nbest, point, metric)
        while True:
            ways = np.vstack([np.eye(len(scale)), random.normal(size=(directions, len(scale)))])
            ways = np.array([_unit(way) for way in ways * scale])
            steps = searches(nbest, point, ways, metric)
            chosen = max(range(len(ways)), key=lambda way: steps[way].value)
            moved = _unit(point + steps[chosen].length * ways[chosen])
            reached = score(nbest, moved, metric)
            if not reached > value + GAIN:
                break
            point, value = moved, reached
        if value > best.value + GAIN:
            best = Tuned(point, value, before)
    return best


class _Corners(NamedTuple):
    """Where the envelopes bend: from one candidate of a list to another, at a step."""

    row: NDArray[np.intp]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    step: Floats


def _envelopes(
    intercept: Floats, slope: Floats, there: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], _Corners]:
    """The candidate that leads each list at a step of minus infinity, and all corners.

    All lists are walked at once, from corner to corner: what leads next is the line that is met
    first, of those met at once the steepest. Of parallel lines the highest counts, of equal ones
    the first.
    """
    least = np.where(there, slope, np.inf).min(axis=1, keepdims=True)
    leading = np.where(there & (slope == least), intercept, -np.inf).argmax(axis=1)
    first, rows = leading, np.arange(len(leading))
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], Floats]] = []
    while len(rows):
        own_slope = slope[rows, leading][:, None]
        rise = slope[rows] - own_slope
        steeper = there[rows] & (rise > 0)
        drop = intercept[rows, leading][:, None] - np.where(steeper, intercept[rows], 0.0)
        with np.errstate(over="ignore"):
            met = np.where(steeper, drop / np.where(steeper, rise, 1.0), np.inf)
        step = met.min(axis=1)
        following = np.where(met == step[:, None], rise, -np.inf).argmax(axis=1)
        bends = np.isfinite(step)
        rows, step, before = rows[bends], step[bends], leading[bends]
        leading = following[bends]
        found.append((rows, before, leading, step))
    columns = zip(*found, strict=True) if found else ([], [], [], [])
    row, before, after, step = (np.concatenate(list(each) or [[]]) for each in columns)
    return first, _Corners(row.astype(int), before.astype(int), after.astype(int), step)


def _unit(weights: ArrayLike) -> Floats:
    """Scale weights so that the largest is of size one."""
    plain = np.asarray(weights, float)
    size = np.abs(plain).max(initial=0.0)
    return plain / size if size > 0 else plain


def _means(nbest: Lists) -> Floats:
    counts = nbest.there.sum(axis=1)[:, None]
    means: Floats = np.where(nbest.there[..., None], nbest.features, 0).sum(axis=1) / counts
    return means


def _filled(rows: Sequence[Floats], there: NDArray[np.bool_]) -> Floats:
    made = np.zeros((*there.shape, rows[0].shape[1]))
    for number, row in enumerate(rows):
        made[number, : len(row)] = row
    return made
