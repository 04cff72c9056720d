"""Rows that failed: shown with the reason, mended in a form, and tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aigc.batches.run import FAILED
from aigc.catalogue import cells
from aigc.disk import write
from aigc.errors import BriefError

from .drafts import PHOTOS, photo_names
from .reading import where
from .runs import desk

_ALWAYS = ("name", "photo", "price", "features", "channels")
_LONGEST = 2000  # characters of a field


class Row(NamedTuple):
    """A product that failed."""

    number: int
    where: str
    stage: str
    error: str
    remedy: str
    fields: dict[str, str]  # as a form shows them


def failed(batch: Path) -> list[Row]:
    """What failed, in the order of the table."""
    return [
        Row(
            number=int(row["number"]),
            where=where(desk(batch), int(row["number"])),
            stage=str(row.get("stage", "")),
            error=str(row.get("error", "")),
            remedy=str(row.get("remedy", "")),
            fields=_shown(row["brief"]),
        )
        for row in _rows(batch)
    ]


def mend(batch: Path, number: str, given: Mapping[str, Any]) -> None:
    """Write what a form says into the list of what failed.

    Raises BriefError for a row that is not in it, or a photo that was not brought.
    """
    rows = _rows(batch)
    row = next((each for each in rows if str(each["number"]) == number), None)
    if row is None:
        raise BriefError(f"row {number[:20]}: it is not among those that failed any more")
    before = _shown(row["brief"])
    for name, text in given.items():
        if name not in before or not isinstance(text, str) or text == before[name]:
            continue
        text = text[:_LONGEST].strip()
        if name == "photo":
            if text not in photo_names(desk(batch)):
                raise BriefError(f"photo = '{text[:80]}': it is not among the photos; add it first")
            row["brief"]["photo"] = f"{PHOTOS}/{text}"  # from the desk, where the batch runs
        elif text:
            row["brief"][name] = cells.meant(name, text)
        else:
            row["brief"].pop(name, None)
    told = "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in rows)
    write(batch / FAILED, told.encode("utf-8", "replace"))


def _rows(batch: Path) -> list[dict[str, Any]]:
    try:
        lines = (batch / FAILED).read_text("utf-8").splitlines()
        return [row for line in lines if isinstance((row := json.loads(line))["brief"], dict)]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _shown(brief: Mapping[str, Any]) -> dict[str, str]:
    """A brief's fields as texts; files of this machine by their names only."""
    texts = dict.fromkeys(_ALWAYS, "")
    for name, value in brief.items():
        if name in ("brand", "texts", "edits"):
            continue
        if isinstance(value, list | tuple):
            texts[name] = "; ".join(map(str, value))
        else:
            texts[name] = "" if value is None else str(value)
    texts["photo"] = texts["photo"].replace("\\", "/").rpartition("/")[2]
    return texts
