"""Groups of creatives compared at the same mix of channels and campaigns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigc.feedback import rates
from aigc.feedback.rates import WIDE, Floats, Ints
from aigc.feedback.summary import Seen


class Cut(NamedTuple):
    """One way to group the rows."""

    key: Callable[[Seen], str]
    inside: bool = False  # groups are compared inside their campaign, creatives on their channel
    of_creatives: bool = True  # all rows of a creative fall into one group
    model: bool = True  # whether rates with an even mix are worked out


CUTS: dict[str, Cut] = {
    "style": Cut(lambda each: each.creative.style),
    "layout": Cut(lambda each: each.creative.layout),
    "tone": Cut(lambda each: each.creative.tone),
    "channel": Cut(lambda each: each.channel, of_creatives=False),
    "segment": Cut(lambda each: each.row.segment, of_creatives=False),
    "copy": Cut(lambda each: each.creative.copy, inside=True),
    "creative": Cut(lambda each: each.creative.id, inside=True),
    "day": Cut(
        lambda each: each.row.day.isoformat() if each.row.day else "",
        of_creatives=False,
        model=False,
    ),
}


class Cell(NamedTuple):
    """Rows that a model cannot tell apart."""

    creative: str
    campaign: str
    channel: str
    group: str


class Compared(NamedTuple):
    """What the model says of the groups that can be compared."""

    even: Mapping[str, Floats]  # draws of each group's rate at an even mix
    fields: Mapping[str, str]  # groups of one field are rivals; empty where all are
    precision: Callable[[str, str, float], float] | None  # of two groups, see Mixed.uncertainty


def compare(name: str, own: Mapping[str, Sequence[Seen]], compared: Sequence[str]) -> Compared:
    """Fit the logistic model of the table and draw every group's rate at an even mix."""
    cells, shown, clicked = _cells(own)
    kinds: list[tuple[list[str], bool]] = []  # the levels of each kind of column; whether learned
    if name != "channel":
        kinds.append((_levels(cell.channel for cell in cells), False))
    kinds.append((_levels(cell.campaign for cell in cells), True))
    groups = list(own) if name != "creative" else []
    columns = [[cell.channel for cell in cells]] * (name != "channel")
    columns += [[cell.campaign for cell in cells], [cell.group for cell in cells]]
    matrix, learned, starts = design([*kinds, (groups, True)], columns)
    # A creative may do better on one channel, or with some people: there each cell has its own.
    split = not CUTS[name].of_creatives
    owners = [f"{cell.creative}\0{cell.group}" if split else cell.creative for cell in cells]
    units = {owner: i for i, owner in enumerate(dict.fromkeys(owners))}
    unit: Ints = np.array([units[owner] for owner in owners])
    fit = rates.mixed(shown, clicked, matrix, learned, unit)

    at = units if name == "creative" else {key: i for i, key in enumerate(groups)}
    effects = fit.units if name == "creative" else fit.effects[:, starts[-1] :]
    spread = np.zeros(len(fit.spread)) if name == "creative" else fit.spread
    bound = CUTS[name].inside
    campaigns = {key: own[key][0].creative.campaign for key in compared if bound}
    fields = dict(campaigns)
    if name == "creative":
        fields = {key: f"{campaigns[key]}\0{_channel(own[key])}" for key in compared}
    base = matrix[:, : starts[-1]]
    even = {}
    for key in compared:
        among = [
            i for i, cell in enumerate(cells) if campaigns.get(key, cell.campaign) == cell.campaign
        ]
        mix, where = np.unique(base[among], axis=0, return_inverse=True)
        share = np.bincount(where.ravel(), shown[among]) / shown[among].sum()
        odds = fit.level + fit.effects[:, : starts[-1]] @ mix.T + effects[:, [at[key]]]
        even[key] = rates.averaged(odds, spread[:, None]) @ share

    def precision(one: str, other: str, times: float) -> float:
        width = len(units) if name == "creative" else matrix.shape[1]
        first = 0 if name == "creative" else starts[-1]
        contrast = np.zeros(width)
        contrast[first + at[one]], contrast[first + at[other]] = 1, -1
        return fit.uncertainty(contrast, times, of_units=name == "creative")

    return Compared(even, fields, precision)


def _cells(own: Mapping[str, Sequence[Seen]]) -> tuple[list[Cell], Floats, Floats]:
    sums: dict[Cell, list[int]] = defaultdict(lambda: [0, 0])
    for group, rows in own.items():
        for row, creative, channel in rows:
            both = sums[Cell(creative.id, creative.campaign, channel, group)]
            both[0] += row.impressions
            both[1] += row.clicks
    sound = {cell: both for cell, both in sums.items() if 0 < both[0] >= both[1]}
    counts = np.array(list(sound.values()), float).reshape(-1, 2)
    return list(sound), counts[:, 0], counts[:, 1]


def _channel(rows: Iterable[Seen]) -> str:
    """Where most of the rows' impressions are."""
    sizes: dict[str, int] = defaultdict(int)
    for each in rows:
        sizes[each.channel] += each.row.impressions
    return max(sizes, key=lambda each: (sizes[each], each))


def _levels(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def design(
    kinds: Sequence[tuple[Sequence[str], bool]], columns: Sequence[Sequence[str]]
) -> tuple[Floats, Ints, list[int]]:
    """A column of 0 and 1 for each level of each kind; a kind of one level needs none."""
    parts: list[Floats] = []
    learned: list[int] = []
    starts: list[int] = []
    sds = 0
    for (levels, learns), column in zip(kinds, columns, strict=True):
        starts.append(sum(part.shape[1] for part in parts))
        kept = levels if len(levels) > 1 or levels is kinds[-1][0] else []
        parts.append(
            np.array([[float(value == each) for each in kept] for value in column]).reshape(
                len(columns[0]), len(kept)
            )
        )
        learned += [sds if learns else WIDE] * len(kept)
        sds += learns and bool(kept)
    return np.hstack(parts), np.array(learned, int), starts
