"""What to make more of, in plain words, and only where the evidence holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aigc.feedback.groups import Made
from aigc.feedback.rates import interval
from aigc.feedback.summary import Advice, Group

SURE = 0.9  # probability of being the best from which on advice is given
_LIFT = 1.2  # the difference that is worth telling
# sd of a difference at which such a lift is found 4 times in 5, at 1 in 20 false alarms (one-sided)
_PRECISE = math.log(_LIFT) / (1.645 + 0.842)
_MOST = 512  # times as many impressions: beyond it, more of the same will not tell
_SHOWN = 3  # examples of a group; campaigns whose best is named

_DO = {
    "style": "Make more in style “{}”",
    "layout": "Use the layout “{}” more",
    "tone": "Write more in a {} tone",
    "channel": "Show more on “{}”",
    "segment": "Show more to “{}”",
    "copy": "Say “{}” more",
    "creative": "Show “{}” more",
}
_PLURAL = {"copy": "copies"}
_REPEAT = {
    "style": "campaigns in each",
    "layout": "posters of each",
    "tone": "campaigns in each",
    "channel": "posters on each",
    "segment": "posters shown to each",
    "copy": "posters of each, side by side on one channel",
    "creative": "posters, side by side on one channel",
}


def of_table(made: Made) -> list[Advice]:
    """Say what a table tells: the best where it is all but sure, else what is missing."""
    name = made.table.name
    groups = {group.key: group for group in made.table.groups if group.key in made.even}
    contests = []
    for field in dict.fromkeys(made.fields.get(key, "") for key in groups):
        rivals = [key for key in groups if made.fields.get(key, "") == field]
        if len(rivals) > 1:
            contests.append([groups[key] for key in rivals])
    if not contests:
        return []
    contests.sort(key=lambda rivals: -sum(group.impressions for group in rivals))
    sure = [advice for rivals in contests if (advice := _best(name, made, rivals))]
    return sure[:_SHOWN] or [Advice(table=name, sure=False, says=_missing(name, made, contests[0]))]


def _best(name: str, made: Made, rivals: Sequence[Group]) -> Advice | None:
    top = max(rivals, key=lambda group: group.best or 0)
    if (top.best or 0) <= SURE:
        return None
    others = np.mean([made.even[group.key] for group in rivals if group is not top], axis=0)
    times, low, high = interval(made.even[top.key] / others)
    than = "the other" if len(rivals) == 2 else f"the other {len(rivals) - 1} on average"
    taken = "" if name == "channel" else ", at the same mix of channels"
    where = f" for {top.note}" if made.fields and top.note else ""
    says = (
        f"{_DO[name].format(top.label)}{where}: it is clicked {times:.2f} times as often as {than} "
        f"(95 %: {low:.2f} to {high:.2f}{taken}); it is the best with probability "
        f"{_sure(top.best or 0)}."
    )
    examples = top.creatives[:_SHOWN] if name not in ("channel", "segment") else ()
    return Advice(table=name, sure=True, says=says, creatives=examples)


def _missing(name: str, made: Made, rivals: Sequence[Group]) -> str:
    """Say how many impressions more would tell a lift of a fifth between the two that lead."""
    first, second = sorted(rivals, key=lambda group: -(group.best or 0))[:2]
    many = _PLURAL.get(name, f"{name}s")
    where = f" of {first.note}" if made.fields and first.note else ""
    start = f"{many.capitalize()}{where}: no difference can be told yet"
    precision = made.precision
    if precision is None or precision(first.key, second.key, _MOST) > _PRECISE:
        return f"{start}; more impressions alone will not tell, it takes more {_REPEAT[name]}."
    if precision(first.key, second.key, 1) <= _PRECISE:
        return (
            f"{many.capitalize()}{where}: “{first.label}” and “{second.label}” lead and are about "
            "alike; a difference of a fifth would have shown."
        )
    low, high = 0.0, math.log(_MOST)
    for _ in range(20):
        middle = (low + high) / 2
        if precision(first.key, second.key, math.exp(middle)) > _PRECISE:
            low = middle
        else:
            high = middle
    more = (math.exp(high) - 1) * sum(group.impressions for group in rivals)
    return f"{start}; about {rounded(more)} more impressions are needed to tell one of a fifth."


def rounded(number: float) -> str:
    """A number to two digits, as people say it: 12,000."""
    digits = max(0, math.floor(math.log10(max(number, 1))) - 1)
    return f"{round(number, -digits):,.0f}"


def _sure(share: float) -> str:
    return "over 0.99" if share > 0.99 else f"{share:.2f}"
