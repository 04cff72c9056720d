"""Which touches a conversion is owed to: shares by Markov removal effect, Shapley, and plain rules.

Markov (Anderl et al. 2016): journeys are a chain that moves from touch to touch and ends converted
or not; what a touch is worth is the share of conversions that is lost when every journey that
reaches it ends there. Shapley: what a set of touches earns by itself is the conversions of the
journeys that met no other touch. That game is a sum of one unanimity game a journey, so its value
shares each conversion equally among the journey's distinct touches: exact for any number of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc import events
from aigc.errors import BriefError
from aigc.feedback.hidden import lumped

MODELS = ("markov", "shapley", "last", "first", "linear")
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
LEVEL = 0.95
MOST = 3000  # touches: the chain is a dense matrix of so many rows
SMALL = "(small)"  # touches of too few journeys, together


class Path(NamedTuple):
    """A sequence of touches, and how many journeys took it: converted, or not."""

    touches: tuple[str, ...]
    conversions: int = 0
    others: int = 0
    value: float = 0.0


class Credit(NamedTuple):
    """What one touch is owed by one model: a share of all conversions, with its interval."""

    share: float
    low: float
    high: float
    conversions: float
    value: float


class Touch(NamedTuple):
    """A touch: journeys that met it, those that converted, its removal effect, what it is owed.

    SMALL has no removal effect.
    """

    name: str
    journeys: int
    converted: int
    removal: float | None
    credits: dict[str, Credit]


class _Table(NamedTuple):
    """Distinct paths: counts (d,), and what they are made of as sparse matrices."""

    names: list[str]
    conversions: Counts
    others: Counts
    value: Floats
    shares: dict[str, Any]  # model: (d, n), how a path's conversion is shared; not for markov
    moves: Any  # (d, (n + 1) * n): how often a path moves from start (0) or a touch to a touch
    met: Any  # (d, n): not 0 at each touch of the path


def attribute(
    paths: Iterable[Path], *, least: int = 1, resamples: int = 200, seed: int = 0
) -> list[Touch]:
    """Share the conversions of these paths among their touches, by each of MODELS, largest first.

    Intervals are percentiles over journeys drawn anew; without resamples they are the shares.
    A model's shares sum to 1, or are all 0 where nothing converted. Paths without touches are left
    out. Touches that fewer than `least` journeys met are one row, SMALL, and with them the next
    larger where the total would tell. Raises BriefError for more than MOST touches.
    """
    table = _table(paths)
    if not table.names:
        return []
    counts = table.conversions + table.others
    effects, shares = _shares(table, table.conversions, table.others)
    rows, names = _rows(table, counts @ (table.met > 0), least)
    met = table.met @ rows > 0
    journeys, converted = counts @ met, table.conversions @ met
    value, shares = _valued(table, shares) @ rows, shares @ rows
    drawn = [each @ rows for each in _resampled(table, resamples, seed)] or [shares]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    owed = np.stack([shares, low, high, shares * table.conversions.sum(), value], axis=2)
    found = [
        Touch(
            name,
            int(journeys[i]),
            int(converted[i]),
            None if name == SMALL else float(effects[table.names.index(name)]),
            {model: Credit(*map(float, owed[m, i])) for m, model in enumerate(MODELS)},
        )
        for i, name in enumerate(names)
        if journeys[i] >= least
    ]
    return sorted(found, key=lambda touch: (-touch.credits["markov"].share, touch.name))


def removal_effects(start: Floats, move: Floats, convert: Floats) -> tuple[float, Floats]:
    """Give the chance that a chain converts, and what share of it each touch's removal loses.

    start (n,), move (n, n) and convert (n,) are probabilities; what a row lacks to 1 is lost.
    Journeys that reach k and then convert are exactly those that are lost without k, and
    P(reach k) = visits to k / visits to k from k: one inverse gives the effects of all.
    """
    visits = np.linalg.inv(np.eye(len(start)) - move)
    chance = visits @ convert
    total = float(start @ chance)
    reach = (start @ visits) / np.diag(visits)
    return total, reach * chance / total if total > 0 else np.zeros(len(start))


def _shares(table: _Table, conversions: Counts, others: Counts) -> tuple[Floats, Floats]:
    """Removal effects (n,) and shares (models, n) of these counts of the table's paths."""
    n = len(table.names)
    total = conversions.sum()
    if not total:
        return np.zeros(n), np.zeros((len(MODELS), n))
    ends = table.shares["last"]
    moved = np.asarray((conversions + others) @ table.moves, dtype=float).reshape(n + 1, n)
    left = np.asarray((conversions + others) @ ends, dtype=float)
    start = moved[0] / moved[0].sum()
    out = np.maximum(moved[1:].sum(1) + left, 1)  # a touch may be in no journey drawn
    _, effects = removal_effects(start, moved[1:] / out[:, None], conversions @ ends / out)
    plain = [conversions @ table.shares[model] / total for model in MODELS[1:]]
    return effects, np.array([effects / effects.sum(), *plain])


def _rows(table: _Table, journeys: Floats, least: int) -> tuple[Floats, list[str]]:
    """Which touches are which rows (n, rows), and what the rows are called."""
    small = lumped(dict(zip(table.names, map(int, journeys), strict=True)), least)
    names = [name for name in table.names if name not in small] + [SMALL] * bool(small)
    rows = np.zeros((len(table.names), len(names)))
    for i, name in enumerate(table.names):
        rows[i, names.index(SMALL if name in small else name)] = 1
    return rows, names


def _valued(table: _Table, shares: Floats) -> Floats:
    """What each touch is owed of the value (models, n); markov knows only how much of the whole."""
    plain = [table.value @ table.shares[model] for model in MODELS[1:]]
    return np.array([shares[0] * table.value.sum(), *plain])


def _resampled(table: _Table, resamples: int, seed: int) -> Iterator[Floats]:
    """Shares (models, n) of journeys drawn anew; draws in which nothing converts say nothing."""
    cells = np.concatenate([table.conversions, table.others])
    total = int(cells.sum())
    if not table.conversions.any():
        return
    rng = np.random.default_rng(seed)
    for number in range(resamples):
        events.report("attribute", number + 1, resamples)
        drawn = rng.multinomial(total, cells / total)
        conversions, others = np.split(drawn, 2)
        if conversions.any():
            yield _shares(table, conversions, others)[1]


def _table(paths: Iterable[Path]) -> _Table:
    counts: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for path in paths:
        if path.touches and path.conversions + path.others > 0:
            row = counts[path.touches]
            row[0] += path.conversions
            row[1] += path.others
            row[2] += path.value
    # Order must not matter, not even for the numbers that are drawn.
    rows = sorted(counts)
    names = sorted({touch for row in rows for touch in row})
    if len(names) > MOST:
        raise BriefError(
            f"{len(names)} different touches, {MOST} at most: name them coarser, or --by channel"
        )
    index = {name: i for i, name in enumerate(names)}
    walks = [[index[touch] for touch in row] for row in rows]
    n = len(names)
    met = _matrix(walks, n, set, even=True)
    return _Table(
        names,
        np.array([counts[row][0] for row in rows], dtype=np.int64),
        np.array([counts[row][1] for row in rows], dtype=np.int64),
        np.array([counts[row][2] for row in rows], dtype=float),
        {
            "shapley": met,
            "last": _matrix(walks, n, lambda walk: walk[-1:]),
            "first": _matrix(walks, n, lambda walk: walk[:1]),
            "linear": _matrix(walks, n, list, even=True),
        },
        _matrix(walks, (n + 1) * n, lambda walk: _moves(walk, n)),
        met,
    )


def _moves(walk: Sequence[int], n: int) -> list[int]:
    return [(before + 1) * n + after for before, after in zip([-1, *walk], walk, strict=False)]


def _matrix(
    walks: Sequence[Sequence[int]],
    width: int,
    entries: Callable[[Sequence[int]], Iterable[int]],
    *,
    even: bool = False,
) -> Any:
    """A sparse row a walk (d, width): how often it has each entry, summing to 1 where `even`."""
    from scipy import sparse

    columns: list[int] = []
    data: list[float] = []
    ends = [0]
    for walk in walks:
        own = list(entries(walk))
        columns += own
        data += [1 / len(own) if even else 1] * len(own)
        ends.append(len(columns))
    made = sparse.csr_array((data, columns, ends), shape=(len(walks), width))
    made.sum_duplicates()
    return made
