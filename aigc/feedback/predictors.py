"""Which parts of the score went with clicks, channel and campaign taken into account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from aigc.feedback import rates
from aigc.feedback.compare import Cell, design
from aigc.feedback.rates import WIDE, Floats
from aigc.feedback.summary import Estimate, Predictor, Seen

ENOUGH = 8  # copies that were shown
_SAME = 5e-3  # sd of a part's values that is no difference


def predictors(seen: Sequence[Seen]) -> list[Predictor]:
    """Say for each part of the score whether copies that have more of it are clicked more.

    A logistic model for each part by itself: effects of channels, of campaigns (whose scatter is
    learned, so that copies of one campaign are compared, and campaigns as far as they are alike),
    the slope, which shrinks towards none, and a remainder of each copy.
    """
    sums: dict[Cell, list[int]] = defaultdict(lambda: [0, 0])
    values: dict[str, Mapping[str, float]] = {}
    for row, creative, channel in seen:
        if creative.parts:
            both = sums[Cell(creative.copy, creative.campaign, channel, "")]
            both[0] += row.impressions
            both[1] += row.clicks
            values[creative.copy] = dict(creative.parts)
    cells = {cell: both for cell, both in sums.items() if 0 < both[0] >= both[1]}
    names = dict.fromkeys(part for own in values.values() for part in own)
    found = [_predictor(part, cells, values) for part in names]
    return sorted(found, key=lambda each: (not each.sure, each.ratio is None, -_strength(each)))


def _predictor(
    part: str, sums: Mapping[Cell, Sequence[int]], values: Mapping[str, Mapping[str, float]]
) -> Predictor:
    cells = [cell for cell in sums if part in values[cell.creative]]
    copies = {copy: i for i, copy in enumerate(dict.fromkeys(cell.creative for cell in cells))}
    if len(copies) < ENOUGH:
        says = f"not enough yet: {len(copies)} of at least {ENOUGH} copies were shown."
        return Predictor(part=part, says=f"{part}: {says}")
    own = np.array([values[copy][part] for copy in copies])
    step = float(own.std())
    if step < _SAME:
        return Predictor(part=part, says=f"{part}: all copies that were shown score alike.")
    unit = np.array([copies[cell.creative] for cell in cells])
    slope = ((own - own.mean()) / step)[unit, None]
    columns = [[cell.channel for cell in cells], [cell.campaign for cell in cells]]
    kinds = [(list(dict.fromkeys(columns[0])), False), (list(dict.fromkeys(columns[1])), True)]
    base, learned, _ = design([*kinds, ([], True)], [*columns, []])
    counts = np.array([sums[cell] for cell in cells], float)
    fit = rates.mixed(
        counts[:, 0],
        counts[:, 1],
        np.hstack([base, slope]),
        np.append(learned, learned.max(initial=WIDE) + 1),
        unit,
    )
    return _told(part, fit.effects[:, -1], step)


def _told(part: str, slopes: Floats, step: float) -> Predictor:
    low, middle, high = np.exp(np.quantile(slopes, (0.025, 0.5, 0.975)))
    ratio = Estimate(value=float(middle), low=float(low), high=float(high))
    sure = bool(low > 1 or high < 1)
    numbers = f"×{middle:.2f} for {step:.2f} more (95 %: ×{low:.2f} to ×{high:.2f})"
    if sure:
        word = "more" if middle > 1 else "less"
        says = f"{part}: copies that scored higher were clicked {word}, {numbers}."
    else:
        says = f"{part}: nothing sure, {numbers}."
    return Predictor(part=part, ratio=ratio, step=step, sure=sure, says=says)


def _strength(row: Predictor) -> float:
    """How far from nothing, in widths of the interval."""
    if row.ratio is None:
        return 0.0
    middle, low, high = np.log([row.ratio.value, row.ratio.low, row.ratio.high])
    return float(abs(middle) / max(high - low, 1e-9))
