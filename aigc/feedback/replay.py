"""What another division of impressions would have earned, from the logs of how they were divided.

Platforms do not log how likely a creative was to be shown. Within one channel, audience and day
its share of the impressions stands for that: true where delivery was at random there, and wrong
where the platform chose whom to show which.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field

from aigc import tables
from aigc.campaign import Unit, Value
from aigc.errors import BriefError
from aigc.feedback import Performance, offpolicy
from aigc.feedback.offpolicy import Floats, Log
from aigc.tables import Wanted

GIVEN = {
    "channel": Wanted(("channel",), False),
    "creative": Wanted(("creative", "creative id")),
    "give": Wanted(("give", "share", "impressions")),
}
Shares = Mapping[str, Mapping[str, float]]  # channel → creative → how much of it


class Replayed(Value):
    """What a channel got, and what it would have got by another division."""

    channel: str
    impressions: int = Field(description="Of audiences and days in which the division can be told")
    clicks: int
    rate: float = Field(description="Click rate as it was")
    would: float = Field(description="Click rate by the other division")
    low: float = Field(description="... and where it lies with 95 % confidence")
    high: float
    effective: float = Field(description="Impressions by the other division that tell as much")
    uncovered: Unit = Field(description="Share of the division that was not shown then and there")


def replay(
    rows: Sequence[Performance],
    shares: Shares,
    *,
    least: int = 50,
    resamples: int = 500,
    seed: int = 0,
) -> list[Replayed]:
    """Say what each channel would have earned if its impressions had been divided as `shares` are.

    What was not shown to an audience on a day is given to the rest in proportion. Channels of fewer
    than `least` impressions are left out.
    """
    found = []
    places = Counter(creative for share in shares.values() for creative in share)
    for channel, share in shares.items():
        # A poster is of its one channel, whatever the platform calls that.
        own = [
            row
            for row in rows
            if (row.creative in share if places[row.creative] == 1 else row.channel == channel)
        ]
        counted = _counted(own, share)
        if counted is None or counted.shown < least:
            continue
        told = offpolicy.evaluate(counted.log, counted.policy, resamples=resamples, seed=seed)
        would = told.estimates["snips"]
        found.append(
            Replayed(
                channel=channel,
                impressions=counted.shown,
                clicks=counted.clicks,
                rate=counted.clicks / counted.shown,
                would=would.value,
                low=would.low,
                high=would.high,
                effective=told.effective,
                uncovered=counted.uncovered,
            )
        )
    return found


def given(table: str | Path) -> dict[str, dict[str, float]]:
    """Read shares from a table of channel, creative and give (or share), as of `aigc next --csv`.

    Raises BriefError where it has no such columns, a row is wrong, or a channel gets nothing.
    """
    column = tables.mapped(tables.columns(table), GIVEN, {}, str(table))
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in tables.rows(table):
        cells = {field: str(row.values.get(name, "")) for field, name in column.items()}
        try:
            share = float(cells["give"])
        except ValueError:
            share = math.nan
        if row.wrong or not 0 <= share < math.inf:
            raise BriefError(f"{table}:{row.line}: {row.wrong or 'give is not 0 or more'}")
        found[cells.get("channel", "")][cells["creative"]] += share
    for channel, own in found.items():
        total = sum(own.values())
        if not total:
            raise BriefError(f"{table}: nothing is given to channel '{channel}'")
        for creative in own:
            own[creative] /= total
    return {channel: dict(own) for channel, own in found.items()}


class _Counted(NamedTuple):
    log: Log
    policy: Floats
    shown: int
    clicks: int
    uncovered: float


def _counted(rows: Sequence[Performance], share: Mapping[str, float]) -> _Counted | None:
    """A channel's log: a context an audience on a day, a row what was clicked, one what was not."""
    index = {creative: i for i, creative in enumerate(sorted({row.creative for row in rows}))}
    wanted = np.array([share.get(creative, 0.0) for creative in index])
    days: dict[tuple[str, str, date | None], list[Performance]] = defaultdict(list)
    for row in rows:
        if row.impressions:
            days[row.channel, row.segment, row.day].append(row)
    policy: list[Floats] = []
    lines: list[tuple[float, ...]] = []
    missing = 0.0
    for own in days.values():
        there = np.zeros(len(index))
        there[[index[row.creative] for row in own]] = 1
        total = sum(row.impressions for row in own)
        covered = float(wanted @ there)
        missing += total * (1 - covered)
        if not covered:
            continue
        for row in own:
            clicks = min(row.clicks, row.impressions)
            chance = row.impressions / total
            at = len(policy), index[row.creative]
            lines += [(*at, 1.0, chance, clicks), (*at, 0.0, chance, row.impressions - clicks)]
        policy.append(wanted * there / covered)
    if not lines:
        return None
    contexts, actions, rewards, chances, times = np.array(lines).T
    every = sum(row.impressions for row in rows)
    return _Counted(
        Log(contexts.astype(int), actions.astype(int), rewards, chances, times.astype(int)),
        np.array(policy),
        int(times.sum()),
        int(times @ rewards),
        min(max(missing / every, 0.0), 1.0),
    )
