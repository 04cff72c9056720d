"""`aigc inspect`: what it prints of good and damaged folders, and that its JSON keeps its shape."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from aigc import cli, export
from aigc.campaign import Campaign
from aigc.typeset.judge import report
from aigc.typeset.judge.rules import rules

METRICS = {
    "validity",
    "overlay",
    "alignment",
    "underlay_loose",
    "underlay_strict",
    "utility",
    "occlusion",
    "readability",
}


@pytest.fixture
def inspect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `aigc inspect` in this process: its exit code, stdout and stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aigc", "inspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def folder(real: Campaign, tmp_path: Path) -> Path:
    """A folder with a copy of a real campaign."""
    shutil.copytree(real.folder, tmp_path / "all" / real.id)
    return tmp_path / "all"


def test_json_has_its_shape(inspect: Any, real: Campaign) -> None:
    code, out, err = inspect(real.folder, "--json")
    table = json.loads(out)
    assert (code, err) == (0, "")
    assert set(table) == {"shares", "metrics", "posters", "unreadable"}
    assert set(table["shares"]) == {"posters", "first", "last"}
    assert set(table["metrics"]) == METRICS
    for row in table["posters"]:
        assert set(row) == {
            "campaign",
            "poster",
            "channel",
            "layout",
            "tried",
            "passed",
            "passed_first",
            "metrics",
            "marks",
        }
        assert set(row["metrics"]) == METRICS
        for mark in row["marks"]:
            assert set(mark) == {"check", "level", "value", "threshold", "remedy"}
            assert mark["check"] in rules()
            assert mark["level"] in ("pass", "warn", "fail")
            assert bool(mark["remedy"]) == (mark["level"] != "pass")
    assert table["metrics"]["overlay"] == 0
    assert table["metrics"]["underlay_strict"] == 1
    assert table["metrics"]["occlusion"] < 0.01


def test_the_saved_verdict_is_that_of_the_file_but_for_jpeg(real: Campaign) -> None:
    from aigc.cli_inspect import judge_campaign

    for row, poster in zip(judge_campaign(Path(real.folder)), real.posters, strict=True):
        assert poster.verdict is not None
        assert row.verdict.metrics == poster.verdict.metrics
        assert row.passed_first
        saved = {mark.check: mark.value for mark in poster.verdict.marks}
        for mark in row.verdict.marks:
            assert mark.value == pytest.approx(saved[mark.check], rel=0.15), mark.check


def test_takes_a_folder_of_campaigns(inspect: Any, real: Campaign, folder: Path) -> None:
    shutil.copytree(folder / real.id, folder / "other")
    code, out, _ = inspect(folder)
    assert code == 0
    assert out.count("pass  iab-leaderboard") == 2
    assert "of 4 posters 4 (100%) passed at first, 4 (100%) at last" in out


def test_a_damaged_campaign_is_named_and_the_others_judged(
    inspect: Any, real: Campaign, folder: Path
) -> None:
    shutil.copytree(folder / real.id, folder / "broken")
    (folder / "broken" / real.posters[0].file).write_bytes(b"not a picture")
    code, out, err = inspect(folder, "--json")
    assert code == 1
    assert "Traceback" not in err
    assert "broken' is damaged" in err
    table = json.loads(out)
    assert table["shares"]["posters"] == 2
    assert "typeset" in table["unreadable"][0]


def test_a_folder_without_campaigns_is_an_error(inspect: Any, tmp_path: Path) -> None:
    code, out, err = inspect(tmp_path)
    assert (code, out) == (1, "")
    assert "holds no finished campaign; `aigc run` makes one" in err
    assert inspect(tmp_path / "none")[0] == 1


def test_an_unfinished_campaign_is_an_error(inspect: Any, real: Campaign, folder: Path) -> None:
    export.forget(folder / real.id, "typeset")
    code, _, err = inspect(folder / real.id)
    assert code == 1
    assert "finished" in err


def test_what_fails_is_printed_after_a_run(
    real: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    from aigc.cli_inspect import print_verdicts

    first = real.posters[0]
    assert first.verdict is not None
    bad = first.verdict.marks[0].model_copy(update={"level": "fail", "remedy": "overlay 1: mend"})
    verdict = first.verdict.model_copy(update={"marks": (bad,)})
    failed = first.model_copy(update={"verdict": verdict})
    campaign = real.model_copy(update={"posters": (failed, *real.posters[1:])})
    print_verdicts(campaign, as_json=False)
    shown = capsys.readouterr()
    assert f"{first.id}: overlay 1: mend" in shown.err
    assert "of 2 posters 1 (50%) passed at first, 1 (50%) at last" in shown.out
    print_verdicts(campaign, as_json=True)
    assert capsys.readouterr().out == ""


def test_shares_tell_first_from_last(real: Campaign) -> None:
    scenes = [scene.model_copy(update={"tried": ("crown",)}) for scene in real.scenes[:1]]
    campaign = real.model_copy(update={"scenes": (*scenes, *real.scenes[1:])})
    assert report.shares(report.judged(campaign)) == {"posters": 2, "first": 1, "last": 2}
    assert report.said(report.shares([])) == "no poster was judged"
    assert report.means([]) == {}
