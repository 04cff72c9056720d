"""Click logs: which text of a test was shown how often, and clicked how often.

Texts are compared inside a test only: there the audience, the day and the picture are the same.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aigc import events, tables
from aigc.errors import BriefError
from aigc.rank.clicks import Floats
from aigc.tables import Wanted

Ints = NDArray[np.int64]

WANTED = {
    "test": Wanted(
        (
            "test_id",
            "test",
            "clickability_test_id",
            "experiment_id",
            "experiment",
            "ab_test",
            "测试",
        )
    ),
    "text": Wanted(
        ("text", "headline", "title", "copy", "caption", "subject", "ad_text", "文案", "标题")
    ),
    "impressions": Wanted(
        ("impressions", "views", "shows", "shown", "sends", "exposures", "展示", "曝光", "展示量")
    ),
    "clicks": Wanted(("clicks", "clicked", "click", "opens", "点击", "点击量")),
    "segment": Wanted(("segment", "audience", "人群"), needed=False),
}
_TOLD = 3  # rows that cannot be used, of which each file's remark tells
_WHOLE = re.compile(r"\d{1,3}(,\d{3})+|\d+(\.0*)?", re.ASCII)
_DIGITS = 15  # of a count; a float is exact up to here


@dataclass(frozen=True)
class ClickLog:
    """What n texts got in their tests; a text stands once in a test and segment.

    tests, cells, groups: (n,) numbers from 0. A cell is a test in one segment: texts are compared
    inside it. A group holds all tests that share a text, directly or through others: what was
    learned on one of them knows of the rest, so that no group may be split between what is learned
    from and what is held out.
    """

    texts: tuple[str, ...]
    segments: tuple[str, ...]  # "" where the log has none
    tests: Ints
    cells: Ints
    groups: Ints
    impressions: Floats
    clicks: Floats
    names: tuple[str, ...]  # of the files, without their folders
    digest: str  # SHA-256 of the rows, whatever their order and files
    wrong: int = 0  # rows that could not be used
    silent: int = 0  # tests that say nothing: one text, or no click, or nothing but clicks

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def evidence(self) -> dict[str, int]:
        """How much there is to learn from."""
        return {
            "tests": int(self.tests.max()) + 1,
            "texts": len(set(self.texts)),
            "impressions": int(self.impressions.sum()),
            "clicks": int(self.clicks.sum()),
        }


class _Row(NamedTuple):
    test: str
    segment: str
    text: str
    impressions: int
    clicks: int


def read(paths: Sequence[str | Path], columns: Mapping[str, str] | None = None) -> ClickLog:
    """Read logs as CSV, TSV, JSONL or Parquet; `columns` says which column holds what.

    Rows that cannot be used are told with their file and line, and skipped. Raises BriefError
    where a column is not found, showing those there are, or where no test is left.
    """
    rows: list[_Row] = []
    wrong = 0
    for path in paths:
        found = tables.columns(path)
        held = tables.mapped(found, WANTED, columns or {}, f"'{path}'")
        faults: list[str] = []
        for row in tables.rows(path):
            try:
                if row.wrong:
                    raise ValueError(row.wrong)
                rows.append(_row({field: row.values.get(held[field]) for field in held}))
            except ValueError as error:
                faults.append(f"line {row.line}: {error}")
        if faults:
            more = f" and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
            said = "; ".join(faults[:_TOLD])
            events.report("log", 0, 0, f"'{Path(path).name}': skipped {said}{more}")
        wrong += len(faults)
    return of(rows, [Path(path).name for path in paths], wrong)


def of(
    rows: Iterable[tuple[str, str, str, int, int]], names: Sequence[str] = (), wrong: int = 0
) -> ClickLog:
    """A log of (test, segment, text, impressions, clicks); what says nothing is left out.

    Raises BriefError where no test is left.
    """
    summed: dict[tuple[str, str, str], list[int]] = {}
    for test, segment, text, impressions, clicks in rows:
        cell = summed.setdefault((test, segment, text), [0, 0])
        cell[0] += impressions
        cell[1] += clicks
    cells: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    for (test, segment, text), (impressions, clicks) in sorted(summed.items()):
        cells.setdefault((test, segment), []).append((text, impressions, clicks))
    telling = {key: arms for key, arms in cells.items() if _tells(arms)}
    silent = len({test for test, _ in cells}) - len({test for test, _ in telling})
    if not telling:
        raise BriefError(
            f"no test to learn from: {silent} that tell nothing, {wrong} rows skipped; "
            "a test needs two texts or more, and clicks"
        )
    kept = [_Row(test, segment, *arm) for (test, segment), arms in telling.items() for arm in arms]
    digest = hashlib.sha256()
    for row in kept:
        digest.update(repr(tuple(row)).encode())
    return ClickLog(
        texts=tuple(row.text for row in kept),
        segments=tuple(row.segment for row in kept),
        tests=_numbers(row.test for row in kept),
        cells=_numbers((row.test, row.segment) for row in kept),
        groups=_groups([row.test for row in kept], [row.text.casefold() for row in kept]),
        impressions=np.array([row.impressions for row in kept], np.float64),
        clicks=np.array([row.clicks for row in kept], np.float64),
        names=tuple(names),
        digest=digest.hexdigest(),
        wrong=wrong,
        silent=silent,
    )


def _row(values: Mapping[str, Any]) -> _Row:
    """One row as it should be; raises ValueError saying what is wrong with it."""
    text = _said(values["text"])
    if not text:
        raise ValueError("no text")
    test = _said(values["test"])
    if not test:
        raise ValueError("no test")
    shown, clicked = (_count(values[name], name) for name in ("impressions", "clicks"))
    if not shown:
        raise ValueError("never shown")
    if clicked > shown:
        raise ValueError(f"{clicked} clicks of {shown} impressions")
    return _Row(test, _said(values.get("segment")), text, shown, clicked)


def _said(value: Any) -> str:
    """One line of composed Unicode; an id that is a number is its digits."""
    if value is None or value != value:  # NaN
        return ""
    return " ".join(unicodedata.normalize("NFC", str(value)).split())


def _count(value: Any, name: str) -> int:
    """A whole number; raises ValueError."""
    text = str(value).strip()
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise ValueError(f"{name} '{text[:40]}' is no whole number from 0")
    whole = text.replace(",", "").split(".")[0]
    if len(whole) > _DIGITS:
        raise ValueError(f"{name} '{text[:40]}' is too large")
    return int(whole)


def _tells(arms: Sequence[tuple[str, int, int]]) -> bool:
    shown = sum(shown for _, shown, _ in arms)
    clicked = sum(clicked for _, _, clicked in arms)
    return len(arms) > 1 and 0 < clicked < shown


def _numbers(keys: Iterable[Hashable]) -> Ints:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)


def _groups(tests: Sequence[str], texts: Sequence[str]) -> Ints:
    """Connected components of tests that share a text."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b = _numbers(tests), _numbers(texts)
    size = int(a.max()) + int(b.max()) + 2
    edges = coo_array((np.ones(len(a)), (a, b + a.max() + 1)), shape=(size, size))
    return np.asarray(connected_components(edges, directed=False)[1][a], np.int64)
