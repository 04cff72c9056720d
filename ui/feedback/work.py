"""Importing logs, summing them up and learning from them: each a process of its own."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aigc import feedback, tables
from aigc.disk import write
from aigc.errors import BriefError
from aigc.feedback.names import FIELDS
from aigc.feedback.store import Imported
from aigc.feedback.summary import Summary

from .. import command
from . import evidence, weights

_FOLDER = ".feedback"  # in a home
_REPORT, _SUMMARY = "report.html", "summary.json"
_KINDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_LEARNED = "learned.json"


def bring(within: Path, uploaded: Sequence[str]) -> Path:
    """Take logs into a folder of their own; raises BriefError for what is no log."""
    folder = within / "logs" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    for each in map(Path, uploaded):
        if tables.kind(each) not in _KINDS:
            raise BriefError(f"'{each.name}': logs are read from {', '.join(_KINDS)}; save as CSV")
        shutil.copyfile(each, folder / each.name)
    return folder


def columns(folder: Path) -> list[str]:
    """The columns that any of the logs has; of those that cannot be read, none."""
    found: dict[str, None] = {}
    for path in _logs(folder):
        try:
            found.update(dict.fromkeys(tables.columns(path)))
        except BriefError:
            continue
    return list(found)


async def import_logs(
    home: Path,
    folder: Path,
    chosen: Mapping[str, str],
    ignored: Sequence[str],
    *,
    dry_run: bool,
) -> Imported:
    """Import logs into a home's database, or only say what would come of it.

    `chosen` says which column holds a field. Raises AigcError with what is wrong.
    """
    known = set(columns(folder))
    said = ["feedback", "import", "--json", "-o", str(home.resolve())]
    for field, column in chosen.items():
        if field in FIELDS and column in known:
            said.append(f"--{field}={column}")
    said += [f"--ignore={column}" for column in ignored if column in known]
    said += ["--dry-run"] if dry_run else []
    home.mkdir(parents=True, exist_ok=True)
    out = await command.output([*said, "--", *(path.name for path in _logs(folder))], folder)
    return Imported.model_validate_json(out)


async def summed_up(home: Path) -> Summary | None:
    """What the logs of a home say, and its report; None where there are none."""
    if not feedback.database(home).exists():
        return None
    kept = home / _FOLDER / _SUMMARY
    if kept.exists() and kept.stat().st_mtime > feedback.database(home).stat().st_mtime:
        try:
            return _summary(kept.read_bytes())
        except ValueError:  # of another version
            pass
    place = home.resolve()
    (place / _FOLDER).mkdir(exist_ok=True)
    # Named by the folder's own name: a report shows where it is from.
    said = ["feedback", "report", place.name, "--to", str(place / _FOLDER / _REPORT), "--json"]
    out = await command.output(said, place.parent)
    write(kept, out)
    return _summary(out)


def report(home: Path) -> str:
    """The whole report as a page of its own; empty where there is none."""
    try:
        return (home / _FOLDER / _REPORT).read_text("utf-8")
    except OSError:
        return ""


async def learn(home: Path, log: Path | None) -> dict[str, Any]:
    """Learn which texts draw clicks, from a log of tests or from what was imported.

    Raises AigcError where it is too little, or the model that reads texts is not there.
    """
    path = weights.place(home).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if log is None:
        log = path.parent / "tests.csv"
        evidence.save(evidence.gathered(home), log)
    fresh = path.with_suffix(".new.json")
    said = ["learn", "copy", log.name, "-o", str(fresh), "--json"]
    found: dict[str, Any] = json.loads(await command.output(said, log.parent))
    fresh.replace(path)
    write(path.parent / _LEARNED, json.dumps(found).encode())
    return found


def learned(home: Path) -> dict[str, Any] | None:
    """What was learned last; None where nothing was."""
    try:
        path = weights.place(home)
        found: dict[str, Any] = json.loads((path.parent / _LEARNED).read_text("utf-8"))
        return found if path.exists() else None
    except (OSError, ValueError):
        return None


def _logs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _summary(out: bytes) -> Summary:
    table = json.loads(out)
    table.pop("file", None)
    return Summary.model_validate(table)
