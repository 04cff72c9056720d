"""What tests share: plain stages for the flow, and one real campaign."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plain
import pytest
from hypothesis import settings
from pictures import mug, save

from aigc import pipeline, stage
from aigc.campaign import Campaign
from aigc.recipe import Recipe

# The suite draws the same examples each time; `pytest --hypothesis-profile=default` draws others.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

CHANNELS = ("iab-rectangle", "iab-leaderboard")


@pytest.fixture
def plain_recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipe]:
    """Give a recipe of the plain stages, which are backends like any other meanwhile."""
    real = stage.backends
    monkeypatch.setattr(stage, "backends", lambda name: (*real(name), "plain"))
    for name, module in plain.MODULES.items():
        monkeypatch.setitem(sys.modules, name, module)
    plain.CALLS.clear()
    plain.FAIL.clear()
    yield Recipe.load(backends=dict.fromkeys(stage.STAGES, "plain"))
    plain.FAIL.clear()


@pytest.fixture
def plain_everywhere(plain_recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Give that recipe, known to every Python process that is started meanwhile."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "batches" / "everywhere"))
    return plain_recipe


@pytest.fixture
def fields(tmp_path: Path) -> dict[str, Any]:
    """Give the fields of a small brief, its photo drawn."""
    photo = save(mug(backdrop="wood"), tmp_path / "mug.png")
    return {
        "name": "Green Mug",
        "photo": str(photo),
        "price": "$12",
        "features": ["holds 400 ml", "fits most cup holders"],
        "channels": CHANNELS,
        "seed": 3,
    }


@pytest.fixture(scope="session")
def real_fields(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the fields of the brief behind `real`."""
    photo = save(mug(480), tmp_path_factory.mktemp("photo") / "mug.png")
    return {
        "name": "Green Mug",
        "photo": str(photo),
        "price": "$12",
        "features": ("holds 400 ml", "fits most cup holders"),
        "channels": CHANNELS,
        "seed": 3,
    }


@pytest.fixture(scope="session")
def real(real_fields: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Give a campaign of two small channels, made by the builtin backends; do not change it."""
    return pipeline.run(real_fields, outputs=tmp_path_factory.mktemp("outputs"))
