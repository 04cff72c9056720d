"""Which layout a poster takes: headers name a few that may suit, and what they set is measured.

The cost of a layout is the sum of what `costs` names; the least wins. A campaign's posters lean
to one family, so that its channels look like one key visual, and its variants are dealt families
of their own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

from aigc.channels import columns
from aigc.typeset import PlanRequest, content, layouts, whole
from aigc.typeset.costs import Elements, costs
from aigc.typeset.layouts import Family, Layout
from aigc.typeset.mass import cut, mass

Measure = Callable[[str], Elements]  # sets a layout, by its name

MOST_TRIED = 4  # layouts that are set to be measured; a poster's plan takes some 10 ms for each
ENOUGH = 0.3  # a cost that nobody sees
OWN = 0.7  # what the layout that was dealt to a variant is let off: beyond it, it is a failure
LEADING = 0.25  # what a layout of the campaign's leading family is let off
# Beside or on a photo up to the edges, a text may be this much of its size below a framed one.
_SMALLER = {"headline": 0.55}
_LITTLE_SMALLER = 0.75
_ANY_PHOTO = ("framed", "plate")  # ways to show a whole photo that cut nothing off


def choose(plan: PlanRequest, candidates: Sequence[Layout], measure: Measure) -> str:
    """Pick the layout that costs least of those a poster may take; `measure` sets one.

    The first one that costs next to nothing is taken at once: one look, and half the time.
    """
    dealt = deal(candidates, families(plan), plan)
    own = LEADING if plan.brief.variants == 1 else OWN
    price: dict[str, float] = {}
    for layout in dealt:
        price[layout.name] = sum(costs(measure(layout.name), plan).values())
        if price[layout.name] <= ENOUGH:
            return layout.name
        price[layout.name] -= own * (layout.family == dealt[0].family)
    return min(price, key=price.__getitem__)


def deal(candidates: Sequence[Layout], order: Sequence[Family], plan: PlanRequest) -> list[Layout]:
    """Deal a poster its hand: the first of every family, or where there are variants, its own.

    Layouts in `plan.avoid`, which were tried and failed, are left out while there are others.
    The leading family comes first. No two variants hold the same layout while there are enough.
    """
    left = [each for each in candidates if each.name not in plan.avoid]
    key = f"{plan.brief.seed}/{plan.brief.name}"
    ranks = {family: rank for rank, family in enumerate(order)}
    turns: dict[Family, int] = {}
    queue: list[tuple[int, int, Layout]] = []
    for layout in sorted(left or candidates, key=lambda each: _chance(key, each.name)):
        turn = turns[layout.family] = turns.get(layout.family, -1) + 1
        queue.append((turn, ranks[layout.family], layout))
    queue.sort(key=lambda each: each[:2])
    row = [layout for _, _, layout in queue]
    variants = max(plan.brief.variants, plan.variant + 1)
    if variants == 1:
        return row[:MOST_TRIED]
    place = plan.variant % len(row)
    return [row[place], *row[variants:][place::variants]][:MOST_TRIED]


def families(plan: PlanRequest) -> list[Family]:
    """Rank the families for a campaign, whatever the channel: the first one leads."""
    brief, caption = plan.brief, plan.caption
    height, width = caption.cutout.shape[:2]
    aspect, shape = width / height, mass(caption.cutout)
    long = wordy(plan)
    deal_on = bool(brief.was or brief.discount or brief.coupon)
    tall, broad = aspect < 0.6, aspect > 1.5
    liking: dict[Family, float] = {
        "centre": 0.3 * (not shape.side) + 0.3 * (0.6 <= aspect <= 1.5) + 0.2 * broad,
        "split": 0.5 * tall + 0.3 * bool(shape.side) + 0.3 * long,
        "editorial": 0.4 * (not long) + 0.2 * (not deal_on),
        "promo": 1.0 * deal_on + (0.2 if brief.price else -0.5),
        "framed": 0.2 * (not deal_on) - 0.3 * any(cut(caption)),
    }
    key = f"{brief.seed}/{brief.name}"
    return sorted(liking, key=lambda family: _chance(key, family) * 0.8 - liking[family])


def wordy(plan: PlanRequest) -> bool:
    """Whether any headline of the campaign is a long one: of the copies, all that families see."""
    return any(columns(copy.headline) > 24 for copy in plan.copies)


def choose_for_photo(plan: PlanRequest, measure: Measure) -> str:
    """Go through the ways to show a photo that suit it and its words; framed suits any."""
    own = layouts.for_photos(plan.channel)
    safe = measure(own["framed"])
    suiting = [
        own[way]
        for way in ("over", "bleed", "framed", "plate")
        if own.get(way, "") not in ("", *plan.avoid)
        and (way in _ANY_PHOTO or _suits(plan, way, measure(own[way]), safe))
    ]
    return suiting[plan.variant % len(suiting)] if suiting else own["framed"]


def _suits(plan: PlanRequest, way: str, bold: Elements, safe: Elements) -> bool:
    """Whether a photo bears being shown so, and leaves the texts nearly as large as framed."""
    box, most_cut = bold["product"].box, whole.MOST_CUT
    if way == "over":
        room = whole.room(plan.caption, plan.channel.size, plan.channel.safe)
        box, most_cut = (0.0, 0.0, 1.0, 1.0), whole.MOST_CUT_BEHIND
        if not room.ample or room.saliency > whole.CALM or plan.channel.print:
            return False
    return (
        whole.suits(plan.caption, box, plan.channel.size, most_cut)
        and bold.keys() >= safe.keys()  # no text is left out
        and all(
            bold[name].size >= _SMALLER.get(name, _LITTLE_SMALLER) * each.size
            for name, each in safe.items()
        )
    )


def placing(plan: PlanRequest, layout: str, rtl: bool) -> dict[str, Any]:
    """What a layout reads of the product besides its shape: mass, cut edges, side to stand on."""
    return {
        "mass": mass(plan.caption.cutout).centre,
        "cut": cut(plan.caption)._asdict(),
        "stands": content.stands(plan),
        "flip": _flipped(plan, layout, rtl),
        "room": _room(plan) if layouts.named(layout).photo == "over" else None,
    }


def _room(plan: PlanRequest) -> dict[str, Any] | None:
    if not plan.caption.whole:
        return None
    room = whole.room(plan.caption, plan.channel.size, plan.channel.safe)
    return {"side": room.side, "text": room.text, "subject": room.subject}


def _flipped(plan: PlanRequest, layout: str, rtl: bool) -> bool:
    """Whether a layout is turned round: the heavy side, or one cut off, goes outwards.

    So a shoe's toe and a kettle's spout point at the words. Every other variant trades that for
    the other side, if the photo leaves it the choice.
    """
    side = layouts.named(layout).side
    width, height = plan.channel.size
    if not side or width > 5 * height:  # a row is read as it runs
        return False
    edges, heavy = cut(plan.caption), mass(plan.caption.cutout).side
    if edges.left != edges.right:
        heavy = "left" if edges.left else "right"
    elif plan.brief.variants > 1:
        heavy = heavy or "right"
        if plan.variant % 2:
            heavy = "left" if heavy == "right" else "right"
    if rtl:
        side = "left" if side == "right" else "right"
    return bool(heavy) and heavy != side


def _chance(key: str, name: str) -> float:
    """A number in 0..1 that a campaign and a name always get."""
    return zlib.crc32(f"{key}/{name}".encode()) / 2**32
