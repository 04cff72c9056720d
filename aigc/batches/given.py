"""What a batch is given: a brief in any form, and what it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc import brief as briefs
from aigc.batches import Entry, Wrong
from aigc.campaign import Brief
from aigc.errors import BriefError
from aigc.recipe import Recipe

Given = Brief | Mapping[str, Any] | str | Path | Entry


def said(recipe: Recipe) -> str:
    """What a recipe says, and what the files and models that it names hold."""
    table = {
        stage: row | recipe[stage].files | recipe[stage].materials
        for stage, row in recipe.table().items()
    }
    return json.dumps(table, sort_keys=True, default=str)


def known_by(brief: Brief, recipe: str) -> str:
    """Same brief, photo file and recipe (as `said`), same key; the photo is not opened for it."""
    parts = [brief.model_dump_json(), recipe]
    try:
        state = Path(brief.photo.removeprefix("file://")).stat()
        parts.append(f"{state.st_size} {state.st_mtime_ns}")
    except (OSError, ValueError):
        pass  # no file of this machine: known by its name
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def entry_of(number: int, given: Given) -> Entry:
    """Which product of the batch it is, and what was said of it."""
    if isinstance(given, Entry):
        return given
    if isinstance(given, Brief):
        return Entry(number=number, fields=given.model_dump(mode="json", exclude_defaults=True))
    if isinstance(given, str | Path):
        return Entry(number=number, where=str(given))
    if isinstance(given, Mapping):
        return Entry(number=number, fields=dict(given))
    wrong = Wrong(column="", says=f"brief = {type(given).__name__}: give a Brief, fields or a path")
    return Entry(number=number, wrong=(wrong,))


def brief_of(entry: Entry, given: Given) -> Brief:
    """The brief that was given; raises BriefError with all that is wrong with it."""
    if entry.wrong:
        says = (f"{each.column}: {each.says}" if each.column else each.says for each in entry.wrong)
        raise BriefError("; ".join(says))
    if isinstance(given, Brief):
        return given
    return briefs.load(given) if isinstance(given, str | Path) else briefs.make(entry.fields)
