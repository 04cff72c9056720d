"""`aigc batch` as people type it: exit codes, wrong rows, retries, the dry run, what is printed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from batch_kit import products, tree
from click.testing import CliRunner, Result

from aigc.cli import cli
from aigc.errors import BriefError, ExportError
from aigc.recipe import Recipe
from aigc.stage import STAGES

Run = Callable[..., Result]
PLAIN = [part for stage in STAGES for part in (f"--{stage}", "plain")]


@pytest.fixture
def run(plain_everywhere: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the command, of plain stages and one worker, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str) -> Result:
        return CliRunner().invoke(cli, ["batch", *args, *PLAIN, "--workers", "1"])

    return command


def catalogue(folder: Path, *changed: dict[str, Any], count: int = 3) -> str:
    """A catalogue of mugs, some of them changed, by its file."""
    rows = products(count, folder)
    for row, changes in zip(rows, changed, strict=False):
        row |= changes
    path = folder / "mugs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.name


def test_wrong_rows_are_shown_left_out_and_can_be_mended(run: Run, tmp_path: Path) -> None:
    source = catalogue(tmp_path, {}, {"price": "x" * 30, "channels": ["moon"]})
    first = run(source, "-o", "out", "--log-json", "log.jsonl")
    assert first.exit_code == 3
    assert "read as" in first.stderr
    lines = [line.split() for line in first.stderr.splitlines() if "line 2" in line]
    assert [line[:4] for line in lines] == [
        ["mugs.jsonl,", "line", "2", "price"],
        ["mugs.jsonl,", "line", "2", "channels"],
    ]
    assert first.stderr.index("moon") < first.stderr.index("100 %")
    said = dict(line.split(maxsplit=1) for line in first.stdout.splitlines())
    assert (said["done"], said["kept"], said["failed"]) == ("2", "0", "1")
    assert (said["open"], said["failures"]) == ("out/index.html", "out/failed.jsonl")
    assert said["retry"].startswith("aigc batch --retry-failed -o out")
    assert "--scene plain" in said["retry"]
    events = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    names = [each["event"] for each in events]
    assert [names.count(each) for each in ("mapping", "wrong", "started", "done")] == [1, 2, 1, 2]
    assert (names.count("failed"), names[-1], events[-1]["failed"]) == (1, "ended", 1)

    path = Path("out/failed.jsonl")
    row = json.loads(path.read_text())
    row["brief"] |= {"price": "$4", "channels": ["iab-rectangle"]}
    path.write_text(json.dumps(row) + "\n")
    second = run("--retry-failed", "-o", "out", "--json")
    assert second.exit_code == 0, second.output
    summary = json.loads(second.stdout)
    assert (summary["done"], summary["kept"], summary["failed"]) == (1, 0, 0)
    assert len([*Path("out").glob("*/campaign.json")]) == 3
    third = run("--retry-failed", "-o", "out")
    assert (third.exit_code, third.stderr) == (0, "nothing failed, nothing to retry\n")
    assert third.stdout.startswith("done      0\n")


def test_a_brief_that_is_still_wrong_stays_in_the_list(run: Run, tmp_path: Path) -> None:
    run(catalogue(tmp_path, {"variants": 9}, count=1), "-o", "out")
    again = run("--retry-failed", "-o", "out")
    assert again.exit_code == 3
    assert "mugs.jsonl, line 1  variants  9: " in again.stderr
    assert json.loads(Path("out/failed.jsonl").read_text())["brief"]["variants"] == 9


def test_a_mended_list_that_cannot_be_read_names_its_line(run: Run, tmp_path: Path) -> None:
    run(catalogue(tmp_path, {"variants": 9}, count=1), "-o", "out")
    path = Path("out/failed.jsonl")
    path.write_text(path.read_text().replace('"brief"', "brief"))
    before = tree(Path("out"))
    found = run("--retry-failed", "-o", "out").exception
    assert isinstance(found, BriefError)
    assert "failed.jsonl', line 1" in str(found)
    assert tree(Path("out")) == before
    with pytest.raises(ExportError, match="no batch was made there"):
        raise run("--retry-failed", "-o", "elsewhere").exception  # type: ignore[misc]


def test_a_photo_that_came_late_is_found(run: Run, tmp_path: Path) -> None:
    source = catalogue(tmp_path, {"photo": "mug0.png"}, count=1)
    (tmp_path / "mug0.png").rename(tmp_path / "hidden")
    assert "mugs.jsonl, line 1  photo  'mug0.png': no such file" in run(source, "-o", "out").stderr
    still = run("--retry-failed", "-o", "out", "--strict", "--log-json", "log.jsonl")
    assert isinstance(still.exception, BriefError)
    assert (
        "1 of 1 products wrong"
        in json.loads(Path("log.jsonl").read_text().splitlines()[-1])["error"]
    )
    (tmp_path / "late").mkdir()
    (tmp_path / "hidden").rename(tmp_path / "late" / "mug0.png")
    again = run("--retry-failed", "-o", "out", "--photos", "late")
    assert again.exit_code == 0, again.output
    assert not Path("out/failed.jsonl").read_text()


def test_strict_makes_nothing_where_a_row_is_wrong(run: Run, tmp_path: Path) -> None:
    found = run(catalogue(tmp_path, {"seed": -1}), "-o", "out", "--strict")
    assert isinstance(found.exception, BriefError)
    assert "1 of 3 products wrong" in str(found.exception)
    assert "mugs.jsonl, line 1  seed  -1: " in found.stderr
    assert not Path("out").exists()


def test_thousands_of_wrong_rows_are_counted_by_column(run: Run, tmp_path: Path) -> None:
    rows = [{"name": f"Mug {n}", "photo": "lost.jpg", "variants": 9} for n in range(2000)]
    Path("many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = run("many.jsonl", "--strict")
    assert len(found.stderr.splitlines()) < 40
    assert "… 4,000 errors in all, by column: photo 2,000, variants 2,000" in found.stderr


def test_the_dry_run_leaves_nothing(run: Run, tmp_path: Path) -> None:
    source = catalogue(tmp_path, {}, {}, {"price": "x" * 30}, count=6)
    before = sorted(tmp_path.rglob("*"))
    found = run(source, "-o", "out", "--dry-run", "--json")
    assert found.exit_code == 0, found.output
    assert sorted(tmp_path.rglob("*")) == before
    said = json.loads(found.stdout)
    assert (said["products"], said["make"], said["wrong"], said["posters"]) == (6, 5, 1, 5)
    assert (said["basis"], said["measured"]) == ("sample", 2)  # of three, the first warms up
    assert said["likely"][0] <= said["seconds"] <= said["likely"][1]
    assert said["bytes"] > 5 * 1000
    assert said["memory"] > 50e6
    assert "line 3" in found.stderr


def test_defaults_fill_what_rows_leave_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("What,Picture,channels\nMug,mug0.png,\nCup,mug1.png,x\n")
    products(2, tmp_path)
    found = run(
        *("shop.csv", "-o", "out", "--column", "name=What", "--column", "photo=Picture"),
        *("--default", "language=zh-CN", "--default", "brand.name=Alder"),
        *("--default", "features=thrown by hand; glazed twice"),
        *("--channel", "iab-rectangle", "--channel", "iab-leaderboard"),
    )
    assert "name <- What" in found.stderr
    (path,) = Path("out").glob("*/brief.json")
    brief = json.loads(path.read_text())
    assert brief["channels"] == ["iab-rectangle", "iab-leaderboard"]
    assert brief["features"] == ["thrown by hand", "glazed twice"]
    assert (brief["name"], brief["language"], brief["brand"]["name"]) == ("Mug", "zh-CN", "Alder")
    assert found.exit_code == 3  # x is no channel


def test_events_on_stdout_are_all_there_is(run: Run, tmp_path: Path) -> None:
    found = run(catalogue(tmp_path, count=1), "-o", "out", "--log-json", "-")
    events = [json.loads(line)["event"] for line in found.stdout.splitlines()]
    assert events == ["mapping", "started", "snapshot", "done", "ended"] or (
        events == ["mapping", "started", "done", "snapshot", "ended"]
    )


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["a.csv", "--retry-failed"],
        ["--retry-failed", "--default", "language=en"],
        ["a.csv", "--json", "--log-json", "-"],
        ["a.csv", "--column", "name"],
        ["a.csv", "--workers", "0"],
        ["a.csv", "--engine", "spark"],
    ],
)
def test_wrong_usage(args: list[str]) -> None:
    assert CliRunner().invoke(cli, ["batch", *args]).exit_code == 2


def test_a_catalogue_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aigc", "batch", "none.csv", "-o", "out"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("aigc: ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("run")
def test_ctrl_c_stops_and_the_same_command_goes_on(tmp_path: Path) -> None:
    mark = tmp_path / "here"
    source = catalogue(tmp_path, {}, {"features": [f"at scene wait {mark}"]}, count=2)
    args = ["batch", source, "-o", "out", *PLAIN, "--workers", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "aigc", *args],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # As from a terminal, even where these tests run in the background of a shell.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            while not mark.exists():
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1].endswith("the same command goes on where this one ended")
    assert "Traceback" not in said
    mark.unlink()
    with ThreadPoolExecutor() as aside:
        aside.submit(lambda: (_await(mark), mark.unlink()))
        again = CliRunner().invoke(cli, args)
    assert again.exit_code == 0, again.output
    assert [line.split() for line in again.stdout.splitlines()[:2]] == [
        ["done", "1"],
        ["kept", "1"],
    ]


def _await(path: Path) -> None:
    late = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < late, f"{path.name} did not come"
        time.sleep(0.05)
