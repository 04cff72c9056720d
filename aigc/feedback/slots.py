"""Which creative an ad slot is to show next, and why: a row a creative, a slot a channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from aigc.campaign import Campaign, Unit, Value
from aigc.errors import BriefError
from aigc.feedback import Performance
from aigc.feedback.arms import Arm, Judge, arms, believed
from aigc.feedback.thompson import ENOUGH, Belief, allot, outlook, shares

if TYPE_CHECKING:
    from aigc.rank.clicks.learned import Learned


class Choice(Value):
    """One creative of a slot: what it did, what is believed of it, and what to give it next."""

    creative: str
    copy_id: str
    headline: str
    shown: int
    clicks: int
    rate: Unit = Field(description="Click rate: as likely above as below")
    low: Unit = Field(description="... and where 95 % of the belief lies")
    high: Unit
    best: Unit = Field(description="Probability that none in the slot does better")
    give: int = Field(description="Of the next impressions")


class Slot(Value):
    """The creatives of one channel."""

    channel: str
    choices: tuple[Choice, ...] = Field(description="Those that get most first")
    regret: float = Field(description="Clicks in 1000 lost by showing the likeliest best only")
    remaining: float = Field(description="What a better one may add to its rate, at 95 %")
    settled: bool = Field(description="Whether testing may stop")
    why: str


def slots(
    campaign: Campaign,
    logs: Sequence[Performance],
    impressions: int,
    *,
    model: Learned | None = None,
    segment: str = "",
    channel: str = "",
    seed: int = 0,
) -> list[Slot]:
    """Divide the next impressions of each channel, or of one, between its posters.

    Raises BriefError where there is no such channel, or no count of impressions.
    """
    made = list(dict.fromkeys(poster.channel for poster in campaign.posters))
    if channel and channel not in made:
        raise BriefError(f"--channel '{channel}': '{campaign.id}' has {', '.join(made)}")
    if impressions < 0:
        raise BriefError(f"--impressions {impressions}: give 0 or more")
    posters = {campaign.creative(poster.id) for poster in campaign.posters}
    headlines = {copy.id: copy.headline for copy in campaign.copies}
    given = arms(campaign, logs, segment)
    judge: Judge | None = None if model is None else (lambda texts, of: model.appeal(texts, of))
    now = believed(given, _texts(campaign), judge, segment)
    found = []
    for name in [channel] if channel else made:
        own = [
            place
            for place, arm in enumerate(given)
            if arm.creative in posters and arm.channel == name and arm.inside
        ]
        here = [given[place] for place in own]
        there = sum(arm.shown for arm in given) > sum(arm.shown for arm in here)
        part = Belief(now.mean[own], now.covariance[np.ix_(own, own)])
        found.append(
            _slot(name, here, part, headlines, impressions, seed, model is not None, there)
        )
    return found


def _slot(
    channel: str,
    own: Sequence[Arm],
    now: Belief,
    headlines: dict[str, str],
    impressions: int,
    seed: int,
    modelled: bool,
    elsewhere: bool,
) -> Slot:
    seen = outlook(now, seed)
    share = shares(seen.best)
    give = allot(share, impressions)
    choices = [
        Choice(
            creative=arm.creative,
            copy_id=arm.copy_id,
            headline=headlines[arm.copy_id],
            shown=arm.shown,
            clicks=arm.clicks,
            rate=round(float(seen.rate[i]), 6),
            low=round(float(seen.low[i]), 6),
            high=round(float(seen.high[i]), 6),
            best=round(float(seen.best[i]), 4),
            give=give[i],
        )
        for i, arm in enumerate(own)
    ]
    order = np.argsort(-seen.best, kind="stable")
    return Slot(
        channel=channel,
        choices=tuple(choices[i] for i in order),
        regret=round(1000 * seen.regret, 4),
        remaining=round(seen.remaining, 4),
        settled=seen.settled,
        why=_why(choices[order[0]], own, seen.settled, seen.remaining, modelled, elsewhere),
    )


def _why(
    lead: Choice,
    own: Sequence[Arm],
    settled: bool,
    remaining: float,
    modelled: bool,
    elsewhere: bool,
) -> str:
    """Say in plain words what decided."""
    if len(own) == 1:
        return "One poster, so nothing to choose; `--variants 3` makes more to test."
    if not any(arm.shown for arm in own):
        told = [
            *(["what the learned model expects of the texts"] if modelled else []),
            *(["how the texts did elsewhere"] if elsewhere else []),
        ]
        if not told:
            return "Nothing is known yet: all get the same."
        return f"Not shown yet: {' and '.join(told)} decides, and how unsure that is."
    if settled:
        return (
            f"You may stop testing and show {lead.creative}: with 95 % probability no other would "
            f"bring {ENOUGH:.0%} more clicks."
        )
    return (
        f"{lead.creative} is the best with {lead.best:.0%} probability; another may still bring "
        f"{remaining:.0%} more clicks, so each gets impressions by its chance."
    )


def _texts(campaign: Campaign) -> dict[str, str]:
    from aigc.rank.builtin import message

    return {copy.id: message(copy) for copy in campaign.copies}
