"""Ranking with weights learned from clicks: they add a part, and never outvote what is true."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import clicklogs
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from aigc import events, export, pipeline
from aigc.campaign import Brief, Caption, Copy, Photo, Score
from aigc.channels import TextLimits
from aigc.cli import cli
from aigc.errors import BriefError, ModelError
from aigc.rank import RankRequest
from aigc.rank.builtin import Backend
from aigc.rank.clicks import learned, log
from aigc.rank.clicks.part import bounded
from aigc.recipe import Recipe

MARGIN = 0.1
NUMBER = "7 ways to use a mug with the lamp in room b"
NONE = "Some ways to use a mug with the lamp in room b"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "_vectors", clicklogs.plain_vectors)
    monkeypatch.setattr(learned, "_meanings", clicklogs.plain_vectors)
    monkeypatch.setattr(learned, "_encoder", lambda: "plain words 16")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights by which texts with a number draw clicks."""
    path = tmp_path_factory.mktemp("weights") / "clicks.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learned, "_vectors", clicklogs.plain_vectors)
        patch.setattr(learned, "_meanings", clicklogs.plain_vectors)
        patch.setattr(learned, "_encoder", lambda: "plain words 16")
        rows = [(test, "", text, shown, got) for test, text, shown, got in clicklogs.rows()]
        learned.learn(log.of(rows, ["log.csv"]), made=date(2026, 1, 2)).save(path)
    return path


unit = st.integers(0, 20).map(lambda n: n / 20)
parts = st.fixed_dictionaries(
    {"relevance": unit, "coverage": unit, "compliance": st.sampled_from((0.0, 0.6, 1.0))}
)
copies = st.lists(st.tuples(parts, unit, unit), min_size=1, max_size=7)


@given(copies)
def test_clicks_never_outvote_compliance_or_faithfulness(drawn: list[Any]) -> None:
    without, with_clicks = (
        [
            Score(candidate_id=str(i), total=each[place], parts=each[0], reason="")
            for i, each in enumerate(drawn)
        ]
        for place in (1, 2)
    )
    found = bounded(without, with_clicks, MARGIN)
    assert sorted(each.candidate_id for each in found) == sorted(map(str, range(len(drawn))))
    order = [each.candidate_id for each in sorted(found, key=lambda each: -each.total)]
    for better in without:
        for other in without:
            if better.total <= other.total:
                continue
            more = better.parts["compliance"] - other.parts["compliance"]
            truth = sum(better.parts[n] - other.parts[n] for n in ("relevance", "coverage")) / 2
            if more > 0 or (more == 0 and truth >= MARGIN - 1e-12):
                assert order.index(better.candidate_id) < order.index(other.candidate_id)


@given(copies)
def test_clicks_decide_among_copies_that_are_equally_true(drawn: list[Any]) -> None:
    same = {"relevance": 0.5, "coverage": 0.5, "compliance": 1.0}
    without, with_clicks = (
        [
            Score(candidate_id=str(i), total=each[place], parts=same, reason="")
            for i, each in enumerate(drawn)
        ]
        for place in (1, 2)
    )
    totals = {each.candidate_id: each.total for each in bounded(without, with_clicks, MARGIN)}
    assert totals == {each.candidate_id: each.total for each in with_clicks}


def request(*headlines: str, source: str = "builtin:grammar", **fields: Any) -> RankRequest:
    brief = {"name": "Mug", "photo": "x", "features": (), **fields}
    return RankRequest(
        photo=Photo(pixels=np.full((64, 64, 3), 200, np.uint8)),
        caption=Caption(
            text="7 mugs.",
            tags=({"word": "mug", "probability": 0.9},),
            palette=(),
            background="white",
            subject=(0.1, 0.1, 0.9, 0.9),
            cutout=np.full((32, 32, 4), 255, np.uint8),
        ),
        brief=Brief(**brief),
        copies=tuple(
            Copy(id=f"c{i}", headline=line, body="", cta="Go", hashtags=(), source=source)
            for i, line in enumerate(headlines)
        ),
        limits=TextLimits(headline=60, body=90, cta=16),
    )


def test_the_part_is_the_chance_against_the_others(weights: Path) -> None:
    (ranked,) = Backend(weights=str(weights)).score([request(NONE, NUMBER)])
    part = {each.candidate_id: each.parts["clicks"] for each in ranked}
    assert part["c1"] > 0.8
    assert part["c0"] + part["c1"] == pytest.approx(1, abs=1e-3)
    assert ranked[0].candidate_id == "c1"
    assert "for it: a number" in ranked[0].reason
    (alone,) = Backend(weights=str(weights)).score([request(NUMBER)])
    assert alone[0].parts["clicks"] == 0.5
    (without,) = Backend().score([request(NONE, NUMBER)])
    assert all("clicks" not in each.parts for each in without)


def test_what_is_blocked_stays_behind_whatever_clicks_say(weights: Path) -> None:
    invented = NUMBER.replace("7", "99")
    (ranked,) = Backend(weights=str(weights)).score([request(NONE, invented)])
    assert [each.candidate_id for each in ranked] == ["c0", "c1"]
    assert ranked[1].parts["compliance"] == 0
    assert ranked[1].parts["clicks"] > 0.8


def test_a_merchants_own_text_leads(weights: Path) -> None:
    asked = request(NONE, NUMBER, texts=({"headline": NONE},))
    own = asked.copies[0].model_copy(update={"source": "own"})
    mixed = asked.model_copy(update={"copies": (own, asked.copies[1])})
    (ranked,) = Backend(weights=str(weights)).score([mixed])
    assert ranked[0].candidate_id == "c0"
    assert ranked[0].parts["clicks"] < 0.2


def test_texts_unlike_the_log_are_warned_of_and_clicks_say_nothing(weights: Path) -> None:
    heard: list[str] = []
    strange = request("一杯好茶", "9种用法，慢慢来", language="zh-CN")
    with events.listening(lambda event: heard.append(event.message)):
        (ranked,) = Backend(weights=str(weights)).score([strange])
        assert any("unlike the" in each and "log.csv" in each for each in heard)
        heard.clear()
        Backend(weights=str(weights)).score([request(NONE, NUMBER)])
        assert not any("unlike" in each for each in heard)
    assert [each.parts["clicks"] for each in ranked] == [0.5, 0.5]
    assert all("unlike the texts learned from" in each.reason for each in ranked)


def test_texts_and_batches_are_ranked_alike(weights: Path) -> None:
    backend = Backend(weights=str(weights))
    one, other = request(NONE, NUMBER), request(NUMBER, "A mug", NONE)
    assert backend.score([one, other]) == [*backend.score([one]), *backend.score([other])]
    ranked = backend.rank_texts(one.photo, [NONE, NUMBER])
    assert ranked[0].candidate_id == "1"


def test_a_file_that_cannot_be_used_is_refused_before_any_work(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "_encoder", lambda: "another")
    with pytest.raises(ModelError, match="learned with the encoder plain words 16"):
        Backend(weights=str(weights)).ready()
    with pytest.raises(BriefError, match=r"rank\.weights = '.*gone.json': cannot be read"):
        Backend(weights=str(tmp_path / "gone.json")).ready()


def test_a_recipes_file_is_looked_for_beside_the_recipe(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "w.json").write_bytes(weights.read_bytes())
    (tmp_path / "recipe.toml").write_text('[rank]\nweights = "w.json"\n')
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    rank = Recipe.load("../recipe.toml")["rank"]
    assert rank.files.keys() == {"weights"}
    rank.ready()
    assert Recipe.load(options=["rank.weights=w.json"]).table()["rank"]["weights"] == "w.json"


def test_other_contents_make_another_campaign_and_another_place_does_not(
    weights: Path, tmp_path: Path
) -> None:
    brief = Brief(name="Mug", photo="x")
    picture = Photo(pixels=np.full((64, 64, 3), 200, np.uint8))
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text("# one\n")
    second.write_text("# one\n")

    def name(path: Path) -> str:
        recipe = Recipe.load(options=[f"rank.weights={json.dumps(str(path))}"])
        return export.campaign_id(brief, picture, recipe)

    before = name(first)
    assert name(second) == before
    first.write_text("# two\n")
    assert name(first) != before


def test_a_campaign_made_with_other_weights_is_ranked_again(
    plain_recipe: Recipe, fields: dict[str, Any], tmp_path: Path
) -> None:
    """The folder is the same, its ranking was redone with other contents under the same name."""
    path = tmp_path / "own.toml"
    path.write_text("# one\n")
    table = {**plain_recipe.table(), "rank": {"backend": "builtin", "weights": str(path)}}
    recipe = Recipe.of(table)
    first = pipeline.run(fields, recipe, outputs=tmp_path / "out")
    step = next(step for step in first.steps if step.stage == "rank")
    assert step.versions["rank.weights"] == recipe["rank"].files["weights"]
    saved = Path(first.folder) / "rank.json"
    old = json.loads(saved.read_text("utf-8"))
    old["step"]["versions"]["rank.weights"] = "0" * 64
    saved.write_text(json.dumps(old), "utf-8")
    again = pipeline.run(fields, recipe, outputs=tmp_path / "out")
    assert again.folder == first.folder
    assert json.loads(saved.read_text("utf-8"))["step"]["versions"] == step.versions
    path.unlink()
    pipeline.redo(first.folder, "scene")  # what is not done again needs no file
    with pytest.raises(BriefError, match="cannot be read"):
        pipeline.redo(first.folder, "rank")


def test_the_command_takes_the_file(weights: Path, tmp_path: Path) -> None:
    from pictures import mug, save

    photo = save(mug(64), tmp_path / "mug.png")
    texts = tmp_path / "texts.txt"
    texts.write_text(f"{NONE}\n{NUMBER}\n")
    arguments = ["rank", "--photo", str(photo), "--texts", str(texts), "--json"]
    plain = json.loads(CliRunner().invoke(cli, arguments).stdout)
    found = json.loads(CliRunner().invoke(cli, [*arguments, "--weights", str(weights)]).stdout)
    assert "clicks" not in plain[0]["parts"]
    assert found[0]["text"] == NUMBER
    assert found[0]["parts"]["clicks"] > 0.8
