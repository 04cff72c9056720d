"""The creatives an ad slot chooses between, what logs say of each, and what is believed of them.

An ad slot of one channel chooses between the campaign's posters for it. They are believed together:
a channel's level is shared by its posters, a text's appeal by all posters that carry it, on any
channel, a picture's by everyone who sees it. So a click anywhere tells a little everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aigc import events
from aigc.campaign import Campaign
from aigc.errors import BriefError
from aigc.feedback import Performance
from aigc.feedback.thompson import Belief, learned, prior
from aigc.rank.clicks import Appeal, Floats

# Spreads of log-odds, found in the Upworthy Research Archive's tests (983 that differ in nothing
# but the headline, 626 in nothing but the picture).
TEXT = 0.26
PICTURE = 0.19
MIXED = 0.1  # that a text or a picture does better with some than with others: our guess

Judge = Callable[[Sequence[str], str], Appeal]  # texts and a segment ("": all) → their appeal


@dataclass(frozen=True)
class Arm:
    """A creative on one channel and in one audience, and its count."""

    creative: str
    channel: str
    copy_id: str
    inside: bool  # whether it is the audience that is asked for
    shown: int
    clicks: int


def arms(campaign: Campaign, logs: Sequence[Performance], segment: str = "") -> list[Arm]:
    """Count what logs say of a campaign's posters, those that were never shown included.

    With a segment, `key=value; key=value`, what others did counts apart. Rows of copies count for
    the text. Rows that name nothing in the campaign are told and left out.
    """
    asked = traits(segment)
    posters = {campaign.creative(each.id): each for each in campaign.posters}
    copies = {campaign.creative(each.id): each for each in campaign.copies}
    counts: dict[tuple[str, str, bool], list[int]] = {
        (name, poster.channel, True): [0, 0] for name, poster in posters.items()
    }
    unknown: set[str] = set()
    for row in logs:
        if row.creative not in posters and row.creative not in copies:
            unknown.add(row.creative)
            continue
        own = posters[row.creative].channel if row.creative in posters else row.channel
        inside = asked.items() <= traits(row.segment).items()
        count = counts.setdefault((row.creative, own, inside), [0, 0])
        count[0] += row.impressions
        count[1] += row.clicks
    if unknown:
        events.report("next", 0, 0, f"{len(unknown)} creatives of the logs are no longer here")
    found = []
    for (name, channel, inside), (shown, clicks) in counts.items():
        poster = posters.get(name)
        text = poster.copy_id if poster else copies[name].id
        found.append(Arm(name, channel, text, inside, shown, min(clicks, shown)))
    return sorted(found, key=lambda arm: (arm.channel, arm.creative, not arm.inside))


def traits(segment: str) -> dict[str, str]:
    """Read `key=value; key=value`; raises BriefError where it is something else."""
    found = {}
    for part in filter(None, (each.strip() for each in segment.split(";"))):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not (key and equals and value):
            raise BriefError(f"segment '{segment}': write key=value, parted by ;")
        found[key] = value
    return found


def believed(
    given: Sequence[Arm], texts: Mapping[str, str], judge: Judge | None, segment: str = ""
) -> Belief:
    """What is believed of each arm's log-odds after the counts; texts are those of the copies.

    Without a judge, a model learned from clicks, all texts are thought alike beforehand.
    """
    copies = sorted({arm.copy_id for arm in given})
    words = list(dict.fromkeys(texts[each] for each in copies))
    places = np.array([words.index(texts[arm.copy_id]) for arm in given])
    inside = np.array([arm.inside for arm in given])
    everyone = _appeal(judge, words, "")
    ours = _appeal(judge, words, segment) if segment else everyone
    mean = np.where(inside, ours.mean[places], everyone.mean[places])
    across = np.ix_(places, places)
    text = np.where(inside[:, None] & inside, ours.covariance[across], everyone.covariance[across])
    picture = _same([arm.creative for arm in given])
    own = text + PICTURE**2 * picture + MIXED**2 * np.eye(len(given))
    before = prior(Appeal(mean, own), level=_same([(arm.channel, arm.inside) for arm in given]))
    return learned(before, [arm.shown for arm in given], [arm.clicks for arm in given])


def _appeal(judge: Judge | None, words: Sequence[str], segment: str) -> Appeal:
    if judge is None:
        return Appeal(np.zeros(len(words)), TEXT**2 * np.eye(len(words)))
    return judge(words, segment)


def _same(keys: Sequence[object]) -> Floats:
    """1 where two have the same key, else 0."""
    numbers = np.array([keys.index(key) for key in keys])
    found: Floats = (numbers[:, None] == numbers[None]).astype(float)
    return found
