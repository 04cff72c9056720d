"""Hold tests out: what each fold of them adds to the moments, so that any can be left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from aigc.rank.clicks import Floats
from aigc.rank.clicks.evidence import Axes, Chosen, solved
from aigc.rank.clicks.within import Ints, Labels, Within, codes


class Folds:
    """The moments of each fold, at the tau and linearisation chosen for all."""

    def __init__(self, within: Within, axes: Axes, chosen: Chosen, fold: Ints, folds: int) -> None:
        seen, noise = chosen.answers
        weighed = within.weigh(axes.coordinates, noise, chosen.tau)
        pulled = within.weigh(seen, noise, chosen.tau)
        rows = [np.flatnonzero(fold == each) for each in range(folds)]
        # No text, test or group is in two folds, so that no error hangs together over them.
        self.grams = [axes.coordinates[each].T @ weighed[each] for each in rows]
        self.pulls = [axes.coordinates[each].T @ pulled[each] for each in rows]
        self._total = (sum(self.grams), sum(self.pulls))

    def moments(self, without: tuple[int, ...]) -> tuple[Floats, Floats]:
        """X'WX and X'Wy of all folds but these."""
        gram, pull = self._total
        for each in without:
            gram, pull = gram - self.grams[each], pull - self.pulls[each]
        return np.asarray(gram), np.asarray(pull)

    def gain(self, spread: Floats, without: tuple[int, ...] = ()) -> float:
        """How much likelier a fold's clicks are by the weights of the others, log, all folds."""
        total = 0.0
        for each, (gram, pull) in enumerate(zip(self.grams, self.pulls, strict=True)):
            if each not in without:
                weights = solved(*self.moments((*without, each)), spread)
                total += float(pull @ weights - weights @ gram @ weights / 2)
        return total


def stories(test: Ints, text: Ints, groups: Labels | None = None) -> Ints:
    """Number rows (n,) by what hangs together: tests that share a text or a group."""
    group = test if groups is None else codes(groups)
    tests, texts = int(test.max()) + 1, int(text.max()) + 1
    left = np.concatenate([test, test])
    right = np.concatenate([tests + text, tests + texts + group])
    size = tests + texts + int(group.max()) + 1
    joined = coo_array((np.ones(left.size), (left, right)), (size, size))
    return codes(connected_components(joined, directed=False)[1][test])


def dealt(folds: int, story: Ints, kept: NDArray[np.bool_]) -> Ints:
    """The fold of every row (n,): whole stories, those of most kept rows dealt first."""
    counts = np.bincount(story, kept)
    fold = np.zeros(counts.size, np.int64)
    fold[np.argsort(-counts, kind="stable")] = np.arange(counts.size) % folds
    return np.asarray(fold[story])
