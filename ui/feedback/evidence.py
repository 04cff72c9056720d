"""What imported logs say of texts: which headline was clicked how often beside which others."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from aigc.disk import write


class Evidence(NamedTuple):
    """How much there is to learn from."""

    tests: int  # campaigns on a channel, with two texts and more, and clicks
    clicks: int
    rows: tuple[tuple[str, str, int, int], ...]  # test, text, impressions, clicks


def gathered(home: Path) -> Evidence:
    """Compare texts of one campaign on one channel; raises ExportError for a database that broke.

    Only those were shown to the same people beside the same picture, as far as logs can tell.
    """
    from aigc.feedback import database, looks, store

    if not database(home).exists():
        return Evidence(0, 0, ())
    known = looks.creatives(home)
    shown: Counter[tuple[str, str]] = Counter()
    clicked: Counter[tuple[str, str]] = Counter()
    for row in store.read(home):
        creative = known.get(row.creative)
        if creative is None or not creative.headline:
            continue
        key = (f"{creative.campaign}/{row.channel or creative.channel}", creative.headline)
        shown[key] += row.impressions
        clicked[key] += row.clicks
    texts = Counter(test for test, _ in shown)
    told = {test for test, _ in shown if texts[test] > 1 and _clicks(clicked, test)}
    rows = tuple((*key, shown[key], clicked[key]) for key in sorted(shown) if key[0] in told)
    return Evidence(len(told), sum(row[3] for row in rows), rows)


def save(found: Evidence, path: Path) -> None:
    """Write it as a log that `aigc learn copy` reads."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(("test", "text", "impressions", "clicks"))
    writer.writerows(found.rows)
    write(path, stream.getvalue().encode("utf-8", "replace"))


def _clicks(clicked: Counter[tuple[str, str]], test: str) -> int:
    return sum(count for (each, _), count in clicked.items() if each == test)
