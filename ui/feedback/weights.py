"""Weights that a merchant's own clicks taught: kept in the home, and used where they chose so."""

from __future__ import annotations

import json
from pathlib import Path

from aigc.disk import write
from aigc.recipe import Recipe

_FOLDER = ".weights"  # in a home
FILE = "clicks.json"
_USED = "used.json"


def place(home: Path) -> Path:
    """Where the weights of a home are, or will be."""
    return home / _FOLDER / FILE


def in_use(home: Path) -> Path | None:
    """The weights that the next campaigns of a home are ranked by; None: none were chosen."""
    path = place(home)
    try:
        used = json.loads((home / _FOLDER / _USED).read_text("utf-8")) is True
    except (OSError, ValueError):
        return None
    return path if used and path.exists() else None


def use(home: Path, wanted: bool) -> None:
    """Rank the next campaigns by the weights that were learned, or not."""
    write(home / _FOLDER / _USED, json.dumps(wanted).encode())


def with_weights(recipe: Recipe, home: Path) -> Recipe:
    """A recipe with the weights of a home, where they are in use and it names no others."""
    path = in_use(home)
    table = recipe.table()
    if path is None or table["rank"].get("weights") or "weights" not in table["rank"]:
        return recipe
    return Recipe.of(table, options=[f"rank.weights={path.resolve()}"])
