"""Finished campaigns of plain stages, and the review's desk that they lie on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gradio as gr
import plain
import pytest
from pictures import mug, save
from tabs_kit import NoLine

from aigc import pipeline, stage
from aigc.recipe import Recipe
from ui.house import House, Page
from ui.review.desk import Desk
from ui.review.work import Work, read
from ui.words import speaker


def finished(folder: Path, **fields: Any) -> Work:
    """A campaign of plain stages below a folder."""
    real = stage.backends
    photo = str(save(mug(240, backdrop="wood"), folder / "mug.png"))
    given = {"name": "Green Mug", "price": "$12", "photo": photo, "seed": 3, **fields}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "backends", lambda name: (*real(name), "plain"))
        for name, module in plain.MODULES.items():
            patch.setitem(sys.modules, name, module)
        recipe = Recipe.load(backends=dict.fromkeys(stage.STAGES, "plain"))
        campaign = pipeline.run(given, recipe, outputs=folder / "outputs")
    return read(Path(campaign.folder))


class BareDesk(Desk):
    """A desk that lies on no page yet: it knows where files are served."""

    def __init__(self, page: Page) -> None:
        self.page = page


def desk(work: Work, language: str = "en") -> Desk:
    """The review's desk in a house that has the campaign."""
    house = House(work.folder.parent, work.folder.parent / "scratch", NoLine(), Recipe.load())
    return BareDesk(Page(language, speaker(language), house, gr.State(""), gr.State(""), gr.Tabs()))
