"""Which creative an ad slot is to show next, and why: a row a creative, a slot a channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from aigc.campaign import Campaign, Unit, Value
from aigc.errors import BriefError
from aigc.feedback import Performance
from aigc.feedback.arms import Arm, Judge, arms, believed
from aigc.feedback.thompson import ENOUGH, SURE, Belief, Outlook, allot, outlook, shares


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
    judge: Judge | None = None,
    segment: str = "",
    channel: str = "",
    seed: int = 0,
) -> list[Slot]:
    """Divide the next impressions of each channel, or of one, between its posters.

    Without a judge, a model learned from clicks, all texts are thought alike before any click.
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
    now = believed(given, texts_of(campaign), judge, segment)
    found = []
    for name in [channel] if channel else made:
        own = [
            place
            for place, arm in enumerate(given)
            if arm.creative in posters and arm.channel == name and arm.inside
        ]
        here = [given[place] for place in own]
        seen = outlook(Belief(now.mean[own], now.covariance[np.ix_(own, own)]), seed)
        told = _told(judge is not None, any(arm.shown for arm in given if arm not in here))
        found.append(_slot(name, here, headlines, seen, impressions, told))
    return found


def _slot(
    channel: str,
    own: Sequence[Arm],
    headlines: dict[str, str],
    seen: Outlook,
    impressions: int,
    told: str,
) -> Slot:
    give = allot(shares(seen.best), impressions)
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
    ordered = tuple(choices[i] for i in np.argsort(-seen.best, kind="stable"))
    return Slot(
        channel=channel,
        choices=ordered,
        regret=round(1000 * seen.regret, 4),
        remaining=round(seen.remaining, 4),
        settled=seen.settled,
        why=_why(ordered, seen, told),
    )


def _told(modelled: bool, elsewhere: bool) -> str:
    """What is known of creatives that were not shown."""
    model = "what the learned weights expect of the texts" if modelled else ""
    logs = "how the texts did on other channels or with other people" if elsewhere else ""
    return " and ".join(filter(None, (model, logs)))


def _why(choices: Sequence[Choice], seen: Outlook, told: str) -> str:
    """Say in plain words what decided."""
    lead = choices[0]
    if len(choices) == 1:
        return (
            "One poster, so there is nothing to choose; `--variants 3` makes more to choose from."
        )
    if not any(each.shown for each in choices):
        if not told:
            return "Nothing is known yet, so all get the same."
        return f"Not shown here yet: {told} decides, and how unsure that is."
    if seen.settled:
        return (
            f"You may stop testing and show {lead.creative}: {SURE:.0%} sure that no other brings "
            f"{ENOUGH:.0%} more clicks."
        )
    return (
        f"{lead.creative} is the best with a probability of {lead.best:.0%}; another may bring up "
        f"to {seen.remaining:.0%} more clicks, so the likelier the best, the more it is shown."
    )


def texts_of(campaign: Campaign) -> dict[str, str]:
    """What each copy says, by its id, as rank reads it."""
    from aigc.rank.builtin import message

    return {copy.id: message(copy) for copy in campaign.copies}
