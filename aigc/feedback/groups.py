"""Tables of click rates: rows of logs by group, with what can be said of each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigc.feedback import hidden, rates
from aigc.feedback.compare import CUTS, compare
from aigc.feedback.rates import Floats
from aigc.feedback.summary import REST, Estimate, Group, Seen, Table

_LIKELY = 0.8  # probability from which on a group is said to lead


class Made(NamedTuple):
    """A table, and what advice is drawn from."""

    table: Table
    even: Mapping[str, Floats]  # see Compared
    fields: Mapping[str, str]
    precision: Callable[[str, str, float], float] | None


def table(name: str, seen: Sequence[Seen], least: int) -> Made:
    """Group the rows in one way; groups of fewer than `least` impressions are shown as one."""
    cut = CUTS[name]
    small = _small(name, seen, least)
    own: dict[str, list[Seen]] = defaultdict(list)
    for each in seen:
        key = cut.key(each)
        own[REST if key in small else key].append(each)
    groups = {key: _group(name, key, rows, len(small)) for key, rows in own.items()}
    groups = _with_rates(groups)
    compared = [key for key, group in groups.items() if key not in ("", REST) and group.rate]
    made = Made(Table(name=name, groups=()), {}, {}, None)
    if cut.model and compared:
        made = Made(made.table, *compare(name, own, compared))
        groups |= {
            key: groups[key].model_copy(update={"even": _estimate(draws)})
            for key, draws in made.even.items()
        }
        for key, share in _best(made).items():
            groups[key] = groups[key].model_copy(update={"best": share})
    shown = set(groups) if name == "creative" else _shown_creatives(seen, least)
    for key in groups.keys() - {REST}:
        found = _most_shown(own[key], shown)
        groups[key] = groups[key].model_copy(update={"creatives": found})
    order = sorted(groups.values(), key=lambda group: _place(name, group))
    note = "" if cut.inside else _paradox(made, groups)
    return made._replace(table=Table(name=name, groups=tuple(order), note=note))


def whole(seen: Sequence[Seen]) -> Group:
    """All rows together."""
    rows = list(seen)
    return _with_rates({"": _group("", "", rows, 0).model_copy(update={"label": "all"})})[""]


def _small(name: str, seen: Sequence[Seen], least: int) -> set[str]:
    """The groups that are not shown by themselves."""
    if name == "creative":
        return _hidden_creatives(seen, least)
    sizes: dict[str, int] = defaultdict(int)
    for each in seen:
        sizes[CUTS[name].key(each)] += each.row.impressions
    return hidden.lumped(sizes, least)


def _hidden_creatives(seen: Sequence[Seen], least: int) -> set[str]:
    sizes: dict[str, int] = defaultdict(int)
    for each in seen:
        sizes[each.creative.id] += each.row.impressions
    cuts = [cut for name, cut in CUTS.items() if cut.of_creatives and name != "creative"]
    by_group = [{each.creative.id: cut.key(each) for each in seen} for cut in cuts]
    channels: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        channels[each.creative.id].add(each.channel)
    if all(len(own) == 1 for own in channels.values()):
        by_group.append({each: next(iter(own)) for each, own in channels.items()})
    return hidden.inside(sizes, by_group, least)


def _shown_creatives(seen: Sequence[Seen], least: int) -> set[str]:
    return {each.creative.id for each in seen} - _hidden_creatives(seen, least)


def _most_shown(rows: Iterable[Seen], shown: set[str]) -> tuple[str, ...]:
    sizes: dict[str, int] = defaultdict(int)
    for each in rows:
        if each.creative.id in shown:
            sizes[each.creative.id] += each.row.impressions
    return tuple(sorted(sizes, key=lambda each: (-sizes[each], each)))


def _group(name: str, key: str, rows: Sequence[Seen], small: int) -> Group:
    from scipy.special import gammaincinv

    creative = rows[0].creative
    label, note = key, ""
    if name == "copy" and creative.known:
        label, note = creative.headline or key, creative.product
    elif name == "creative" and creative.known:
        label, note = creative.part, creative.product
    if key == REST:
        label, note = f"{small} small groups together", ""
    clicks = sum(each.row.clicks for each in rows)
    conversions = sum(each.row.conversions for each in rows)
    cost = sum(each.row.cost for each in rows)
    conversion = None
    if conversions and clicks:
        # Jeffreys' prior for a rate; conversions may be shares, or come without a click.
        low, high = gammaincinv(conversions + 0.5, (0.025, 0.975)) / clicks
        conversion = Estimate(value=conversions / clicks, low=float(low), high=float(high))
    return Group(
        key="" if key == REST else key,
        label=label or "not known",
        note=note,
        impressions=sum(each.row.impressions for each in rows),
        clicks=clicks,
        conversions=conversions,
        cost=cost,
        conversion=conversion,
        cost_per_click=cost / clicks if cost and clicks else None,
        cost_per_conversion=cost / conversions if cost and conversions else None,
    )


def _with_rates(groups: Mapping[str, Group]) -> dict[str, Group]:
    """Add the rates as they were shown, leaning on each other."""
    sound = [key for key, own in groups.items() if 0 < own.impressions >= own.clicks]
    if not sound:
        return dict(groups)
    shown = np.array([groups[key].impressions for key in sound], float)
    draws = rates.shrunk(shown, np.array([groups[key].clicks for key in sound], float))
    found = {key: _estimate(draws[:, i]) for i, key in enumerate(sound)}
    return {key: own.model_copy(update={"rate": found.get(key)}) for key, own in groups.items()}


def _best(made: Made) -> dict[str, float]:
    """The probability of each group to be the best of those that it is compared with."""
    found: dict[str, float] = {}
    for field in dict.fromkeys(made.fields.get(key, "") for key in made.even):
        rivals = [key for key in made.even if made.fields.get(key, "") == field]
        if len(rivals) < 2:
            continue
        first = np.argmax([made.even[key] for key in rivals], axis=0)
        shares = np.bincount(first, minlength=len(rivals)) / len(first)
        found |= dict(zip(rivals, map(float, shares), strict=True))
    return found


def _estimate(draws: Floats) -> Estimate:
    value, low, high = rates.interval(draws)
    return Estimate(value=value, low=low, high=high)


def _place(name: str, group: Group) -> tuple[bool, float, str]:
    if name == "day":
        return (not group.key, 0, group.key)
    shown = group.even or group.rate
    return (group.even is None, -(shown.value if shown else 0), group.label)


def _paradox(made: Made, groups: Mapping[str, Group]) -> str:
    """Say where the mix of channels and campaigns made the wrong group look best."""
    if len(made.even) < 2:
        return ""
    shown = {key: own.rate.value for key, own in groups.items() if own.rate and key in made.even}
    raw = max(shown, key=lambda key: shown[key])
    even = max(made.even, key=lambda key: made.even[key].mean())
    if (made.even[even] > made.even[raw]).mean() < _LIKELY:
        return ""
    mix = "campaigns" if made.table.name == "channel" else "channels and campaigns"
    wrong, right = groups[raw].label, groups[even].label
    return (
        f"By the raw rate “{wrong}” leads; with the same mix of {mix} for all, “{right}” does. "
        f"“{wrong}” was shown more where people click more: go by the even rate."
    )
