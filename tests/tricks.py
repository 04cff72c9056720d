"""What a product can do to the plain stages: `at rank die` among its features, and they do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from aigc.campaign import Brief
from aigc.errors import ModelError


def play(stage: str, briefs: Iterable[Brief]) -> None:
    """Do what these products ask to be done at this stage."""
    for brief in briefs:
        for feature in brief.features:
            match feature.split():
                case ["at", where, trick, *rest] if where == stage:
                    TRICKS[trick](*rest)


def _sleep(seconds: str) -> None:
    """Take so long."""
    time.sleep(float(seconds))


def _die(once: str = "") -> None:
    """Kill the process, each time or once: the first to make this file."""
    if once:
        try:
            Path(once).touch(exist_ok=False)
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)


def _wait(path: str) -> None:
    """Say who is here, then wait until that file is gone."""
    Path(path).write_text(str(os.getpid()))
    while Path(path).exists():
        time.sleep(0.01)


def _refuse() -> None:
    """Raise what a backend raises on purpose."""
    raise ModelError("no weights for 'it'; fetch them first")


def _crash() -> None:
    """Raise what no backend should."""
    raise ZeroDivisionError("by 'nothing'")


def _fill(folder: str, name: str) -> None:
    """Let the disk be full where this file of the campaign `folder-*` would be written."""
    (found,) = Path(folder).parent.glob(f"{Path(folder).name}-*")
    (found / f".{name}.part").symlink_to("/dev/full")


TRICKS = {
    "sleep": _sleep,
    "die": _die,
    "wait": _wait,
    "refuse": _refuse,
    "crash": _crash,
    "fill": _fill,
}
