"""Batches as processes of their own: they go on when the page is closed, and are found again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from slugify import slugify

from aigc.batches import PRIVATE
from aigc.disk import write, writing
from aigc.errors import ExportError
from aigc.recipe import Recipe

from .. import command
from .drafts import PHOTOS
from .reading import ROWS

LOG = "log.jsonl"
SAID = "said.txt"  # what the process printed
_PROCESS = "process.json"
_RECIPE = "recipe.toml"
_MINE: dict[Path, subprocess.Popen[bytes]] = {}  # those of this server, so that none is a zombie


def desk(batch: Path) -> Path:
    """Where the page keeps what a batch was given and says; not served to anyone."""
    return batch / PRIVATE / "page"


def begin(home: Path, name: str, draft: Path, recipe: Recipe) -> Path:
    """Start a new batch of a draft, which moves into it; gives the batch's folder.

    Raises ExportError where another one of this home is running.
    """
    _check_none_runs(home)
    slug = slugify(name, max_length=60) or "catalogue"
    taken = {path.name for path in home.iterdir()} if home.exists() else set()
    names = (slug, *(f"{slug}-{number}" for number in range(2, 10_000)))
    batch = home / next(each for each in names if each not in taken)
    with writing(batch):
        desk(batch).parent.mkdir(parents=True)
        shutil.move(draft, desk(batch))
        write(desk(batch) / "name.txt", name.encode("utf-8", "replace"))
        write(desk(batch) / _RECIPE, _toml(recipe.table()).encode())
    _start(batch, [ROWS])
    return batch


def resume(batch: Path) -> None:
    """Go on with a batch that was stopped."""
    _check_none_runs(batch.parent)
    _start(batch, [ROWS])


def retry(batch: Path) -> None:
    """Make again what failed, as it was mended."""
    _check_none_runs(batch.parent)
    _start(batch, ["--retry-failed"])


def stop(batch: Path) -> None:
    """Ask a batch to stop, as Ctrl-C does; what it has made is kept."""
    process = _process(batch)
    if process is not None:
        process.send_signal(signal.SIGINT)


def is_running(batch: Path) -> bool:
    """Whether a batch is being made just now."""
    return _process(batch) is not None


def running(home: Path) -> str:
    """The name of the batch that is being made in a home; empty where none is."""
    found = (path.parent.parent.parent for path in home.glob(f"*/{PRIVATE}/page/{_PROCESS}"))
    return next((batch.name for batch in found if is_running(batch)), "")


def batches(home: Path) -> list[Path]:
    """The batches that were made with the page, the latest first."""
    found = [path.parent.parent for path in home.glob(f"*/{PRIVATE}/page")]
    return sorted(found, key=lambda batch: desk(batch).stat().st_mtime, reverse=True)


def title(batch: Path) -> str:
    """What the merchant called a batch."""
    try:
        return (desk(batch) / "name.txt").read_text("utf-8") or batch.name
    except OSError:
        return batch.name


def estimate(draft: Path, recipe: Recipe) -> list[str]:
    """What `aigc` is to be told, in a draft, to say as JSON what it would take."""
    write(draft / _RECIPE, _toml(recipe.table()).encode())
    return _said(draft / "estimate", ["--dry-run", "--json", ROWS])


def _start(batch: Path, what: list[str]) -> None:
    place = desk(batch)
    said = _said(batch, [*what, "--log-json", LOG])
    with writing(batch), (place / SAID).open("wb") as stream:
        process = subprocess.Popen(
            command.line(*said),
            cwd=place,
            env=command.environment(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        _MINE[batch.resolve()] = process
        told = {"process": process.pid, "began": psutil.Process(process.pid).create_time()}
        write(place / _PROCESS, json.dumps(told).encode())


def _said(output: Path, what: list[str]) -> list[str]:
    """What `aigc` is to be told in a draft, or in the desk of a batch."""
    return ["batch", "--recipe", _RECIPE, "--photos", PHOTOS, "-o", str(output.resolve()), *what]


def _process(batch: Path) -> psutil.Process | None:
    """The process that makes a batch, whichever server began it."""
    mine = _MINE.get(batch.resolve())
    if mine is not None and mine.poll() is not None:
        del _MINE[batch.resolve()]
    try:
        told = json.loads((desk(batch) / _PROCESS).read_text("utf-8"))
        process = psutil.Process(int(told["process"]))
        same = abs(process.create_time() - float(told["began"])) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, LookupError, TypeError, psutil.Error):
        return None


def _check_none_runs(home: Path) -> None:
    if busy := running(home):
        raise ExportError(f"'{busy}' is being made; stop it first, or wait for it")


def _toml(table: Mapping[str, Mapping[str, Any]]) -> str:
    """A recipe as a file; what has no value is left out, which means the same."""
    lines = []
    for stage, row in table.items():
        lines.append(f"[{stage}]")
        lines += [
            f"{name} = {json.dumps(value)}" for name, value in row.items() if value is not None
        ]
    return "\n".join(lines) + "\n"
