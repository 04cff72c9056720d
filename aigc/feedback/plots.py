"""Plots of a report that matplotlib draws, as SVG that takes its colours from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from aigc.feedback.summary import Group

# What is drawn in these colours takes the page's own, dark or light.
_COLOURS = {"#010203": "var(--ink)", "#040506": "var(--soft)", "#070809": "var(--line)",
            "#0a0b0c": "var(--bar)"}  # fmt: skip
_INK, _SOFT, _LINE, _BAR = _COLOURS


def days(groups: Sequence[Group], width: float = 12.4, height: float = 2.8) -> str:
    """Draw the click rate by day with its 95 % band, as an <svg>; empty for fewer than two days.

    width and height in CSS inches of 96 px.
    """
    from datetime import date

    import matplotlib as mpl
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    rows = [(date.fromisoformat(each.key), each.rate) for each in groups if each.key and each.rate]
    if len(rows) < 2:
        return ""
    at = [mpl.dates.date2num(day) for day, _ in rows]
    style = {
        "svg.fonttype": "none", "svg.hashsalt": "aigc", "font.size": 10,
        "axes.edgecolor": _LINE, "xtick.color": _LINE, "ytick.color": _LINE,
        "xtick.labelcolor": _SOFT, "ytick.labelcolor": _SOFT, "text.color": _SOFT,
    }  # fmt: skip
    stream = io.StringIO()
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        lows, highs = [rate.low for _, rate in rows], [rate.high for _, rate in rows]
        axes.fill_between(at, lows, highs, color=_BAR, alpha=0.45, linewidth=0)
        axes.plot(at, [rate.value for _, rate in rows], color=_INK, linewidth=1.6, marker="o",
                  markersize=4)  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        ticks = AutoDateLocator(minticks=3, maxticks=max(4, int(width)))
        axes.xaxis.set_major_locator(ticks)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(ticks))
        axes.grid(axis="y", color=_LINE, linewidth=0.8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0)
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return _inline(stream.getvalue())


def _inline(svg: str) -> str:
    """The <svg> alone: no prologue, no fixed size, colours of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    svg = f'<svg {box[0] if box else ""} aria-hidden="true">{rest}'
    for drawn, own in _COLOURS.items():
        svg = svg.replace(drawn, own)
    return svg.strip()
