"""Corrections: the folder ends as a run from scratch would leave it, and the rest is left alone."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plain
import pytest
from PIL import Image

from aigc import cli, export, pipeline, versions
from aigc.campaign import Campaign, EditedCopy, Edits, Tweak
from aigc.errors import BriefError, ExportError, ModelError
from aigc.recipe import Recipe
from aigc.revise import locked, revise, undo
from aigc.revise import versions as count

Fields = dict[str, Any]
Rewrite = Callable[[Campaign, Path], Edits]


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a campaign with what it holds."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def dates(folder: Path) -> dict[str, int]:
    """When each picture was written."""
    paths = [*folder.glob("scene/*"), *folder.glob("typeset/*")]
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in paths}


def draw(path: Path, campaign: Campaign) -> str:
    """A matte of half the photo's size that takes its left two thirds."""
    assert campaign.photo is not None
    height, width = campaign.photo.pixels.shape[:2]
    drawn = np.zeros((height // 2, width // 2), np.uint8)
    drawn[10:-10, 10 : width // 3] = 255
    Image.fromarray(drawn).save(path)
    return str(path)


EDITS: dict[str, Rewrite] = {
    "caption": lambda _made, _path: Edits(caption="A mug by the window."),
    "tags": lambda _made, _path: Edits(tags=("mug", "gift")),
    "matte": lambda made, path: Edits(matte=draw(path / "drawn.png", made)),
    "text": lambda made, _path: Edits(
        texts={made.posters[0].copy_id: EditedCopy(headline="Mine", body="All mine")}
    ),
    "lead": lambda made, _path: Edits(lead=made.ranked()[-1].id),
    "style": lambda _made, _path: Edits(style="christmas"),
    "seed": lambda _made, _path: Edits(seed=77),
    "poster's text": lambda made, _path: Edits(
        posters={made.posters[1].id: Tweak(copy_id=made.ranked()[3].id)}
    ),
    "poster's look": lambda made, _path: Edits(
        posters={made.posters[0].id: Tweak(style="minimal", seed=5)}
    ),
    "poster's places": lambda made, _path: Edits(
        posters={made.posters[0].id: Tweak(product=(0.02, 0), text=(0, 0.02), scale=1.1)}
    ),
    "locked": lambda made, _path: Edits(
        style="christmas", posters={made.posters[0].id: locked(made, made.posters[0].id)}
    ),
}


@pytest.fixture
def made(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> Campaign:
    """Make a campaign with the plain stages, two posters a channel."""
    return pipeline.run(fields | {"variants": 2}, plain_recipe, outputs=tmp_path / "made")


@pytest.mark.parametrize("kind", EDITS)
def test_a_revision_ends_as_a_run_from_scratch(
    made: Campaign, plain_recipe: Recipe, tmp_path: Path, kind: str
) -> None:
    folder = Path(made.folder)
    edits = EDITS[kind](made, tmp_path)
    revised = revise(folder, edits)
    asked = made.brief.model_copy(update={"edits": edits})
    fresh = pipeline.run(asked, plain_recipe, outputs=tmp_path / "fresh")
    assert fresh.id == made.id
    assert files(folder) == files(Path(fresh.folder))
    assert [each.data for each in revised.posters] == [each.data for each in fresh.posters]
    assert export.load(folder).brief.edits.model_dump(exclude={"matte"}) == edits.model_dump(
        exclude={"matte"}
    )


def test_only_what_changed_is_written_again(made: Campaign) -> None:
    folder, first = Path(made.folder), made.posters[0]
    before = dates(folder)
    plain.CALLS.clear()
    revise(folder, Edits(posters={first.id: Tweak(seed=9)}))
    assert plain.CALLS == ["scene", "typeset"]
    after = dates(folder)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"scene/{first.id}.jpg", first.file}


def test_a_taken_back_correction_asks_no_backend(made: Campaign, tmp_path: Path) -> None:
    folder = Path(made.folder)
    before = files(folder)
    both = Edits(
        caption="Other.",
        matte=EDITS["matte"](made, tmp_path).matte,
        texts=EDITS["text"](made, tmp_path).texts,
    )
    revise(folder, both)
    plain.CALLS.clear()
    revise(folder, both.model_copy(update={"texts": {}}))
    assert {"caption", "copywrite"}.isdisjoint(plain.CALLS)
    revise(folder, Edits())
    assert "caption" not in plain.CALLS
    assert files(folder) == before


def test_the_matte_is_the_cut_out(made: Campaign, tmp_path: Path) -> None:
    revised = revise(made.folder, EDITS["matte"](made, tmp_path))
    assert revised.caption is not None
    assert revised.caption.subject[2] == pytest.approx(2 / 3, abs=0.02)
    assert (revised.caption.confidence, revised.caption.note) == (1.0, "")
    assert revised.caption.palette != made.caption.palette  # type: ignore[union-attr]
    assert [each.data for each in revised.posters] != [each.data for each in made.posters]
    # As a page sends it back: by its name in the folder.
    again = revise(made.folder, Edits(matte="matte.png", seed=2))
    assert np.array_equal(again.caption.cutout, revised.caption.cutout)  # type: ignore[union-attr]


def test_a_locked_poster_stays_as_it_is(made: Campaign) -> None:
    folder = Path(made.folder)
    ids = [poster.id for poster in made.posters]
    lock = {each: locked(made, each) for each in ids[:2]}
    lead = made.ranked()[-1].id
    before = dates(folder)
    revised = revise(folder, Edits(posters=lock, style="christmas", seed=33, lead=lead))
    assert [each.data for each in revised.posters[:2]] == [each.data for each in made.posters[:2]]
    kept = {name for name, date in dates(folder).items() if before[name] == date}
    assert kept == {f"{part}/{each}.jpg" for part in ("scene", "typeset") for each in ids[:2]}
    assert {revised.posters[2].copy_id} == {lead}


def test_a_run_on_a_brief_with_other_corrections_revises(
    made: Campaign, plain_recipe: Recipe
) -> None:
    folder = Path(made.folder)
    edits = Edits(seed=4)
    plain.CALLS.clear()
    asked = made.brief.model_copy(update={"edits": edits})
    pipeline.run(asked, plain_recipe, outputs=folder.parent)
    assert plain.CALLS == ["scene", "typeset", "typeset", "typeset", "typeset"]
    assert count(folder) == 1
    assert export.load(folder).brief.edits == edits


def test_undo_brings_each_version_back(made: Campaign) -> None:
    folder = Path(made.folder)
    states = [files(folder)]
    for seed in (1, 2):
        revise(folder, Edits(seed=seed))
        states.append(files(folder))
    revise(folder, Edits(seed=2))  # nothing to do, nothing to take back
    assert count(folder) == 2
    export.pack(folder)
    heard: list[str] = []
    undone = undo(folder, listener=lambda event: heard.append(event.stage))
    assert heard
    assert undone.brief.edits == Edits(seed=1)
    assert files(folder) == states[1]
    undo(folder)
    assert files(folder) == states[0]
    assert count(folder) == 0
    with pytest.raises(ExportError, match="nothing to take back"):
        undo(folder)


def test_versions_share_what_did_not_change_and_are_bounded(
    made: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(made.folder)
    monkeypatch.setattr(versions, "MOST", 3)
    first = made.posters[0].id
    for seed in range(5):
        revise(folder, Edits(posters={first: Tweak(seed=seed)}))
    assert count(folder) == 3
    (oldest, *_) = sorted((folder.parent / versions.HOME / folder.name).iterdir())
    assert oldest.name == "3"
    assert (oldest / "photo.png").samefile(folder / "photo.png")
    assert not (oldest / made.posters[0].file).samefile(folder / made.posters[0].file)


def test_a_campaign_made_anew_has_nothing_to_take_back(
    made: Campaign, fields: Fields, plain_recipe: Recipe
) -> None:
    folder = Path(made.folder)
    revise(folder, Edits(seed=1))
    shutil.rmtree(folder)
    pipeline.run(fields | {"variants": 2}, plain_recipe, outputs=folder.parent)
    assert count(folder) == 0


def test_versions_are_copies_where_there_are_no_links(
    made: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    folder = Path(made.folder)
    before = files(folder)
    revise(folder, Edits(seed=1))
    undo(folder)
    assert files(folder) == before


@pytest.mark.parametrize("stop", [ModelError("out of memory"), KeyboardInterrupt()])
@pytest.mark.parametrize("stage", ["scene", "typeset"])
def test_a_revision_that_fails_leaves_what_was_there(
    made: Campaign, stage: str, stop: BaseException
) -> None:
    folder = Path(made.folder)
    before = files(folder)
    plain.FAIL[stage] = stop
    with pytest.raises(type(stop)):
        revise(folder, Edits(seed=1))
    assert files(folder) == before
    assert count(folder) == 0
    plain.FAIL.clear()
    assert revise(folder, Edits(seed=1)).brief.edits.seed == 1


@pytest.mark.parametrize("by", ["run", "revise", "undo"])
@pytest.mark.parametrize("kind", ["matte", "text", "seed"])
def test_a_killed_revision_is_finished_or_undone(
    made: Campaign,
    plain_recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    by: str,
) -> None:
    folder = Path(made.folder)
    before = files(folder)
    edits = EDITS[kind](made, tmp_path)
    plain.FAIL["typeset"] = SystemExit(9)
    with monkeypatch.context() as patch:
        patch.setattr(versions, "restore", lambda _folder: None)  # a killed process cleans nothing
        with pytest.raises(SystemExit):
            revise(folder, edits)
    plain.FAIL.clear()
    with pytest.raises(ExportError, match="no finished campaign"):
        export.load(folder)
    asked = made.brief.model_copy(update={"edits": edits})
    if by == "undo":
        undo(folder)
        assert files(folder) == before
        return
    if by == "run":
        pipeline.run(asked, plain_recipe, outputs=folder.parent)
    else:
        revise(folder, edits)
    fresh = pipeline.run(asked, plain_recipe, outputs=tmp_path / "fresh")
    assert files(folder) == files(Path(fresh.folder))
    assert count(folder) == 1
    undo(folder)
    assert files(folder) == before


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        (Edits(lead="zz"), r"edits\.lead = 'zz': no such text; choose from c7, c6"),
        (Edits(texts={"zz": EditedCopy(headline="x")}), r"edits\.texts\.zz = 'zz': no such text"),
        (Edits(style="zz"), r"edits\.style = 'zz': no such style; choose from auto, "),
        (Edits(posters={"zz": Tweak()}), r"edits\.posters\.zz: no such poster; choose from iab-"),
        (
            Edits(posters={"iab-rectangle-1": Tweak(copy_id="zz")}),
            r"edits\.posters\.iab-rectangle-1\.copy_id = 'zz': no such text",
        ),
        (
            Edits(posters={"iab-rectangle-1": Tweak(layout="zz")}),
            r"edits\.posters\.iab-rectangle-1\.layout = 'zz': not for iab-rectangle; choose from ",
        ),
        (Edits(matte="none.png"), r"edits\.matte = 'none\.png': no readable picture"),
    ],
)
def test_a_correction_of_nothing_is_refused(made: Campaign, edits: Edits, says: str) -> None:
    folder = Path(made.folder)
    before = files(folder)
    with pytest.raises(BriefError, match=says) as error:
        revise(folder, edits)
    assert "\n" not in str(error.value)
    assert files(folder) == before
    assert count(folder) == 0


def test_a_matte_of_another_shape_or_of_nothing_is_refused(made: Campaign, tmp_path: Path) -> None:
    for size, says in (((90, 30), "not of the photo's shape"), ((64, 64), "shows no product")):
        Image.new("L", size).save(tmp_path / "drawn.png")
        with pytest.raises(BriefError, match=says):
            revise(made.folder, Edits(matte=str(tmp_path / "drawn.png")))


def test_nothing_but_a_campaign_can_be_revised(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no campaign folder"):
        revise(tmp_path / "none", Edits())


def test_the_command_line_takes_back(
    made: Campaign, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(made.folder)
    before = files(folder)
    lead = made.ranked()[-1]
    revise(folder, Edits(lead=lead.id))
    monkeypatch.setattr("sys.argv", ["aigc", "show", str(folder)])
    with pytest.raises(SystemExit):
        cli.main()
    assert lead.headline in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["aigc", "undo", str(folder)])
    for code in (0, 1):
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == code
    assert "nothing to take back" in capsys.readouterr().err
    assert files(folder) == before
