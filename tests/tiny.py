"""Tiny models of random weights, saved to disk and loaded by the ordinary path.

The painters are in tiny_diffusion.py, language and vision-language models in tiny_language.py,
CLIP and its relatives in tiny_clip.py. Random weights prove shapes, order and repeatability, and
never that a result is any good.
"""

from __future__ import annotations

import atexit
import importlib
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aigc import stage

# Which module says how a backend is run here: its `options(stage, backend)` gives tiny models.
_WHERE = {
    "diffusion": "tiny_diffusion",
    "vlm": "tiny_language",
    "llm": "tiny_language",
    "clip": "tiny_clip",
    "endpoint": "loopback",
}


def options(name: str, backend: str) -> dict[str, Any]:
    """Options with which a backend runs on this machine, without a network; {} for most."""
    if backend not in _WHERE:
        return {}
    found: dict[str, Any] = importlib.import_module(_WHERE[backend]).options(name, backend)
    return found


def configured(name: str, backend: str) -> stage.Stage:
    """Make a backend that runs here."""
    return stage.configure(name, backend, options(name, backend))


@cache
def home() -> Path:
    """Where this process keeps its tiny models; gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="aigc-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
