"""Feedback as HTML: how logs were understood, what was clicked, what was learned."""

from __future__ import annotations

import base64
from typing import Any

from aigc.feedback import report
from aigc.feedback.store import Imported
from aigc.feedback.summary import Summary
from aigc.rank.clicks.learned import LEAST

from .. import names, views
from ..house import Page
from .evidence import Evidence

_TABLES = ("style", "channel", "layout", "tone", "copy", "creative")
_GROUPS = 8
_TRAITS = 6
_EXAMPLE = (
    "Creative,Channel,Day,Impressions,Clicks,Conversions,Cost\n"
    "teapot-1a2b3c4d.taobao-main,taobao,2026-11-20,1200,41,3,58.40\n"
    "teapot-1a2b3c4d.xiaohongshu,xiaohongshu,2026-11-20,900,22,1,31.00\n"
)


def intro(page: Page) -> str:
    """What the tab is for, with a log to begin from."""
    data = base64.b64encode(_EXAMPLE.encode("utf-8-sig")).decode()
    return _render(page, "intro", example=f"data:text/csv;base64,{data}")


def imported(page: Page, found: Imported | None, failed: str = "") -> str:
    """How logs were understood: columns, rows, and why some are left out."""
    return _render(page, "imported", found=found, failed=failed)


def summary(page: Page, found: Summary | None, whole: str = "", note: str = "") -> str:
    """What was clicked, table by table; `whole` is the report as a page of its own."""
    made = []
    for name in _TABLES:
        table = found.table(name) if found else None
        if table and table.groups:
            groups = [
                {
                    "label": _label(page, name, group.key, group.label),
                    "note": group.note,
                    "main": group.even or group.rate,
                    "best": group.best,
                    "impressions": report.count(group.impressions),
                    "clicks": report.count(group.clicks),
                }
                for group in table.groups[:_GROUPS]
            ]
            made.append({"name": name, "groups": groups, "most": report.scale(table)})
    return _render(
        page,
        "summary",
        found=found,
        tables=made,
        whole=whole,
        note=note,
        percent=report.percent,
        count=report.count,
        money=report.money,
        place=report.place,
    )


def learning(
    page: Page, found: dict[str, Any] | None, there: Evidence, *, used: bool, failed: str = ""
) -> str:
    """What there is to learn from, what was learned, and how far it can be trusted."""
    score = found.get("score") if found else None
    traits = [each for each in (found or {}).get("traits", ()) if _sure(each)]
    return _render(
        page,
        "learning",
        found=found,
        there=there,
        least=LEAST,
        enough=there.tests >= LEAST["tests"] and there.clicks >= LEAST["clicks"],
        score=score,
        better=score is not None and score["low"] > 0.5,
        traits=[
            {"label": each["label"], "percent": f"{100 * each['effect']:+.0f} %", **each}
            for each in traits[:_TRAITS]
        ],
        used=used,
        failed=failed,
    )


def _sure(voice: dict[str, Any]) -> bool:
    return abs(float(voice["effect"])) > 2 * float(voice["error"])


def _label(page: Page, table: str, key: str, label: str) -> str:
    if table == "style":
        return names.style(page.say, key) if key else label
    return names.channel(page.say, key) if table == "channel" and key else label


def _render(page: Page, part: str, **values: Any) -> str:
    return views.render("feedback/feedback.html.j2", page.say, part=part, **values)
