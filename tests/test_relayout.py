"""A failing poster is laid out anew, at most twice; the best is kept; resuming repeats it."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import plain
import pytest
from PIL import Image

from aigc import export, pipeline
from aigc.campaign import Campaign, Poster, Slots
from aigc.errors import BriefError
from aigc.recipe import Recipe
from aigc.typeset import PlanRequest, SetRequest

# Where each layout puts the headline; the product stands at 0.4 to 0.6.
GOOD = (0.1, 0.1, 0.9, 0.2)
OVER_THE_PRODUCT = (0.4, 0.4, 0.6, 0.6)
AND_OVER_THE_EDGE = (0.4, 0.4, 0.999, 0.6)


class Fickle(plain.PlainTypesetter):
    """Goes through LAYOUTS, leaving out what it is told to avoid."""

    __module__ = "aigc.typeset.plain"

    def plan(self, requests: Sequence[PlanRequest]) -> list[Slots]:
        """Take the first that is left; the last where none is."""
        slots = []
        for request in requests:
            left = [name for name in LAYOUTS if name not in request.avoid]
            name = left[0] if left else list(LAYOUTS)[-1]
            slots.append(Slots(layout=name, product=(0.4, 0.4, 0.6, 0.6)))
        return slots

    def set(self, requests: Sequence[SetRequest]) -> list[Poster]:
        """Put a headline where the layout says."""
        posters = []
        for request, poster in zip(requests, super().set(requests), strict=True):
            layout = request.scene.slots.layout
            if LAYOUTS[layout] is None:
                raise BriefError("the texts do not fit")
            stream = io.BytesIO()
            Image.new("RGB", poster.size, "white").save(stream, "JPEG", comment=layout.encode())
            boxes = {**poster.boxes, "headline": LAYOUTS[layout]}
            changes = {"boxes": boxes, "layout": layout, "data": stream.getvalue()}
            posters.append(poster.model_copy(update={**changes, "contrast": {"headline": 9.0}}))
        return posters


LAYOUTS: dict[str, Any] = {}


@pytest.fixture
def recipe(plain_recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setattr(plain.MODULES["aigc.typeset.plain"], "Backend", Fickle)
    # What is tested is the loop: the drawn posters have no letters to measure.
    monkeypatch.setattr("aigc.typeset.judge.ground.reached", lambda *_: 9.0)
    return Recipe.load(backends=dict.fromkeys(plain_recipe.table(), "plain"))


@pytest.fixture
def run(recipe: Recipe, fields: dict[str, Any], tmp_path: Path) -> Any:
    def made(folder: str = "o", **layouts: Any) -> Campaign:
        LAYOUTS.clear()
        LAYOUTS.update(layouts)
        asked = fields | {"channels": ("instagram-square",)}
        return pipeline.run(asked, recipe, outputs=tmp_path / folder)

    return made


def fails(campaign: Campaign) -> list[str]:
    verdict = campaign.posters[0].verdict
    assert verdict is not None
    return [mark.check for mark in verdict.at("fail")]


def test_a_good_poster_is_set_once(run: Any) -> None:
    made = run(first=GOOD, second=GOOD)
    assert (made.posters[0].layout, made.scenes[0].tried, fails(made)) == ("first", (), [])
    assert plain.CALLS.count("scene") == plain.CALLS.count("typeset") == 1


def test_a_failing_one_is_laid_out_anew_on_a_scene_of_its_own(run: Any) -> None:
    made = run(first=OVER_THE_PRODUCT, second=GOOD, third=GOOD)
    assert (made.posters[0].layout, made.scenes[0].tried, fails(made)) == ("second", ("first",), [])
    assert made.scenes[0].slots.layout == "second"
    assert plain.CALLS.count("scene") == plain.CALLS.count("typeset") == 2
    saved = json.loads((Path(made.folder) / "scene.json").read_text())["scenes"][0]
    assert saved["slots"]["layout"] == "second"
    assert export.load(made.folder).posters == made.posters


def test_the_best_of_three_is_kept_and_its_failure_told(run: Any) -> None:
    made = run(first=AND_OVER_THE_EDGE, second=OVER_THE_PRODUCT, third=AND_OVER_THE_EDGE, no=GOOD)
    assert made.posters[0].layout == made.scenes[0].slots.layout == "second"
    assert set(made.scenes[0].tried) == {"first", "third"}
    assert fails(made) == ["covering"]
    told = json.loads((Path(made.folder) / "campaign.json").read_text())["posters"][0]["verdict"]
    assert "headline" in next(row["remedy"] for row in told["marks"] if row["level"] == "fail")


def test_the_first_is_kept_where_no_other_is_better(run: Any) -> None:
    made = run(first=OVER_THE_PRODUCT, second=OVER_THE_PRODUCT)
    assert (made.posters[0].layout, made.scenes[0].tried) == ("first", ("second",))


def test_no_other_layout_is_no_error(run: Any) -> None:
    made = run(only=OVER_THE_PRODUCT)
    assert (made.posters[0].layout, fails(made)) == ("only", ["covering"])
    assert plain.CALLS.count("scene") == 1


def test_a_layout_that_cannot_hold_the_texts_is_passed_over(run: Any) -> None:
    made = run(first=OVER_THE_PRODUCT, second=None, third=GOOD)
    assert (made.posters[0].layout, fails(made)) == ("third", [])


@pytest.mark.parametrize(
    "layouts",
    [
        {"first": OVER_THE_PRODUCT, "second": GOOD},
        {"first": AND_OVER_THE_EDGE, "second": OVER_THE_PRODUCT, "third": AND_OVER_THE_EDGE},
        {"first": OVER_THE_PRODUCT, "second": OVER_THE_PRODUCT, "third": OVER_THE_PRODUCT},
    ],
)
@pytest.mark.parametrize("stage", ["scene", "typeset"])
def test_a_resumed_run_ends_the_same(
    run: Any, tmp_path: Path, stage: str, layouts: dict[str, Any]
) -> None:
    made = run(**layouts)
    folder = tmp_path / "again" / made.id
    shutil.copytree(made.folder, folder)
    export.forget(folder, stage)
    again = run("again", **layouts)
    assert again.folder == str(folder)
    names = ("scene/instagram-square.jpg", made.posters[0].file)
    for name in names:
        assert (folder / name).read_bytes() == (Path(made.folder) / name).read_bytes()
    assert again.scenes[0].tried == made.scenes[0].tried
    assert again.posters[0].verdict == made.posters[0].verdict


def test_an_interrupted_run_ends_the_same(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the saving of the new scenes and of the posters on them."""
    layouts = {"first": OVER_THE_PRODUCT, "second": OVER_THE_PRODUCT, "third": GOOD}
    made = run(**layouts)
    real = export.save_stage

    def stopped(campaign: Campaign, stage: str) -> None:
        if stage == "typeset":
            raise KeyboardInterrupt
        real(campaign, stage)

    monkeypatch.setattr(export, "save_stage", stopped)
    with pytest.raises(KeyboardInterrupt):
        run("stopped", **layouts)
    monkeypatch.setattr(export, "save_stage", real)
    again = run("stopped", **layouts)
    assert again.posters[0].data == made.posters[0].data
    assert again.scenes[0].tried == made.scenes[0].tried
