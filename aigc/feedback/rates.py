"""The maths of click rates: rates that lean on each other, and rates with the mix taken out.

Two models. `shrunk` takes groups as they were shown: each rate is drawn from one Beta distribution,
whose mean and strength are learned from all groups of the table and integrated out on a grid (the
beta-binomial hierarchy of Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.3). `mixed` is
a logistic model of cells: what a group adds to the log-odds of a click beside channel and campaign,
with a remainder of each creative's own, so that many impressions of one creative are no proof of
its style. Its variances are integrated out on a grid, each point by Laplace's approximation (Rue,
Martino and Chopin 2009).
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WIDE = -1  # a column of the design whose effect is as good as free
DRAWS = 2000
_FREE = 2.0  # sd of free effects, log-odds: a channel may well click e² times as often
_LIKELY = 0.7  # scale of the half-normal prior of the sds that are learned
_GRID = (0.05, 0.15, 0.4, 1.0)  # the sds that are tried
_NO_REMAINDER = 1e-5
_NODES = ((-(3**0.5), 1 / 6), (0.0, 2 / 3), (3**0.5, 1 / 6))  # Gauss-Hermite, for a normal's mean


class Mixed(NamedTuple):
    """What `mixed` knows: draws of its posterior, and what more impressions would teach."""

    effects: Floats  # (draws, q): of the design's columns, log-odds
    units: Floats  # (draws, u): each unit's own remainder
    spread: Floats  # (draws,): sd of the remainders
    level: float  # the log-odds that all effects are added to
    weights: Floats  # (n,): impressions x variance of a click, at the best fit
    design: Floats
    unit: Ints
    learned: Ints
    sds: Floats  # of each learned kind, and last of the remainders: posterior means

    def uncertainty(self, contrast: Floats, times: float, *, of_units: bool) -> float:
        """Give the sd of a difference of effects after `times` as many impressions, log-odds.

        contrast (q,), or (u,) of units. The effects asked for get a sd of 0.4 beforehand, so that
        little evidence never passes for a proof that there is no difference.
        """
        before = np.where(self.learned == WIDE, _FREE, self.sds[self.learned])
        own = max(float(self.sds[-1]), _NO_REMAINDER)
        if of_units:
            own = 0.4
        else:
            asked = self.learned == self.learned[np.flatnonzero(contrast)[0]]
            before = np.where(asked, 0.4, before)
        part = _curvature(self.design, self.unit, self.weights * times, 1 / before**2, own**-2)
        if not of_units:
            return float(np.sqrt(contrast @ np.linalg.solve(part.fixed, contrast)))
        across = part.cross.T @ (contrast / part.units)
        through = across @ np.linalg.solve(part.fixed, across)
        return float(np.sqrt((contrast**2 / part.units).sum() + through))


class _Curvature(NamedTuple):
    fixed: Floats  # (q, q): Schur complement of the units' diagonal
    cross: Floats  # (u, q)
    units: Floats  # (u,)


class _Mode(NamedTuple):
    effects: Floats
    units: Floats
    curvature: _Curvature
    evidence: float
    weights: Floats


def shrunk(shown: Floats, clicked: Floats, *, draws: int = 4000, seed: int = 0) -> Floats:
    """Draw click rates of groups (draws, n) that lean on each other as far as they are alike."""
    from scipy.special import betaln, expit, logit

    middle = logit((clicked.sum() + 0.5) / (shown.sum() + 1))
    mean = expit(middle + np.linspace(-3, 3, 49))[:, None]
    strength = np.geomspace(1, 1e6, 61)[None, :]
    a, b = mean * strength, (1 - mean) * strength
    # Nearly flat in mean and spread: (a+b)^-5/2 on (a, b), written for log-odds and log strength.
    log = np.log(a) + np.log(b) - 2.5 * np.log(strength)
    for n, y in zip(shown, clicked, strict=True):
        log += betaln(a + y, b + n - y) - betaln(a, b)
    weights = np.exp(log - log.max()).ravel()
    random = np.random.default_rng(seed)
    picked = random.choice(weights.size, draws, p=weights / weights.sum())
    a, b = a.ravel()[picked, None], b.ravel()[picked, None]
    found: Floats = random.beta(a + clicked, b + shown - clicked)
    return found


def mixed(
    shown: Floats,
    clicked: Floats,
    design: Floats,
    learned: Ints,
    unit: Ints | None = None,
    *,
    seed: int = 0,
) -> Mixed:
    """Fit the log-odds of a click in cells: level + design @ effects + remainder of its unit.

    design (n, q); learned (q,): WIDE, or which sd (0, 1, …) is learned for that column; unit (n,):
    0, 1, …, or None where no remainder is wanted.
    """
    level = float(np.log((clicked.sum() + 0.5) / (shown.sum() - clicked.sum() + 0.5)))
    kinds = int(learned.max(initial=WIDE)) + 1
    bare = unit is None
    unit = np.zeros(len(shown), int) if unit is None else unit
    count = int(unit.max(initial=0)) + 1
    points, modes = [], []
    start = np.zeros(design.shape[1]), np.zeros(count)
    for sds in product(*[_GRID] * kinds, (_NO_REMAINDER,) if bare else _GRID):
        before = np.where(learned == WIDE, _FREE, np.array(sds)[learned])
        mode = _mode(shown, clicked, design, unit, level, before, sds[-1], start)
        start = mode.effects, mode.units
        tried = np.array(sds[:kinds] if bare else sds)
        # The grid is even in log sd; the prior is half-normal in sd.
        prior = float((np.log(tried) - 0.5 * (tried / _LIKELY) ** 2).sum())
        points.append(sds)
        modes.append(mode._replace(evidence=mode.evidence + prior))
    log = np.array([mode.evidence for mode in modes])
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    random = np.random.default_rng(seed)
    counts = random.multinomial(DRAWS, weights)
    drawn = [_draw(mode, times, random) for mode, times in zip(modes, counts, strict=True)]
    return Mixed(
        effects=np.concatenate([effects for effects, _ in drawn]),
        units=np.concatenate([units for _, units in drawn]),
        spread=np.repeat([0.0 if bare else point[-1] for point in points], counts),
        level=level,
        weights=modes[int(log.argmax())].weights,
        design=design,
        unit=unit,
        learned=learned,
        sds=weights @ np.array(points),
    )


def averaged(odds: Floats, spread: Floats) -> Floats:
    """The mean rate over creatives whose log-odds scatter by `spread` about `odds`."""
    from scipy.special import expit

    found: Floats = sum(share * expit(odds + node * spread) for node, share in _NODES)
    return found


def interval(draws: Floats) -> tuple[float, float, float]:
    """Mean and central 95 % of draws."""
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(draws.mean()), float(low), float(high)


def _curvature(
    design: Floats, unit: Ints, weights: Floats, precision: Floats, own: float
) -> _Curvature:
    count = int(unit.max(initial=0)) + 1
    weighed = weights[:, None] * design
    units = np.asarray(np.bincount(unit, weights, count) + own, np.float64)
    cross = np.zeros((count, design.shape[1]))
    np.add.at(cross, unit, weighed)
    whole = design.T @ weighed + np.diag(precision)
    return _Curvature(whole - cross.T @ (cross / units[:, None]), cross, units)


def _mode(
    shown: Floats,
    clicked: Floats,
    design: Floats,
    unit: Ints,
    level: float,
    sds: Floats,
    own_sd: float,
    start: tuple[Floats, Floats],
) -> _Mode:
    """Newton's method; the curvature of the units is diagonal, so it costs little."""
    from scipy.special import expit

    precision, own = 1 / sds**2, own_sd**-2

    def height(effects: Floats, units: Floats) -> tuple[float, Floats]:
        odds = level + design @ effects + units[unit]
        fit = clicked @ odds - shown @ np.logaddexp(0, odds)
        return float(fit - 0.5 * (precision @ effects**2 + own * (units @ units))), odds

    effects, units = start
    value, odds = height(effects, units)
    for _ in range(60):
        rate = expit(odds)
        weights = shown * rate * (1 - rate)
        curve = _curvature(design, unit, weights, precision, own)
        left = clicked - shown * rate
        slope = design.T @ left - precision * effects
        pull = np.bincount(unit, left, len(units)) - own * units
        step = np.linalg.solve(curve.fixed, slope - curve.cross.T @ (pull / curve.units))
        moved = (pull - curve.cross @ step) / curve.units
        length = 1.0
        while True:
            tried, at = height(effects + length * step, units + length * moved)
            if tried >= value or length < 1e-4:
                break
            length /= 2
        effects, units, odds = effects + length * step, units + length * moved, at
        if abs(tried - value) < 1e-7:
            break
        value = tried
    rate = expit(odds)
    weights = shown * rate * (1 - rate)
    curve = _curvature(design, unit, weights, precision, own)
    evidence = value + 0.5 * (np.log(precision).sum() + len(units) * np.log(own))
    evidence -= 0.5 * (np.linalg.slogdet(curve.fixed)[1] + np.log(curve.units).sum())
    return _Mode(effects, units, curve, float(evidence), weights)


def _draw(mode: _Mode, count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw effects, then the units given them."""
    root = np.linalg.cholesky(mode.curvature.fixed)
    noise = random.standard_normal((len(mode.effects), count))
    moved = np.linalg.solve(root.T, noise).T
    at = mode.units - moved @ (mode.curvature.cross / mode.curvature.units[:, None]).T
    own = random.standard_normal((count, len(mode.units))) / np.sqrt(mode.curvature.units)
    return mode.effects + moved, at + own
