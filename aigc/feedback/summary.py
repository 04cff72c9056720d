"""What the logs say of the campaigns of a folder: click rates by group, and what to do about it.

Every rate comes twice: as it was shown (`rate`), and with the mix of channels and campaigns taken
out (`even`), for a style that was shown where people click more looks better than it is. Both lean
on the other groups of their table; `aigc.feedback.rates` says how, and after whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from aigc import events
from aigc.campaign import Unit, Value
from aigc.feedback import Performance
from aigc.feedback.looks import Creative, creatives, places, unknown

LEAST = 50  # impressions of a group that is shown
REST = "\0rest"  # key of the small groups together
_NAMED = 3  # unknown creatives that a remark names


class Estimate(Value):
    """A value and its central 95 %."""

    value: float
    low: float
    high: float


class Group(Value):
    """What all rows of one group add up to."""

    key: str = Field(description="Empty: the logs or campaigns do not tell")
    label: str
    note: str = Field("", description="The product, where the label does not tell it")
    impressions: int
    clicks: int
    conversions: float
    cost: float
    rate: Estimate | None = Field(None, description="Clicks per impression, as it was shown")
    even: Estimate | None = Field(None, description="The same with the same mix for all groups")
    best: Unit | None = Field(None, description="Probability of the highest even rate")
    conversion: Estimate | None = Field(None, description="Conversions per click")
    cost_per_click: float | None = None
    cost_per_conversion: float | None = None
    creatives: tuple[str, ...] = Field((), description="Its creatives that are shown")


class Table(Value):
    """The groups of one kind, best first; last those that are no group."""

    name: str
    groups: tuple[Group, ...]
    note: str = Field("", description="Where the raw rates mislead")


class Predictor(Value):
    """How a part of the score went with clicks, channel and campaign taken into account."""

    part: str
    ratio: Estimate | None = Field(None, description="Odds of a click for `step` more")
    step: float | None = Field(None, description="A usual difference of this part")
    sure: bool = False
    says: str


class Advice(Value):
    """What to make more of, or how much is missing to tell."""

    table: str
    sure: bool
    says: str
    creatives: tuple[str, ...] = Field((), description="Examples, most shown first")


class Summary(Value):
    """What a report shows."""

    place: str
    least: int
    campaigns: int
    total: Group | None = Field(None, description="None: too little to show anything")
    advice: tuple[Advice, ...] = ()
    tables: tuple[Table, ...] = ()
    predictors: tuple[Predictor, ...] = ()
    remarks: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """Give a table by its name, where there is one."""
        return next((each for each in self.tables if each.name == name), None)


class Seen(NamedTuple):
    """A row of the logs with its creative, and the channel that it was shown on."""

    row: Performance
    creative: Creative
    channel: str


def of_folder(folder: str | Path, least: int = LEAST) -> tuple[Summary, dict[str, Creative]]:
    """Read the logs of an outputs folder, or of one campaign, and sum them up.

    Gives the creatives too, by id. Raises ExportError where there is no such folder.
    """
    from aigc.feedback import store

    outputs, campaign = places(folder)
    known = creatives(outputs, campaign)
    rows = store.read(outputs, campaign)
    return summarise(rows, known, least, str(folder)), known


def summarise(
    rows: Sequence[Performance], known: dict[str, Creative], least: int = LEAST, place: str = ""
) -> Summary:
    """Sum up rows of logs; groups of fewer than `least` impressions are not shown."""
    from aigc.feedback import advice, compare, groups, predictors

    seen = [_seen(row, known) for row in rows]
    shown = Summary(
        place=place,
        least=least,
        campaigns=len({each.creative.campaign for each in seen}),
        remarks=tuple(_remarks(seen)),
    )
    if sum(row.impressions for row in rows) < least:
        few = f"Fewer than {least} impressions are known; nothing is shown." if rows else ""
        none = "No logs yet: `aigc feedback import` reads those of any ad platform."
        return shown.model_copy(update={"remarks": (*shown.remarks, few or none)})
    made = []
    for done, name in enumerate(compare.CUTS):
        events.report("feedback", done, len(compare.CUTS) + 1, f"rates by {name}")
        made.append(groups.table(name, seen, least))
    events.report("feedback", len(compare.CUTS), len(compare.CUTS) + 1, "parts of the score")
    kept = [each for each in made if any(group.key for group in each.table.groups)]
    return shown.model_copy(
        update={
            "total": groups.whole(seen),
            "tables": tuple(each.table for each in kept),
            "advice": tuple(row for each in kept for row in advice.of_table(each)),
            "predictors": tuple(predictors.predictors(seen)),
        }
    )


def _seen(row: Performance, known: dict[str, Creative]) -> Seen:
    creative = known.get(row.creative) or unknown(row.creative)
    return Seen(row, creative, row.channel or creative.channel)


def _remarks(seen: Sequence[Seen]) -> list[str]:
    remarks = []
    gone = dict.fromkeys(each.creative.id for each in seen if not each.creative.known)
    if gone:
        named = ", ".join(list(gone)[:_NAMED]) + (", …" if len(gone) > _NAMED else "")
        what = "creative is" if len(gone) == 1 else "creatives are"
        remarks.append(
            f"{len(gone)} {what} in no campaign here ({named}): counted by channel, segment and "
            "day, but style, layout, tone and copy are not known."
        )
    shown, clicked = Counter[str](), Counter[str]()
    for each in seen:
        shown[each.creative.id] += each.row.impressions
        clicked[each.creative.id] += each.row.clicks
    odd = [each for each in clicked if clicked[each] > shown[each]]
    if odd:
        named = ", ".join(odd[:_NAMED]) + (", …" if len(odd) > _NAMED else "")
        remarks.append(
            f"More clicks than impressions for {named}: left out where groups are "
            "compared. Import the log that has the impressions."
        )
    return remarks
