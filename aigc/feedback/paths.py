"""Journeys that others logged: a row a path (`a > b > c` and counts), or a row a touch.

A touch is `creative@channel`, `creative`, or `@channel`. Journeys' ids only hold rows together:
they are neither kept nor shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path as File
from typing import Any, NamedTuple, TypeVar

from aigc import events, tables
from aigc.errors import BriefError
from aigc.feedback import privacy
from aigc.feedback.attribution import Path
from aigc.feedback.names import FIELDS
from aigc.tables import Wanted

UNKNOWN = "(unknown)"  # the creative or channel of a touch that names none, where others do
SHOWN = 5  # bad rows that are reported one by one
PATHS = {
    "path": Wanted(("path", "touches", "touchpoints")),
    "conversions": Wanted(("conversions", "conversion", "total conversions", "converted")),
    "others": Wanted(("null", "nulls", "total null", "others", "not converted"), False),
    "value": Wanted(("value", "revenue", "conversion value", "total conversion value"), False),
}
TOUCHES = {
    "journey": Wanted(("journey id", "journey", "path id")),
    "time": Wanted(("time", "timestamp", "datetime"), False),
    "creative": FIELDS["creative"]._replace(needed=False),
    "channel": FIELDS["channel"]._replace(needed=False),
    "converted": Wanted(("converted", "conversion", "conversions")),
    "value": Wanted(("value", "revenue", "conversion value"), False),
}
YES, NO = ("1", "1.0", "true", "yes", "t", "y"), ("0", "0.0", "false", "no", "f", "n", "")
Cells = dict[str, Any]
Made = TypeVar("Made")


class _Personal(Exception):  # noqa: N818
    """A cell tells who somebody is; says so without showing it."""


class _Step(NamedTuple):
    journey: str
    time: float
    touch: str
    converted: bool
    value: float


def read(
    files: Sequence[str | File], columns: Mapping[str, str] | None = None, separator: str = ">"
) -> list[Path]:
    """Read paths from tables; rows that cannot be read are reported by line and left out.

    columns names those of a field (of PATHS, TOUCHES) where names differ from the usual. A table
    without a column of paths has a row a touch. Raises BriefError where its columns are not there,
    and where journeys or touches tell who somebody is.
    """
    given = dict(columns or {})
    found: list[Path] = []
    steps: list[_Step] = []
    for file in files:
        names = tables.columns(file)
        usual = tables.mapped(names, {"path": PATHS["path"]._replace(needed=False)}, {}, "")
        if "path" in given or ("journey" not in given and usual):
            found += _read(file, tables.mapped(names, PATHS, given, str(file)), _path(separator))
            continue
        column = tables.mapped(names, TOUCHES, given, str(file))
        if not {"creative", "channel"} & set(column):
            shown = ", ".join(names)
            raise BriefError(f"{file}: no column for creative or channel; found: {shown}")
        if "time" not in column:
            _remark(f"{file}: no column for time: touches are taken in the file's order")
        hashed = bool(privacy.personal([column["journey"]]))
        steps += _read(file, column, partial(_step, hashed))
    found += _journeys(steps)
    if found and not any(path.others for path in found):
        _remark(
            "there is no journey that did not convert: Markov's shares then only say how often a "
            "touch is on the way; log the others too (column 'null', or touches not converted)"
        )
    if empty := sum(path.conversions for path in found if not path.touches):
        _remark(f"{empty} conversions met no touch; they are not shared")
    return found


def by(paths: Iterable[Path], part: str) -> list[Path]:
    """Look at these paths by `creative`, by `channel`, or by both together, `touch`.

    Empty where no touch names that part.
    """
    rows = list(paths)
    if part == "touch":
        return rows
    names = {touch: _part(touch, part) for row in rows for touch in row.touches}
    if not any(names.values()):
        return []
    return [
        row._replace(touches=tuple(names[touch] or UNKNOWN for touch in row.touches))
        for row in rows
    ]


def _part(touch: str, part: str) -> str:
    creative, at, channel = touch.rpartition("@")
    return (creative if at else touch) if part == "creative" else (channel if at else "")


def _read(
    file: str | File, column: Mapping[str, str], make: Callable[[Cells], Made]
) -> Iterator[Made]:
    bad = 0
    for row in tables.rows(file):
        wrong = row.wrong
        if not wrong:
            cells = {field: row.values.get(name) for field, name in column.items()}
            try:
                yield make(cells)
            except ValueError as error:
                wrong = str(error)
            except _Personal as error:
                raise BriefError(f"{file}:{row.line}: {error}") from None
        if wrong:
            bad += 1
            if bad <= SHOWN:
                _remark(f"{file}:{row.line}: {wrong}; left out")
    if bad > SHOWN:
        _remark(f"{file}: {bad} rows left out in all")


def _path(separator: str) -> Callable[[Cells], Path]:
    def make(cells: Cells) -> Path:
        text = cells["path"]
        parts = text if isinstance(text, list) else str(text or "").split(separator)
        touches = tuple(touch for each in parts if (touch := _anonymous(str(each).strip(), "path")))
        conversions = _count(cells, "conversions")
        # Without a column for them, a row in which nothing converted is one journey.
        others = _count(cells, "others") if "others" in cells else int(not conversions)
        return Path(touches, conversions, others, _value(cells) if conversions else 0.0)

    return make


def _step(hashed: bool, cells: Cells) -> _Step:
    """hashed: the journey's column is called what identifies people, so it must hold digests."""
    journey = _anonymous(_text(cells["journey"]), "journey", number=True)
    if not journey:
        raise ValueError("no journey")
    if hashed and not privacy.digest(journey):
        raise _Personal("the column of journeys identifies people; hash it with SHA-256")
    creative = _anonymous(_text(cells.get("creative")), "creative")
    channel = _anonymous(_text(cells.get("channel")), "channel")
    if not creative and not channel:
        raise ValueError("neither creative nor channel")
    flag = _text(cells["converted"]).casefold()
    if flag not in YES + NO:
        raise ValueError("converted is neither 1 nor 0, true nor false")
    touch = f"{creative}@{channel}" if channel else creative
    time = _time(cells["time"]) if "time" in cells else 0.0
    return _Step(journey, time, touch, flag in YES, _value(cells))


def _journeys(steps: Iterable[_Step]) -> Iterator[Path]:
    """Join touches to paths, in time.

    Where touches of a journey differ in `converted`, it marks the touch at which the journey
    converted, and what comes after is a new journey. Else it tells of the whole journey.
    """
    journeys: dict[str, list[_Step]] = defaultdict(list)
    for step in steps:
        journeys[step.journey].append(step)
    marks = any(len({step.converted for step in own}) == 2 for own in journeys.values())
    if marks:
        _remark("converted differs inside journeys: it marks the touch that converted")
    for own in journeys.values():
        own.sort(key=lambda step: step.time)
        last = len(own) - 1
        part: list[_Step] = []
        for number, step in enumerate(own):
            part.append(step)
            if number == last or (marks and step.converted):
                touches = tuple(each.touch for each in part)
                done = step.converted
                value = max(each.value for each in part) if done else 0.0
                yield Path(touches, int(done), int(not done), value)
                part = []


def _anonymous(text: str, field: str, *, number: bool = False) -> str:
    if what := privacy.looks_like(text, number=number):
        raise _Personal(f"{field} looks like {what}; hash it with SHA-256, or leave it out")
    return text


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _number(cells: Cells, field: str) -> float:
    text = _text(cells.get(field))
    try:
        number = float(text or 0)
    except ValueError:
        raise ValueError(f"{field} '{text}' is no number") from None
    if not 0 <= number < 1e15:
        raise ValueError(f"{field} '{text}' is not 0 or more")
    return number


def _count(cells: Cells, field: str) -> int:
    number = _number(cells, field)
    if number != int(number):
        raise ValueError(f"{field} '{number:g}' is no whole number")
    return int(number)


def _value(cells: Cells) -> float:
    return _number(cells, "value") if "value" in cells else 0.0


def _time(cell: object) -> float:
    """Seconds since 1970; a time without a zone is UTC."""
    if isinstance(cell, datetime | date):
        cell = cell.isoformat()
    text = _text(cell)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time '{text}' is neither ISO 8601 nor a number") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _remark(message: str) -> None:
    events.report("attribute", 0, 0, message)
