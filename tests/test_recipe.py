"""Recipes: one configured backend a stage, from a file, flags and settings."""

import pickle
from pathlib import Path

import pytest

from aigc.errors import AigcError, BriefError, UnknownBackend
from aigc.recipe import Recipe
from aigc.stage import STAGES


def test_builtin_everywhere() -> None:
    recipe = Recipe.load()
    assert list(recipe) == list(STAGES)
    assert {stage.backend for stage in recipe.values()} == {"builtin"}


def test_table_is_a_recipe_file_and_back(tmp_path: Path) -> None:
    recipe = Recipe.load(options=["scene.set=podium", "copywrite.candidates=9"])
    path = tmp_path / "recipe.toml"
    lines = []
    for stage, row in recipe.table().items():
        lines.append(f"[{stage}]")
        lines += [f"{name} = {value!r}" for name, value in row.items() if value is not None]
    path.write_text("\n".join(lines))
    assert Recipe.load(path).table() == recipe.table()
    assert Recipe.of(recipe.table()).table() == recipe.table()


def test_recipe_pickles() -> None:
    recipe = Recipe.load(options=["scene.set=podium"])
    assert pickle.loads(pickle.dumps(recipe)).table() == recipe.table()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("copywrite.candidates=9", 9),
        (" copywrite.candidates = 9", 9),
        ("scene.set=podium", "podium"),
        ("scene.set='podium'", "podium"),
        ('scene.set="podium"', "podium"),
    ],
)
def test_settings(setting: str, value: object) -> None:
    stage, _, option = setting.partition("=")[0].strip().partition(".")
    assert getattr(Recipe.load(options=[setting])[stage], option) == value


def test_last_setting_wins() -> None:
    recipe = Recipe.load(options=["copywrite.candidates=9", "copywrite.candidates=10"])
    assert recipe.table()["copywrite"]["candidates"] == 10


def test_settings_go_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('[copywrite]\nbackend = "builtin"\ncandidates = 9\n')
    assert Recipe.load(tmp_path / "r.toml").table()["copywrite"]["candidates"] == 9
    changed = Recipe.load(tmp_path / "r.toml", options=["copywrite.candidates=10"])
    assert changed.table()["copywrite"]["candidates"] == 10


def test_another_backend_drops_the_files_options(plain_recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("[scene]\nset = 'podium'\n")
    assert Recipe.load(tmp_path / "r.toml", {"scene": "plain"})["scene"].backend == "plain"


@pytest.mark.parametrize(
    "setting",
    ["", "=", "scene", "scene=1", "scene.=1", ".set=1", "sceen.set=1", "scene.set", "scene set=1"],
)
def test_malformed_settings(setting: str) -> None:
    with pytest.raises(BriefError) as error:
        Recipe.load(options=[setting])
    assert str(error.value).startswith(f"--set {setting}: write stage.option=value")


@pytest.mark.parametrize(
    "setting",
    [
        "copywrite.candidates=many",
        "copywrite.candidates=-1",
        "scene.nothing=1",
        "scene.set=cellar",
        "scene.set=[1,",
        "scene.set=1\n2",
        "copywrite.candidates=" + "9" * 9000,
    ],
)
def test_wrong_values_name_the_option(setting: str) -> None:
    with pytest.raises(BriefError) as error:
        Recipe.load(options=[setting])
    message = str(error.value)
    assert message.startswith(setting.partition("=")[0])
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.parametrize(
    "text",
    [
        "[scene",
        "[magic]\nx = 1",
        "scene = 3",
        "[scene]\nnothing = 1",
        "x = 1",
        "x = " + "[" * 5000,
        "[scene]\nbackend = 3",
    ],
)
def test_wrong_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(AigcError) as error:
        Recipe.load(path)
    assert "\n" not in str(error.value)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match="cannot be read"):
        Recipe.load(tmp_path / "none.toml")
    with pytest.raises(BriefError, match="cannot be read"):
        Recipe.load(tmp_path)
    (tmp_path / "bin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BriefError, match="cannot be parsed"):
        Recipe.load(tmp_path / "bin.toml")


def test_unknown_backend() -> None:
    with pytest.raises(UnknownBackend, match="rank: no backend 'x'; choose from builtin"):
        Recipe.load(backends={"rank": "x"})
