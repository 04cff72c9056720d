"""Which of two headlines drew more clicks: share of pairs whose winner a scorer puts higher.

The folder of `--train` holds randomised tests: a CSV with test_id, headline, impressions, clicks
(image_id too, if there), and one of decided pairs: test_id, headline_a, headline_b, winner (a or
b). Without `--test` those pairs are foretold by ten-fold cross-validation; what shares a test, a
headline or a picture is never split. With it the scorers learn from the whole folder, but for what
the tested pairs share with it, and foretell the pairs of that file too. Intervals are of 95 %, by
bootstrap over stories.

Beside ours, as `aigc learn copy` learns it, from the same rows in the same run: a coin, the longer
headline, ridge regression over TF-IDF, and a plain logistic regression over MiniLM sentence vectors
and eleven surface features (differences inside a test, |z| >= 1, C = 0.03).
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _report import emit, machine, parser, versions
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from aigc._engines import encoder, phrasing
from aigc.errors import BriefError
from aigc.rank.clicks import learned, log

FOLDS = 10
ROUNDS = 2000  # of the bootstrap
Floats = NDArray[np.float64]
Scorer = Callable[[Sequence[str]], Floats]
_SURFACE = (
    r"\?",
    r"!",
    r"\d",
    r"[\"“]",
    r"\b(you|your)\b",
    r"\b(she|her)\b",
    r"\b(he|his)\b",
    r"\b(this|here|that)\b",
    r"\b(why|how|what)\b",
)


class Arm(NamedTuple):
    """A headline in a test."""

    test: str
    text: str
    image: str
    impressions: int
    clicks: int


class Pair(NamedTuple):
    """Two headlines of a test, and whether the first drew more clicks."""

    test: str
    first: str
    second: str
    image: str
    won: bool


def main() -> None:
    """Learn, foretell, and report."""
    arguments = parser(__doc__)
    arguments.add_argument("--train", type=Path, required=True, metavar="FOLDER")
    arguments.add_argument("--test", type=Path, metavar="PAIRS.csv")
    arguments.add_argument("--folds", type=int, default=FOLDS)
    chosen = arguments.parse_args()
    arms, pairs = _folder(chosen.train)
    tested = _pairs(chosen.test) if chosen.test else []
    story = _stories([*arms, *pairs, *tested])
    ours = story[: len(arms)]
    of_pairs, of_tested = np.split(story[len(arms) :], [len(pairs)])
    print(f"{len(arms)} rows, {len(pairs)} pairs, {len(tested)} to test", file=sys.stderr)
    began = time.perf_counter()
    phrasing.encode([arm.text for arm in arms])
    encoding = time.perf_counter() - began

    fold = _dealt(story, chosen.folds)
    held, seconds = _scored(arms, pairs, fold[: len(arms)], fold[len(arms) :][: len(pairs)])
    result: dict[str, Any] = {
        "cross_validated": _measured(held, pairs, of_pairs),
        "folds": chosen.folds,
        "seconds": {"encoding": round(encoding, 1)} | seconds,
        "machine": machine(),
        "versions": versions("numpy", "scikit-learn", "torch", "transformers"),
    }
    table = ["ten-fold cross-validation" if chosen.folds == FOLDS else f"{chosen.folds} folds"]
    table += _table(result["cross_validated"])
    result["scorers"] = result["cross_validated"]
    if tested:
        shared = np.isin(ours, of_tested)
        fresh, _ = _scored(arms, tested, shared.astype(int), np.ones(len(tested), int))
        result["scorers"] = result["tested"] = _measured(fresh, tested, of_tested)
        result["left_out"] = int(shared.sum())
        table += [f"{chosen.test.name}, {result['left_out']} rows left out of learning for it"]
        table += _table(result["tested"])
    result |= result["scorers"]
    emit(chosen.json, result, table)


def _folder(folder: Path) -> tuple[list[Arm], list[Pair]]:
    arms: list[Arm] = []
    pairs: list[Pair] = []
    for path in sorted(folder.glob("*.csv")):
        columns = set(_rows(path)[0]) if _rows(path) else set()
        if {"headline_a", "headline_b", "winner"} <= columns:
            pairs += _pairs(path)
        elif {"test_id", "headline", "impressions", "clicks"} <= columns:
            arms += [
                Arm(
                    row["test_id"],
                    row["headline"],
                    row.get("image_id", ""),
                    int(row["impressions"]),
                    int(row["clicks"]),
                )
                for row in _rows(path)
                if row["headline"].strip()
            ]
    if not arms or not pairs:
        raise SystemExit(f"'{folder}' holds no CSV of tests, or none of pairs; see --help")
    return arms, pairs


def _pairs(path: Path) -> list[Pair]:
    return [
        Pair(
            row["test_id"],
            row["headline_a"],
            row["headline_b"],
            row.get("image_id", ""),
            row["winner"] == "a",
        )
        for row in _rows(path)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _stories(rows: Sequence[Arm | Pair]) -> NDArray[np.int64]:
    """Number rows by what hangs together: tests that share a headline or a picture."""
    names: dict[tuple[str, str], int] = {}
    links: list[tuple[int, int]] = []
    for place, row in enumerate(rows):
        texts = (row.text,) if isinstance(row, Arm) else (row.first, row.second)
        keys = [("test", row.test), *(("text", text.casefold()) for text in texts)]
        keys += [("image", row.image)] if row.image else []
        links += [(place, names.setdefault(key, len(names))) for key in keys]
    left, right = np.array(links).T
    size = len(rows) + len(names)
    joined = coo_array((np.ones(len(left)), (left, len(rows) + right)), (size, size))
    found: NDArray[np.int64] = connected_components(joined, directed=False)[1][: len(rows)]
    return found


def _dealt(story: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """The fold of every row, whole stories dealt by chance."""
    fold = np.random.default_rng(0).permutation(int(story.max()) + 1) % folds
    return np.asarray(fold[story])


def _scored(
    arms: Sequence[Arm],
    pairs: Sequence[Pair],
    fold: NDArray[np.int64],
    pair_fold: NDArray[np.int64],
) -> tuple[dict[str, Floats], dict[str, float]]:
    """How far each scorer puts the first of each pair ahead, learned from the other folds."""
    ahead = {name: np.zeros(len(pairs)) for name in _SCORERS}
    seconds = dict.fromkeys(_SCORERS, 0.0)
    for each in np.unique(pair_fold):
        asked = np.flatnonzero(pair_fold == each).tolist()
        known = [arms[i] for i in np.flatnonzero(fold != each).tolist()]
        both = [pairs[i].first for i in asked] + [pairs[i].second for i in asked]
        for name, learn in _SCORERS.items():
            began = time.perf_counter()
            score = learn(known)(both)
            ahead[name][asked] = score[: len(asked)] - score[len(asked) :]
            seconds[name] += time.perf_counter() - began
        print(f"fold {each + 1}", file=sys.stderr)
    return ahead, {name: round(value, 1) for name, value in seconds.items()}


def _measured(
    ahead: dict[str, Floats], pairs: Sequence[Pair], story: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """Accuracy and its interval; a tie is half right."""
    won = np.array([pair.won for pair in pairs])
    number = np.unique(story, return_inverse=True)[1]
    drawn = np.random.default_rng(0).integers(0, number.max() + 1, (ROUNDS, number.max() + 1))
    count = np.bincount(number)
    found = {}
    for name, each in ahead.items():
        right = np.where(each == 0, 0.5, (each > 0) == won)
        hits = np.bincount(number, right)
        low, high = np.quantile(hits[drawn].sum(1) / count[drawn].sum(1), [0.025, 0.975])
        values = {"accuracy": right.mean(), "low": low, "high": high}
        found[name] = {key: round(float(value), 4) for key, value in values.items()}
        found[name]["pairs"] = len(pairs)
    return found


def _table(measured: dict[str, dict[str, float]]) -> list[str]:
    return [
        f"  {name:<10} {row['accuracy']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]"
        f"  of {row['pairs']:.0f} pairs"
        for name, row in measured.items()
    ]


def _coin(_: Sequence[Arm]) -> Scorer:
    return lambda texts: np.zeros(len(texts))


def _longer(_: Sequence[Arm]) -> Scorer:
    return lambda texts: np.array([float(len(text)) for text in texts])


def _tfidf(arms: Sequence[Arm]) -> Scorer:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    matrix = words.fit_transform([arm.text for arm in arms])
    ridge = Ridge(alpha=10.0).fit(matrix, _beside(arms))
    return lambda texts: np.asarray(ridge.predict(words.transform(texts)), float)


def _beside(arms: Sequence[Arm]) -> Floats:
    """Each row's log-odds of a click, less the mean of its test."""
    own = np.array([np.log((a.clicks + 0.5) / (a.impressions - a.clicks + 0.5)) for a in arms])
    test = np.unique([arm.test for arm in arms], return_inverse=True)[1]
    return np.asarray(own - (np.bincount(test, own) / np.bincount(test))[test])


def _plain(arms: Sequence[Arm]) -> Scorer:
    from sklearn.linear_model import LogisticRegression

    features = _plain_features([arm.text for arm in arms])
    tests: dict[str, list[int]] = {}
    for place, arm in enumerate(arms):
        tests.setdefault(arm.test, []).append(place)
    apart, won = [], []
    for places in tests.values():
        for i, one in enumerate(places):
            for other in places[i + 1 :]:
                z = _z(arms[one], arms[other])
                if abs(z) >= 1 and arms[one].text != arms[other].text:
                    apart += [features[one] - features[other], features[other] - features[one]]
                    won += [z > 0, z < 0]
    model = LogisticRegression(C=0.03, fit_intercept=False, max_iter=1000).fit(apart, won)
    return lambda texts: np.asarray(_plain_features(texts) @ model.coef_[0])


def _z(one: Arm, other: Arm) -> float:
    rate = (one.clicks + other.clicks) / max(one.impressions + other.impressions, 1)
    noise = rate * (1 - rate) * (1 / max(one.impressions, 1) + 1 / max(other.impressions, 1))
    gap = one.clicks / max(one.impressions, 1) - other.clicks / max(other.impressions, 1)
    return float(gap / np.sqrt(noise)) if noise > 0 else 0.0


_vectors: dict[str, Floats] = {}


def _plain_features(texts: Sequence[str]) -> Floats:
    """MiniLM's vectors of unit length, times four, beside eleven surface features."""
    new = [text for text in dict.fromkeys(texts) if text not in _vectors]
    _vectors.update(zip(new, encoder.encode(new).astype(float), strict=True))
    surface = [
        [len(text) / 100, len(text.split()) / 20]
        + [float(bool(re.search(mark, text.lower()))) for mark in _SURFACE]
        for text in texts
    ]
    return np.hstack([4 * np.array([_vectors[text] for text in texts]), np.array(surface)])


def _ours(arms: Sequence[Arm]) -> Scorer:
    rows = [(a.test, "", a.text, a.impressions, a.clicks) for a in arms]
    model = learned.learn(log.of(rows))
    return lambda texts: model.appeal(texts).mean


_SCORERS: dict[str, Callable[[Sequence[Arm]], Scorer]] = {
    "chance": _coin,
    "longer": _longer,
    "tfidf": _tfidf,
    "minilm": _plain,
    "ours": _ours,
}


if __name__ == "__main__":
    try:
        main()
    except BriefError as error:
        raise SystemExit(str(error)) from error
