"""Groups too small to be shown, and no way to work them out from those that are.

A report shows a group from k impressions on. Smaller ones are shown as one, at least two together
and k impressions together, taking in the next larger where they are too few: else the total minus
the rest would tell. The same holds inside every group of the other tables: a style minus its shown
posters may not tell of a single small poster. This is primary and complementary cell suppression
(Hundepool et al., Statistical Disclosure Control, 2012, chapter 4); sums over three tables at once
are not looked at, nor what two reports of different days tell together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence


def lumped(sizes: Mapping[str, int], least: int, also: Collection[str] = ()) -> set[str]:
    """Say which groups are not shown by themselves: those below `least`, `also`, and who joins."""
    order = sorted(sizes, key=lambda each: (sizes[each], each))
    hidden = {each for each in order if sizes[each] < least or each in also}
    for each in order:
        alone = len(hidden) < 2 or sum(sizes[one] for one in hidden) < least
        if not alone or all(sizes[one] >= least for one in hidden):
            break
        hidden.add(each)
    return hidden


def inside(sizes: Mapping[str, int], cuts: Sequence[Mapping[str, str]], least: int) -> set[str]:
    """Say which creatives are not shown, given what tables that group them show.

    sizes: impressions of each creative. cuts: the group of each creative, a table each.
    """
    hidden = {each for each, size in sizes.items() if size < least}
    classes = [*(own for cut in cuts for own in _shown(sizes, cut, least)), set(sizes)]
    while True:
        more = set(hidden)
        for own in classes:
            if more.intersection(own):
                more |= lumped({each: sizes[each] for each in own}, least, more)
        if more == hidden:
            return hidden
        hidden = more


def _shown(sizes: Mapping[str, int], cut: Mapping[str, str], least: int) -> list[set[str]]:
    """The sets of creatives whose sum a table shows: each group, and the small ones as one."""
    members: dict[str, set[str]] = defaultdict(set)
    for creative, group in cut.items():
        members[group].add(creative)
    totals = {group: sum(sizes[each] for each in own) for group, own in members.items()}
    small = lumped(totals, least)
    rest = {each for group in small for each in members[group]}
    return [own for group, own in members.items() if group not in small] + [rest] * bool(rest)
