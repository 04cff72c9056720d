"""The campaign folder: whole or resumable, never half-written, whatever stops a run."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import plain
import pytest
from filelock import FileLock

from aigc import export, pipeline
from aigc.campaign import Brief, Photo
from aigc.errors import ExportError
from aigc.recipe import Recipe
from aigc.stage import STAGES

Fields = dict[str, Any]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the manifests, which hold times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".json", ".html")
    }


def names(folder: Path) -> set[str]:
    """Every file's name."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


WHOLE = {
    *(f"{stage}.json" for stage in STAGES),
    "brief.json",
    "brief.yaml",
    "campaign.json",
    "index.html",
    "photo.png",
    "recipe.toml",
    "cutout.png",
    "scene/iab-rectangle.jpg",
    "scene/iab-leaderboard.jpg",
    "typeset/iab-rectangle.jpg",
    "typeset/iab-leaderboard.jpg",
}


@pytest.fixture
def made(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> Path:
    """Make a campaign with the plain stages."""
    return Path(pipeline.run(fields, plain_recipe, outputs=tmp_path / "made").folder)


def test_folder_holds_what_it_should(made: Path) -> None:
    assert names(made) == WHOLE


def test_same_brief_again_makes_nothing(
    made: Path, fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    plain.CALLS.clear()
    pipeline.run(fields, plain_recipe, outputs=tmp_path / "made")
    assert plain.CALLS == []
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_everything_comes_back(made: Path, fields: Fields, plain_recipe: Recipe) -> None:
    saved = export.load(made)
    again = pipeline.run(fields, plain_recipe, outputs=made.parent)
    assert saved.ranking == again.ranking
    assert [each.data for each in saved.posters] == [each.data for each in again.posters]
    assert (saved.scenes[0].image == again.scenes[0].image).all()
    assert [step.stage for step in saved.steps] == list(STAGES)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RuntimeError("a bug"), MemoryError()])
def test_stopped_in_a_stage_then_resumed(
    made: Path,
    fields: Fields,
    plain_recipe: Recipe,
    tmp_path: Path,
    stage: str,
    stop: BaseException,
) -> None:
    plain.FAIL[stage] = stop
    with pytest.raises(type(stop)):
        pipeline.run(fields, plain_recipe, outputs=tmp_path / "stopped")
    folder = tmp_path / "stopped" / made.name
    assert names(folder) < WHOLE - {"campaign.json", "index.html", f"{stage}.json"}
    with pytest.raises(ExportError, match="no finished campaign"):
        export.load(folder)
    plain.FAIL.clear()
    plain.CALLS.clear()
    pipeline.run(fields, plain_recipe, outputs=tmp_path / "stopped")
    assert plain.CALLS[0] == stage
    assert names(folder) == WHOLE
    assert contents(folder) == contents(made)


def writes(fields: Fields, recipe: Recipe, outputs: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the files that a run writes."""
    count = 0
    real = os.fsync

    def counted(descriptor: int) -> None:
        nonlocal count
        count += 1
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted)
        pipeline.run(fields, recipe, outputs=outputs)
    return count


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "No space left on device"), SystemExit(9)])
def test_every_write_may_be_the_last(
    made: Path,
    fields: Fields,
    plain_recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop: BaseException,
) -> None:
    total = writes(fields, plain_recipe, tmp_path / "counted", monkeypatch)
    assert total == len(WHOLE)
    wanted = contents(made)
    real = os.fsync
    for last in range(total):
        left = last

        def full(descriptor: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise stop
            real(descriptor)

        outputs = tmp_path / f"full-{last}"
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises((ExportError, SystemExit)) as error:
                pipeline.run(fields, plain_recipe, outputs=outputs)
        if isinstance(error.value, ExportError):
            assert "No space left on device" in str(error.value)
            assert str(outputs) in str(error.value)
        folder = outputs / made.name
        assert "campaign.json" not in names(folder)
        for name, data in contents(folder).items():
            assert wanted[name] == data
        assert not list(folder.rglob("*.part"))
        pipeline.run(fields, plain_recipe, outputs=outputs)
        assert contents(folder) == wanted
        assert names(folder) == WHOLE


def test_manifest_comes_last(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real = Path.replace

    def noted(self: Path, target: Path) -> Path:
        order.append(Path(target).name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    pipeline.run(fields, plain_recipe, outputs=tmp_path / "o")
    assert order[-1] == "campaign.json"
    assert order.index("iab-leaderboard.jpg") < order.index("scene.json")


@pytest.mark.parametrize(
    ("setting", "redone"),
    [
        ("caption.words=2", STAGES),
        ("copywrite.mark=?", STAGES[1:]),
        ("scene.shade=120", STAGES[3:]),
        ("typeset.corner=true", STAGES[3:]),
    ],
)
def test_redo_with_another_option(made: Path, setting: str, redone: tuple[str, ...]) -> None:
    before = (made / "campaign.json").read_bytes()
    plain.CALLS.clear()
    first = "scene" if setting.startswith("typeset") else setting.partition(".")[0]
    pipeline.redo(made, first, options=[setting])
    assert tuple(dict.fromkeys(plain.CALLS)) == tuple(redone)
    assert names(made) == WHOLE
    assert (made / "campaign.json").read_bytes() != before
    saved = json.loads((made / "campaign.json").read_text())
    stage, _, option = setting.partition(".")
    name, _, value = option.partition("=")
    assert str(saved["recipe"][stage][name]).lower() == value
    assert export.load(made).posters[0].data == contents(made)["typeset/iab-rectangle.jpg"]


def test_redo_with_a_wrong_option_changes_nothing(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    with pytest.raises(Exception, match=r"scene\.shade"):
        pipeline.redo(made, "scene", options=["scene.shade=9000"])
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_redo_that_fails_leaves_it_unfinished_but_resumable(
    made: Path, fields: Fields, plain_recipe: Recipe
) -> None:
    before = contents(made)
    plain.FAIL["scene"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        pipeline.redo(made, "scene", options=["scene.shade=90"])
    assert "campaign.json" not in names(made)
    plain.FAIL.clear()
    pipeline.run(fields, plain_recipe, outputs=made.parent)
    assert contents(made) == before


def test_fewer_posters_leave_no_strays(made: Path) -> None:
    (made / "typeset" / "old-channel.jpg").write_bytes(b"x")
    (made / "scene" / "old-channel.jpg").write_bytes(b"x")
    pipeline.redo(made, "scene")
    assert names(made) == WHOLE


def test_a_damaged_brief_is_written_again(made: Path, fields: Fields, plain_recipe: Recipe) -> None:
    (made / "brief.json").write_bytes(b"{}")
    with pytest.raises(ExportError, match=r"damaged.*brief\.json"):
        export.load(made)
    plain.CALLS.clear()
    pipeline.run(fields, plain_recipe, outputs=made.parent)
    assert plain.CALLS == []
    assert export.load(made).brief.name == fields["name"]


@pytest.mark.parametrize(
    ("name", "data", "first"),
    [
        ("caption.json", b"{", "caption"),
        ("copywrite.json", b"[]", "copywrite"),
        ("copywrite.json", b"\xff\xfe", "copywrite"),
        ("rank.json", b"null", "rank"),
        ("rank.json", b'{"ranking": 3, "step": {}, "files": {}}', "rank"),
        ("scene.json", b"", "scene"),
        ("typeset.json", b'{"posters": []}', "typeset"),
        ("photo.png", b"", "caption"),
        ("cutout.png", b"\x89PNG\r\n\x1a\n", "caption"),
        ("scene/iab-rectangle.jpg", b"\xff\xd8\xff", "scene"),
        ("typeset/iab-rectangle.jpg", b"half a po", "typeset"),
    ],
)
def test_damage_is_noticed_and_mended(
    made: Path, fields: Fields, plain_recipe: Recipe, name: str, data: bytes, first: str
) -> None:
    before = contents(made)
    (made / name).write_bytes(data)
    with pytest.raises(ExportError) as error:
        export.load(made)
    assert "\n" not in str(error.value)
    assert (made / "campaign.json").exists()  # looking changes nothing
    plain.CALLS.clear()
    pipeline.run(fields, plain_recipe, outputs=made.parent)
    assert plain.CALLS[0] == first
    assert contents(made) == before
    export.load(made)


def test_lost_contact_sheet_is_made_again(made: Path, fields: Fields, plain_recipe: Recipe) -> None:
    (made / "index.html").unlink()
    pipeline.run(fields, plain_recipe, outputs=made.parent)
    assert names(made) == WHOLE


def test_leftovers_of_a_kill_are_removed(made: Path, fields: Fields, plain_recipe: Recipe) -> None:
    for name in (".caption.json.part", "scene/.iab-rectangle.jpg.part"):
        (made / name).write_bytes(b"half")
    pipeline.run(fields, plain_recipe, outputs=made.parent)
    assert names(made) == WHOLE


def test_file_where_the_folder_should_be(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    for outputs in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        with pytest.raises(ExportError, match=r"cannot write .*taken.*--output"):
            pipeline.run(fields, plain_recipe, outputs=outputs)
    assert (tmp_path / "taken").read_text() == "mine"


def test_folder_where_a_file_should_be(made: Path, fields: Fields, plain_recipe: Recipe) -> None:
    (made / "typeset.json").unlink()
    (made / "typeset.json").mkdir()
    with pytest.raises(ExportError, match=r"typeset\.json"):
        pipeline.run(fields, plain_recipe, outputs=made.parent)


def test_error_of_a_stage_is_not_blamed_on_the_folder(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    plain.FAIL["scene"] = FileNotFoundError(2, "No such file", "weights.bin")
    with pytest.raises(FileNotFoundError, match=r"weights\.bin"):
        pipeline.run(fields, plain_recipe, outputs=tmp_path / "o")


def test_folder_in_use_by_another_process(made: Path, fields: Fields, plain_recipe: Recipe) -> None:
    code = (
        "import sys; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
    )
    lock = made.parent / ".locks" / made.name
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ExportError, match="another run; wait"):
            pipeline.run(fields, plain_recipe, outputs=made.parent)
        other.kill()
    pipeline.run(fields, plain_recipe, outputs=made.parent)


def test_folder_in_use_by_this_process(made: Path) -> None:
    with (
        FileLock(made.parent / ".locks" / made.name),
        pytest.raises(ExportError, match="another run; wait"),
    ):
        pipeline.redo(made, "rank")


@pytest.mark.parametrize("stage", STAGES)
def test_redo_of_what_is_no_campaign(tmp_path: Path, stage: str) -> None:
    with pytest.raises(ExportError, match="is no campaign folder"):
        pipeline.redo(tmp_path / "nothing", stage)
    assert not (tmp_path / "nothing").exists()


def test_identifier_says_brief_photo_and_recipe(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    from pictures import GREEN, mug, save

    def folder(**changed: Any) -> str:
        recipe = changed.pop("recipe", plain_recipe)
        return Path(pipeline.run(fields | changed, recipe, outputs=tmp_path / "o").folder).name

    first = folder()
    other = save(mug(colour=GREEN[::-1]), tmp_path / "other.png")
    copy = tmp_path / "copy.png"
    copy.write_bytes(Path(fields["photo"]).read_bytes())
    assert folder(photo=str(copy)) == first
    another = Recipe.of(plain_recipe.table(), options=["scene.shade=99"])
    found = [folder(seed=4), folder(photo=str(other)), folder(price="$13"), folder(recipe=another)]
    assert len({first, *found}) == 5


@pytest.mark.parametrize(
    "name", ["🫖✨", "إبريق شاي", "../../etc", "a/b\\c:d", "x" * 120, "青瓷茶壶"]
)
def test_any_name_makes_a_safe_folder(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path, name: str
) -> None:
    made = pipeline.run(fields | {"name": name}, plain_recipe, outputs=tmp_path / "o")
    folder = Path(made.folder)
    assert folder.parent == tmp_path / "o"
    assert folder.name.isascii()
    assert len(folder.name) < 60
    assert export.load(folder).brief.name == name


def test_nothing_is_opened_outside_the_folder(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    real = Path.open

    def noted(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if "w" in mode:
            opened.append(self)
        return real(self, mode, *args, **options)

    monkeypatch.setattr(Path, "open", noted)
    folder = Path(pipeline.run(fields, plain_recipe, outputs=tmp_path / "o").folder)
    assert {path.parent for path in opened} == {folder, folder / "scene", folder / "typeset"}
    assert all(path.name.startswith(".") for path in opened)


def test_where_it_ran_and_how_many_at_once_do_not_make_another_campaign() -> None:
    brief = Brief(name="Mug", photo="mug.png")
    picture = Photo(pixels=np.zeros((64, 64, 3), np.uint8))

    def named(*options: str) -> str:
        recipe = Recipe.load(None, {"scene": "diffusion"}, options)
        return export.campaign_id(brief, picture, recipe)

    assert named("scene.device=cpu", "scene.batch=4", "scene.max_vram=8") == named()
    assert named("scene.steps=4") != named()
