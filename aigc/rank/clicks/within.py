"""What clicks say inside each test, with what the test's texts have in common taken out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import splu
from scipy.special import expit, logit

from aigc.errors import BriefError
from aigc.rank.clicks import Floats

Ints = NDArray[np.int64]
Labels = Sequence[object] | NDArray[Any]
_PART = 128  # columns weighed at once


class Answers(NamedTuple):
    """Log-odds as measured: `seen` (n,), and the variance of its sampling noise (n,)."""

    seen: Floats
    noise: Floats


class Moments(NamedTuple):
    """What a linear model needs: X'WX, X'Wy, y'Wy and log|V| + log|J'V⁻¹J| of the errors."""

    gram: Floats
    pull: Floats
    power: float
    logdet: float


class Within:
    """Rows that were compared: of one test and one audience, clicked by some and not by all.

    `kept` says which of the rows given these are; all other arrays have only these rows.
    """

    def __init__(
        self,
        impressions: ArrayLike,
        clicks: ArrayLike,
        test: Labels,
        text: Labels,
        audience: Labels | None = None,
    ) -> None:
        shown, clicked = np.asarray(impressions, float), np.asarray(clicks, float)
        tests, texts = codes(test), codes(text)
        cells = tests if audience is None else paired(tests, codes(audience))
        if not shown.shape == clicked.shape == tests.shape == texts.shape == cells.shape:
            raise BriefError(
                f"clicks: {shown.size} impressions, {clicked.size} clicks, {tests.size} tests; "
                "give one of each a row"
            )
        wrong = ~(np.isfinite(shown) & (clicked >= 0) & (clicked <= shown))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise BriefError(
                f"clicks: row {row} has {clicked[row]:g} clicks of {shown[row]:g} impressions; "
                "clicks lie between 0 and impressions"
            )
        # A cell where nobody or everybody clicked, or with one text, says nothing of differences.
        some, whole = np.bincount(cells, clicked), np.bincount(cells, shown)
        first = np.unique(paired(cells, texts), return_index=True)[1]
        several = np.bincount(cells[first[shown[first] > 0]], minlength=whole.size) > 1
        self.kept = ((some > 0) & (some < whole) & several)[cells] & (shown > 0)
        if not self.kept.any():
            raise BriefError(
                f"clicks: none of {np.unique(tests).size} tests compares two texts of which one "
                "was clicked; give a log with at least one such test"
            )
        self.shown, self.clicked = shown[self.kept], clicked[self.kept]
        self._cell = _members(cells[self.kept])
        self._text = _members(texts[self.kept])

    def answers(self, belief: Floats | None = None) -> Answers:
        """Log-odds linearised where the model believes them to be (n,), at first a cell's rate.

        The noise then does not depend on a row's own luck, as it does in log((c+½)/(n-c+½)).
        """
        if belief is None:
            rate = (self._cell.T @ self.clicked) / (self._cell.T @ self.shown)
            belief = self._cell @ logit(rate)
        # Never linearised where the row's own clicks say it is not: Newton's step would overshoot.
        others = self.shown - self.clicked
        own = np.log((self.clicked + 0.5) / (others + 0.5))
        doubt = 2 * np.sqrt(1 / (self.clicked + 0.5) + 1 / (others + 0.5))
        chance = expit(where := np.clip(belief, own - doubt, own + doubt))
        noise = 1 / (self.shown * chance * (1 - chance))
        return Answers(where + (self.clicked - self.shown * chance) * noise, noise)

    def weigh(self, columns: Floats, noise: Floats, tau: float) -> Floats:
        """W @ columns (n, d): the errors' precision, each cell's level taken out exactly."""
        return self._weigher(noise, tau)[0](columns)

    def moments(self, features: Floats, answers: Answers, tau: float) -> Moments:
        weigh, logdet = self._weigher(answers.noise, tau)
        seen, gram = weigh(answers.seen), np.empty((features.shape[1],) * 2)
        for start in range(0, len(gram), _PART):  # a log of many segments is wide and long
            part = slice(start, start + _PART)
            gram[:, part] = features.T @ weigh(features[:, part])
        return Moments(gram, features.T @ seen, float(answers.seen @ seen), logdet)

    def _weigher(self, noise: Floats, tau: float) -> tuple[Callable[[Floats], Floats], float]:
        # V = diag(noise) + tau² ZZ', Z the texts, which may recur in other tests; its inverse by
        # Woodbury is sparse.
        precision = 1 / noise
        sure = self._text.T @ precision
        share = tau**2 / (1 + tau**2 * sure)
        told = csr_array(self._text * precision[:, None])
        inverse = csr_array(diags_array(precision) - told @ (told * share).T)
        across = csr_array(inverse @ self._cell)
        between = csc_array(self._cell.T @ across)
        solver = splu(between, diag_pivot_thresh=0.0, options={"SymmetricMode": True})

        def weigh(columns: Floats) -> Floats:
            levels = solver.solve(np.asarray(across.T @ columns))
            return np.asarray(inverse @ columns - across @ levels, float)

        logdet = np.log(noise).sum() + np.log1p(tau**2 * sure).sum()
        logdet += np.log(np.abs(solver.U.diagonal())).sum()
        return weigh, float(logdet)


def codes(labels: Labels) -> Ints:
    """Number labels from 0 in order of their first row."""
    seen: dict[object, int] = {}
    rows = labels.tolist() if isinstance(labels, np.ndarray) else labels
    return np.array([seen.setdefault(each, len(seen)) for each in rows], np.int64)


def paired(left: Ints, right: Ints) -> Ints:
    """Number each pair of two labels."""
    return codes(left * (right.max(initial=0) + 1) + right)


def _members(label: Ints) -> csr_array:
    """Rows by labels, one 1 in each row."""
    number = codes(label)
    return csr_array((np.ones(number.size), (np.arange(number.size), number)))
