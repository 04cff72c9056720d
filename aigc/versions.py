"""Versions of a campaign from before it was corrected, beside it in `.undo`; the last 20."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from aigc import edits, export, sheet
from aigc.campaign import Campaign, Edits
from aigc.disk import write, writing
from aigc.stage import STAGES

HOME = ".undo"  # beside the campaigns
MOST = 20
_LAST = (*(f"{stage}.json" for stage in STAGES), "campaign.json")  # these make a folder whole
_MADE_OF_IT = ("index.html", "zips")  # what can be made of a campaign at any time


def count(folder: Path) -> int:
    """How many versions there are."""
    return len(_numbers(folder))


@contextlib.contextmanager
def before(folder: Path, wanted: Edits) -> Iterator[None]:
    """Keep what a finished campaign is before it gets other corrections; bring it back on failure.

    The folder is to be held. What is not finished, or stays as it is, is not kept.
    """
    if not (folder / "brief.json").exists():
        drop(folder)  # of one by that name that was deleted
    there = export.finished_edits(folder)
    if there is None or edits.said(there) == edits.said(wanted):
        yield
        return
    _keep(folder)
    try:
        yield
    except BaseException:  # Ctrl-C too: whoever stops a correction wants what was there
        restore(folder)
        raise


def restore(folder: Path) -> Campaign:
    """Bring the last version back; there has to be one.

    Stopped at any point, the same brings it back again.
    """
    version = _home(folder) / str(_numbers(folder)[-1])
    kept = _files(version)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        export.forget(folder, STAGES[0])
        for path in _files(folder):
            if path not in kept:
                (folder / path).unlink()
        for path in sorted(kept, key=lambda path: _LAST.index(path) if path in _LAST else -1):
            (folder / path).parent.mkdir(exist_ok=True)
            part = (folder / path).with_name(f".{Path(path).name}.part")
            part.unlink(missing_ok=True)
            _link(version / path, part)
            part.replace(folder / path)
            part.unlink(missing_ok=True)  # two names of one file: the system leaves both
        campaign = export.load(folder)
        write(folder / "index.html", sheet.render(campaign).encode())
        shutil.rmtree(version)
    return campaign


def drop(folder: Path) -> None:
    """Delete all versions of a campaign."""
    with writing(folder):
        if _home(folder).exists():
            shutil.rmtree(_home(folder))


def _keep(folder: Path) -> None:
    home, numbers = _home(folder), _numbers(folder)
    number = numbers[-1] + 1 if numbers else 1
    with writing(home):
        part = home / f".{number}"  # not a version until it is whole
        shutil.rmtree(part, ignore_errors=True)
        for path in _files(folder):
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            _link(folder / path, part / path)
        part.rename(home / str(number))
        for old in numbers[: max(0, len(numbers) + 1 - MOST)]:
            shutil.rmtree(home / str(old))


def _files(folder: Path) -> list[str]:
    """A campaign's files, but for hidden ones and what can be made of it at any time."""
    inside = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in inside
        if path.parts[0] not in _MADE_OF_IT and not any(part[0] == "." for part in path.parts)
    )


def _link(old: Path, new: Path) -> None:
    """Give a file another name, or make a copy: files are replaced, never written into."""
    try:
        os.link(old, new)
    except OSError:  # a file system without links, or another one
        shutil.copy2(old, new)


def _home(folder: Path) -> Path:
    return folder.resolve().parent / HOME / folder.resolve().name


def _numbers(folder: Path) -> list[int]:
    """The versions, oldest first."""
    home = _home(folder)
    found = home.iterdir() if home.is_dir() else ()
    return sorted(int(path.name) for path in found if path.name.isdigit())
