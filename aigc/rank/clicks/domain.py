"""How unlike texts are to those of a log: where they are, what it taught counts for little.

The distance is that of a Gaussian with a few principal directions (Tipping and Bishop 1999,
"Probabilistic principal component analysis") in the space of sentence vectors; what is far is read
off the log's own texts when they are held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from aigc.rank.clicks import Floats
from aigc.rank.clicks.log import Ints
from aigc.rank.language import script

DIRECTIONS = 64
FOLDS = 5
FAR = 0.95  # share of the log's own texts, and of its tests, held out, that lie nearer
LEAST = 0.05  # spread along any direction, as a share of the mean variance
RARE = 0.05  # share of a log's texts; a script with fewer was not learned
SCRIPTS = ("en", "other", "zh")


@dataclass(frozen=True)
class Domain:
    """Where the texts of a log lie."""

    centre: Floats  # (d,)
    axes: Floats  # (k, d) orthonormal rows, each divided by its spread
    rest: float  # the spread along all other directions
    middle: float  # distance of the log's median text
    far: float  # distance beyond which a text is unlike
    together: float  # median distance beyond which texts that would share a test are unlike
    scripts: Floats  # (3,) shares of the log's texts, as in SCRIPTS

    def trust(self, texts: Sequence[str], vectors: ArrayLike) -> Floats:
        """How much of what was learned holds for each text, (n,): 1 for one like the log's.

        It falls to 0 as far beyond the border as the border lies beyond the middle.
        """
        apart = self._distance(vectors)
        each = (apart - self.far) / max(self.far - self.middle, 1e-9)
        # What is written for one test is alike: several texts tell surer than one.
        whole = 0.0
        if len(texts) > 1:
            whole = (np.median(apart) - self.together) / max(self.together - self.middle, 1e-9)
        known = {name for name, share in zip(SCRIPTS, self.scripts, strict=True) if share >= RARE}
        read = np.array([script(text) in known for text in texts], bool)
        return np.where(read, np.clip(1 - np.maximum(each, whole), 0, 1), 0.0)

    def _distance(self, vectors: ArrayLike) -> Floats:
        away = np.atleast_2d(np.asarray(vectors, float)) - self.centre
        along = away @ self.axes.T  # in units of the spread
        spread = 1 / np.maximum(np.linalg.norm(self.axes, axis=1), 1e-12)
        left = np.maximum((away**2).sum(1) - ((along * spread) ** 2).sum(1), 0)
        return np.asarray(np.sqrt((along**2).sum(1) + left / self.rest**2))


def learn(texts: Sequence[str], vectors: ArrayLike, tests: Ints, groups: Ints) -> Domain:
    """Where these texts lie; `groups` are held out whole, to learn what is far."""
    points = np.asarray(vectors, float)
    written = [str(script(text)) for text in texts]
    shares = np.array([written.count(name) / len(texts) for name in SCRIPTS])
    known = np.unique(groups, return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(known.max() + 1)[known] % FOLDS
    found = _around(points)
    apart = found._distance(points)
    for number in np.unique(fold):
        if (fold != number).any():
            held = _around(points[fold != number])
            apart[fold == number] = held._distance(points[fold == number])
    medians = [float(np.median(apart[tests == each])) for each in np.unique(tests)]
    return replace(
        found,
        middle=float(np.median(apart)),
        far=float(np.quantile(apart, FAR)),
        together=float(np.quantile(medians, FAR)),
        scripts=shares,
    )


def _around(points: Floats) -> Domain:
    """The Gaussian around points, as yet without its border."""
    count, width = points.shape
    centre = points.mean(0)
    _, sizes, axes = np.linalg.svd(points - centre, full_matrices=False)
    variances = sizes**2 / max(count - 1, 1)
    kept = min(DIRECTIONS, count // 4, width - 1)
    # A direction in which the log hardly varies is no border: new texts need not be as alike.
    least = LEAST * variances.sum() / width + 1e-12
    rest = float(np.sqrt(max(variances[kept:].sum() / (width - kept), least)))
    spread = np.maximum(np.sqrt(variances[:kept]), rest)
    return Domain(centre, axes[:kept] / spread[:, None], rest, 0.0, 1.0, 1.0, np.ones(len(SCRIPTS)))
