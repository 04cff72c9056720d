"""The report: one page that stands alone, to be opened from disk or sent by mail."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from aigc.feedback import plots
from aigc.feedback.looks import Creative, thumbnail
from aigc.feedback.summary import Estimate, Predictor, Summary, Table

FILE = "feedback.html"
_PICTURES = 60  # thumbnails in a report, about 4 kB each
_FIRST = 12  # groups of a table that are seen without unfolding it
_ORDER = ("style", "layout", "tone", "channel", "segment", "copy", "creative")
_PICTURED = ("style", "layout", "copy", "creative")  # tables that show a poster a group
_TITLES = {
    "style": "Style", "layout": "Layout", "tone": "Tone", "channel": "Channel",
    "segment": "Segment", "copy": "Copy", "creative": "Creative",
}  # fmt: skip


@cache
def _template() -> jinja2.Template:
    # Merchants' words are text, never markup: everything is escaped.
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": percent, "count": count, "money": money}
    environment.globals |= {"place": place, "place_ratio": place_ratio, "pictured": _PICTURED}
    return environment.from_string((Path(__file__).parent / "report.html.j2").read_text("utf-8"))


def render(summary: Summary, known: Mapping[str, Creative]) -> str:
    """Show a summary as one HTML page without scripts, links to files, or the network."""
    by_day = summary.table("day")
    days = by_day.groups if by_day else ()
    tables = [table for name in _ORDER if (table := summary.table(name))]
    return _template().render(
        summary=summary,
        sure=[row for row in summary.advice if row.sure],
        open=[row for row in summary.advice if not row.sure],
        tables=tables,
        titles=_TITLES,
        first=_FIRST,
        scale={table.name: scale(table) for table in tables},
        ratios=ratio_scale(summary.predictors),
        day_rates=[each for each in days if each.key and each.rate],
        # Drawn by us from numbers and dates: the only markup that is not escaped.
        wide=Markup(plots.days(days)),  # noqa: S704
        narrow=Markup(plots.days(days, 3.6, 2.5)),  # noqa: S704
        pictures=_pictures(summary, tables, known),
    )


def _pictures(
    summary: Summary, tables: list[Table], known: Mapping[str, Creative]
) -> dict[str, str]:
    """Thumbnails as data: of advice first, then one a group, while there is room."""
    wanted = [each for row in summary.advice if row.sure for each in row.creatives]
    pictured = [table for table in tables if table.name in _PICTURED]
    wanted += [each for table in pictured for group in table.groups for each in group.creatives[:1]]
    found: dict[str, str] = {}
    for each in dict.fromkeys(wanted):
        if len(found) == _PICTURES:
            break
        data = thumbnail(known[each]) if each in known else b""
        if data:
            found[each] = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return found


def scale(table: Table) -> float:
    """The rate at the right end of a table's strips; wide intervals may run over it."""
    rates = [rate for group in table.groups for rate in (group.even, group.rate) if rate]
    if not rates:
        return 1.0
    return min(max(rate.high for rate in rates), 2.5 * max(rate.value for rate in rates)) or 1.0


def ratio_scale(predictors: tuple[Predictor, ...]) -> float:
    """The log ratio at the ends of the strips of the score's parts."""
    ratios = [each.ratio for each in predictors if each.ratio]
    ends = [abs(math.log(end)) for ratio in ratios for end in (ratio.low, ratio.high)]
    return max([*ends, math.log(1.1)])


def place(value: float, most: float) -> float:
    """Where a value stands on a strip from 0 to `most`, in percent."""
    return round(min(max(value / most, 0.0), 1.0) * 100, 2)


def place_ratio(value: float, most: float) -> float:
    """Where a ratio stands on a strip with 1 in the middle, in percent."""
    return round(50 + 50 * min(max(math.log(value) / most, -1.0), 1.0), 2)


def percent(share: float) -> str:
    """A rate as people read it: 4.53 %, 0.21 %."""
    value = 100 * share
    digits = 1 if value >= 10 else 2 if value >= 0.1 or value == 0 else 4
    return f"{value:.{digits}f}\u202f%"


def count(number: float) -> str:
    """A number with its thousands apart, and no more digits than it has."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def money(amount: float) -> str:
    """An amount of unknown currency: whole from a thousand on, else cents."""
    return f"{amount:,.0f}" if amount >= 1000 else f"{amount:,.2f}"


def text(summary: Summary) -> str:
    """Say the same in a few lines, for the terminal."""
    lines = list(summary.remarks)
    if summary.total and summary.total.rate:
        total, rate = summary.total, summary.total.rate
        lines.append(
            f"{count(total.impressions)} impressions, {count(total.clicks)} clicks: "
            f"{percent(rate.value)} ({_range(rate)})"
        )
    for table in summary.tables:
        best = next((each for each in table.groups if each.best is not None), None)
        if best and best.even:
            odds = f"{best.best:.2f} to be the best"
            leads = f"{percent(best.even.value)} ({_range(best.even)}), {odds}"
            lines.append(f"{table.name:<9} {best.label}: {leads}")
    lines += [f"- {row.says}" for row in summary.advice]
    lines += [f"score {row.says}" for row in summary.predictors if row.sure]
    return "\n".join(lines)


def _range(rate: Estimate) -> str:
    return f"95 %: {percent(rate.low)} to {percent(rate.high)}"
