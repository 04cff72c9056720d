"""Finds the words of the project: templates, grammars and styles under prompts/."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_INSTALLED = Path(__file__).parent / "_prompts"
_CHECKOUT = Path(__file__).parent.parent / "prompts"


def path(name: str) -> Path:
    """Where a file or folder of prompts/ is, in a checkout or an installed wheel."""
    return (_INSTALLED if _INSTALLED.is_dir() else _CHECKOUT) / name


def text(name: str) -> str:
    """Read a prompt file, e.g. `copywrite/instruct.txt`."""
    return path(name).read_text("utf-8")


@cache
def table(name: str) -> dict[str, Any]:
    """Read a TOML file of prompts/, e.g. `copywrite/en.toml`; read once, do not change it."""
    return tomllib.loads(text(name))
