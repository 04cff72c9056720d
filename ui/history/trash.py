"""The bin: what was deleted can be brought back until the bin is emptied."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from aigc import export, versions
from aigc.disk import writing
from aigc.errors import ExportError

TRASH = ".trash"  # in the home; each thing in a folder of its own, so that names never collide


class Thrown(NamedTuple):
    """A thing in the bin."""

    key: str
    folder: str  # its name in the home
    name: str  # of the product


def throw(folder: Path) -> str:
    """Put a campaign or batch into the bin and give its key.

    Raises ExportError where it is being written.
    """
    with export.open_folder(folder), writing(folder):
        key = str(time.time_ns())
        place = folder.parent / TRASH / key
        place.mkdir(parents=True)
        folder.rename(place / folder.name)
    return key


def thrown(home: Path) -> list[Thrown]:
    """What is in the bin, the latest first."""
    found = [path for path in (home / TRASH).glob("*/*") if path.is_dir()]
    latest = sorted(found, key=lambda path: path.parent.name, reverse=True)
    return [Thrown(path.parent.name, path.name, _name(path)) for path in latest]


def bring_back(home: Path, key: str) -> str:
    """Put a thing back where it was and give its folder's name; raises ExportError."""
    found = {each.key: each for each in thrown(home)}
    if key not in found:
        raise ExportError("it is not in the bin any more; look at the history again")
    name = found[key].folder
    if (home / name).exists():
        raise ExportError(f"'{name}' is there again; delete that one first")
    with writing(home):
        (home / TRASH / key / name).rename(home / name)
        (home / TRASH / key).rmdir()
    return name


def empty(home: Path) -> None:
    """Delete for good what is in the bin."""
    for each in thrown(home):
        if not (home / each.folder).exists():
            versions.drop(home / each.folder)
    with writing(home):
        if (home / TRASH).exists():
            shutil.rmtree(home / TRASH)


def _name(path: Path) -> str:
    try:
        return str(json.loads((path / "brief.json").read_text("utf-8"))["name"])
    except (OSError, ValueError, LookupError, TypeError):
        return path.name
