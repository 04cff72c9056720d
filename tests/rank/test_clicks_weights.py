"""Weights learned from clicks: what they say, their file, and why one is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import clicklogs
import numpy as np
import pytest
from click.testing import CliRunner

from aigc.cli import cli
from aigc.errors import AigcError, BriefError, ModelError
from aigc.rank.clicks import learned, log, weights
from aigc.rank.clicks.learned import Learned

DAY = date(2026, 1, 2)
NUMBER = "7 ways to use a mug with the lamp in room b"
NONE = "some ways to use a mug with the lamp in room b"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "_vectors", clicklogs.plain_vectors)
    monkeypatch.setattr(learned, "_meanings", clicklogs.plain_vectors)
    monkeypatch.setattr(learned, "_encoder", lambda: "plain words 16")


@pytest.fixture(scope="module")
def clicks() -> log.ClickLog:
    rows = [(test, "", text, shown, got) for test, text, shown, got in clicklogs.rows()]
    return log.of(rows, ["log.csv"])


@pytest.fixture(scope="module")
def taught(clicks: log.ClickLog) -> Learned:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learned, "_vectors", clicklogs.plain_vectors)
        patch.setattr(learned, "_meanings", clicklogs.plain_vectors)
        patch.setattr(learned, "_encoder", lambda: "plain words 16")
        return learned.learn(clicks, "a note", DAY)


@pytest.fixture
def file(taught: Learned, tmp_path: Path) -> Path:
    taught.save(tmp_path / "weights.json")
    return tmp_path / "weights.json"


def test_finds_what_draws_clicks_and_says_so(taught: Learned) -> None:
    chances = taught.chances([NUMBER, NONE])
    assert chances[0, 1] > 0.85
    assert chances[0, 1] + chances[1, 0] == pytest.approx(1)
    assert taught.voices()[0].name in ("number", "number_first")
    assert taught.voices()[0].effect > 2 * taught.voices()[0].error > 0
    said, silent = taught.speaks([NUMBER, NONE])
    assert said["number"] > 0
    assert "number" not in silent
    score = taught.head.score
    assert score is not None
    assert 0.8 < score.low <= score.value <= score.high <= 1


def test_learns_nothing_from_chance() -> None:
    rows = [(t, "", text, shown, got) for t, text, shown, got in clicklogs.rows(effect=0.0)]
    found = learned.learn(log.of(rows), made=DAY)
    assert 0.25 < found.chances([NUMBER, NONE])[0, 1] < 0.75


def test_knows_less_of_texts_unlike_the_log(taught: Learned) -> None:
    strange = ["九种用法", "Zebras quarrel violently beneath 9 thundering volcanoes, unprovoked"]
    assert taught.unlike([NUMBER, NONE]) == [False, False]
    assert taught.unlike(strange) == [True, True]
    assert taught.trust(strange)[0] == 0
    pair = taught.chances([strange[0], "种用法"])
    np.testing.assert_allclose(pair, 0.5)
    own, other = taught.appeal([NUMBER]), taught.appeal(strange[:1])
    assert other.mean[0] == 0 < own.mean[0]
    assert other.covariance[0, 0] > own.covariance[0, 0]


def test_a_file_gives_back_the_same_and_is_small(taught: Learned, file: Path) -> None:
    back = learned.load(file)
    for one, other in zip(taught.appeal([NUMBER, NONE]), back.appeal([NUMBER, NONE]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert back.head == taught.head
    assert file.stat().st_size < 1_000_000
    said = json.loads(file.read_text("utf-8"))
    assert said["files"] == ["log.csv"]
    assert said["note"] == "a note"
    assert said["made"] == "2026-01-02"
    assert said["evidence"]["tests"] == 40


def test_the_same_log_gives_the_same_bytes(clicks: log.ClickLog, file: Path) -> None:
    again = file.with_name("again.json")
    learned.learn(clicks, "a note", DAY).save(again)
    assert again.read_bytes() == file.read_bytes()


def _changed(change: Callable[[dict[str, Any]], object], resealed: bool = True) -> Any:
    def edit(path: Path) -> None:
        table = json.loads(path.read_text("utf-8"))
        change(table)
        if resealed:
            del table["check"]
            table["check"] = weights._check(table)
        path.write_text(json.dumps(table), "utf-8")

    return edit


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "no file of weights"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "no file of weights"),
        (lambda path: path.write_text("[" * 100_000), "no file of weights"),
        (lambda path: path.write_text('{"a": 1}'), "no file of weights; `aigc learn`"),
        (lambda path: path.write_bytes(path.read_bytes()[:-900]), "cut short"),
        (_changed(lambda t: t.update(schema=2)), "of schema 2; this aigc reads up to 1"),
        (_changed(lambda t: t.update(schema="1")), "of schema '1'"),
        (_changed(lambda t: t.update(kind="caption")), "of 'caption', not of 'copy'"),
        (_changed(lambda t: t.update(note="x"), resealed=False), "not those that were written"),
        (_changed(lambda t: t.update(encoder="other")), "learned with the encoder other"),
        (_changed(lambda t: t["features"].append("rhyme")), "other traits .*rhyme"),
        (_changed(lambda t: t["arrays"].pop("weights")), "damaged"),
        (_changed(lambda t: t["arrays"]["centre"].update(shape=[3])), "damaged"),
        (
            _changed(lambda t: t["arrays"].update(spread={"shape": [1], "data": "AADAfw=="})),
            "not finite",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    file: Path, damage: Callable[[Path], None], why: str
) -> None:
    damage(file)
    with pytest.raises(ModelError, match=why) as caught:
        learned.load(file)
    assert "\n" not in str(caught.value)


def test_numbers_that_are_none_are_not_written(taught: Learned, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not finite"):
        weights.save(tmp_path / "w.json", taught.head, {"a": np.array([1.0, np.nan])})
    assert not (tmp_path / "w.json").exists()


def test_wide_arrays_keep_their_columns_apart(tmp_path: Path) -> None:
    wide = np.array([[1e6, 1e-6], [3.3e5, 2.2e-7]])
    np.testing.assert_allclose(weights.kept(wide, coarse=True), wide, rtol=1e-3)


def test_too_little_is_refused(tmp_path: Path) -> None:
    path = clicklogs.written(tmp_path / "log.csv", clicklogs.rows(5))
    with pytest.raises(BriefError, match=r"too little to learn from .*5 tests .*20 tests"):
        learned.learn(log.read([path]))


def test_the_command_writes_the_file_and_says_what_it_knows(tmp_path: Path) -> None:
    path = clicklogs.written(tmp_path / "log.csv", clicklogs.rows())
    out = tmp_path / "w.json"
    said = CliRunner().invoke(cli, ["learn", "copy", str(path), "-o", str(out)])
    assert said.exit_code == 0, said.output
    for part in ("40 tests", "decided pairs in held-out tests", "calibration", "a number"):
        assert part in said.stdout
    told = CliRunner().invoke(cli, ["learn", "copy", str(path), "-o", str(out), "--json"])
    head = json.loads(told.stdout)
    assert head["score"]["low"] <= head["score"]["value"] <= head["score"]["high"]
    assert learned.load(out).head.data == head["data"]


def test_the_command_shows_the_columns_that_there_are(tmp_path: Path) -> None:
    path = clicklogs.written(tmp_path / "log.csv", clicklogs.rows(2))
    arguments = ["learn", "copy", str(path), "-o", str(tmp_path / "w.json"), "--text", "titel"]
    result = CliRunner().invoke(cli, arguments)
    assert isinstance(result.exception, AigcError)
    assert "found: test_id, headline, impressions, clicks" in str(result.exception)
