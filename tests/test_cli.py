"""The command line: results on stdout, one-line errors on stderr, exit codes as said."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pictures import mug, save

from aigc import cli
from aigc.campaign import Campaign
from aigc.recipe import Recipe
from aigc.stage import STAGES


class Ran:
    """What a command did."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def error(self) -> str:
        """Give the error, which is one line and no traceback."""
        assert self.out == ""
        assert "Traceback" not in self.err
        return self.err.strip().splitlines()[-1]


@pytest.fixture
def aigc(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command line in this process."""

    def run(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["aigc", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        return Ran(int(ended.value.code or 0), shown.out, shown.err)

    return run


PLAIN = [f"--{stage}=plain" for stage in STAGES]


def test_help_is_quick() -> None:
    program = shutil.which("aigc", path=Path(sys.executable).parent)
    command = [program] if program else [sys.executable, "-m", "aigc"]
    best = 9.0
    for _ in range(5):
        started = time.perf_counter()
        done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
        best = min(best, time.perf_counter() - started)
    assert all(stage in done.stdout for stage in STAGES)
    # Processor time rather than the clock, which a busy machine stretches.
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], capture_output=True, check=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime)"
    )
    used = subprocess.run(
        [sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True, check=True
    )
    assert min(best, float(used.stdout)) < 0.3


def test_help_of_every_command(aigc: Any) -> None:
    for command in cli.cli.commands:
        done = aigc(command, "--help")
        assert done.code == 0
        assert "Usage: " in done.out


def test_version_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aigc", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("aigc, version ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such"],
        ["run"],
        ["run", "a", "b"],
        ["run", "a.png", "--variants", "x"],
        ["run", "a.png", "--colour", "x"],
        ["rank"],
        ["rank", "--photo", "a.png"],
        ["rank", "dir", "--photo", "a.png", "--texts", "b"],
        ["show"],
        ["zip"],
        ["zip", "dir", "--all", "--channel", "x"],
        ["channels", "--market", "mars"],
        ["models"],
    ],
)
def test_wrong_usage_exits_2(aigc: Any, arguments: list[str]) -> None:
    done = aigc(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "none.png", "--name", "Mug"], "photo = 'none.png': no such file"),
        (["run", "none.yaml"], "brief 'none.yaml': cannot be read"),
        (["run", "none.png"], "name: missing"),
        (["run", "none.png", "--name", "M", "--channel", "tv"], "no channel 'tv'; `aigc channels`"),
        (["run", "none.png", "--name", "M", "--style", "x"], "no style 'x'; choose from auto"),
        (["run", "none.png", "--name", "M", "--tone", "x"], "tone = 'x'"),
        (["run", "none.png", "--name", "M", "--seed", "-1"], "seed = -1"),
        (["run", "none.png", "--name", "M", "--variants", "9"], "variants = 9"),
        (["run", "none.png", "--name", "M", "--scene", "x"], "scene: no backend 'x'; choose from"),
        (["run", "none.png", "--name", "M", "--set", "x"], "--set x: write stage.option=value"),
        (["run", "none.png", "--name", "M", "--recipe", "no.toml"], "recipe 'no.toml': cannot"),
        (["run", "none.png", "--max-vram", "8"], "scene.max_vram: builtin has no such option"),
        (["run", "none.png", "--scene", "diffusion", "--max-vram", "0"], "scene.max_vram = 0.0"),
        (["show", "none"], "'none' is no finished campaign"),
        (["zip", "none"], "'none' is no campaign folder"),
        (["run", "none.png", "--name", "M", "--date", "soon"], "date = 'soon': Day the campaign"),
        (["scene", "none"], "'none' is no campaign folder"),
        (["rank", "none"], "'none' is no campaign folder"),
        (["rank", "--photo", "none.png", "--texts", "none.txt"], "--texts none.txt: cannot be"),
        (["models", "pull", "none"], "no builtin model 'none'; choose from"),
    ],
)
def test_user_errors_exit_1_in_one_line(aigc: Any, arguments: list[str], says: str) -> None:
    done = aigc(*arguments)
    assert done.code == 1
    line = done.error()
    assert line.startswith("aigc: ")
    assert says in line


def test_run_prints_results_only(
    aigc: Any, fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    arguments = ["run", fields["photo"], "--name", "Mug", "-o", tmp_path / "o", *PLAIN]
    arguments += ["--channel", "iab-rectangle", "--feature", "holds 400 ml", "--seed", "0"]
    done = aigc(*arguments)
    assert done.code == 0, done.err
    rows = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert set(rows) == {"caption", "copy", "poster", "judge", "campaign", "open"}
    folder = Path(rows["campaign"])
    assert Path(rows["open"]) == folder / "index.html"
    assert "caption" in done.err
    assert "\x1b" not in done.err
    saved = json.loads((folder / "brief.json").read_text())
    assert saved["features"] == ["holds 400 ml"]
    again = aigc(*arguments, "--json")
    assert json.loads(again.out)["id"] == folder.name
    shown = aigc("show", folder)
    assert done.out == f"judge     {rows['judge']}\n{shown.out}"
    assert shown.err == ""
    assert json.loads(aigc("show", folder, "--json").out)["posters"]


def test_flags_have_the_last_word(
    aigc: Any, fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    path = tmp_path / "brief.json"
    path.write_text(json.dumps(fields | {"brand": {"name": "A", "colours": ["#112233"]}}))
    done = aigc(
        "run", path, "--price", "$99", "--brand", "B", "-o", tmp_path / "o", "--json", *PLAIN
    )
    brief = json.loads(done.out)["brief"]
    assert brief["price"] == "$99"
    assert brief["name"] == fields["name"]
    assert brief["brand"]["name"] == "B"
    assert brief["brand"]["colours"] == ["#112233"]


def test_every_flag_of_a_brief_arrives(
    aigc: Any, fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path
) -> None:
    flags = {
        "name": "Mug",
        "was": "$20",
        "discount": "-40%",
        "coupon": "MUG40",
        "link": "https://shop.example",
        "date": "2026-12-01",
        "market": "US",
    }
    given = [each for name, value in flags.items() for each in (f"--{name}", value)]
    given += ["--badge", "BPA free", "--badge", "CE", "--brand", "Norrland"]
    done = aigc("run", fields["photo"], *given, "-o", tmp_path / "o", "--json", *PLAIN)
    assert done.code == 0, done.err
    brief = json.loads(done.out)["brief"]
    assert {name: brief[name] for name in flags} == flags
    assert brief["badges"] == ["BPA free", "CE"]
    assert brief["brand"]["name"] == "Norrland"


def test_zips(aigc: Any, fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "brief.json"
    path.write_text(json.dumps(fields))
    folder = (
        tmp_path
        / "o"
        / json.loads(aigc("run", path, "-o", tmp_path / "o", "--json", *PLAIN).out)["id"]
    )
    done = aigc("zip", folder)
    assert done.code == 0, done.err
    assert [Path(line.split()[0]).name for line in done.out.splitlines()] == [
        "iab-rectangle.zip",
        "iab-leaderboard.zip",
    ]
    (whole,) = json.loads(aigc("zip", folder, "--all", "-o", tmp_path / "z", "--json").out)
    assert Path(whole) == tmp_path / "z" / f"{folder.name}.zip"
    assert Path(whole).stat().st_size > 1000
    assert "no channel 'ebay'; it has" in aigc("zip", folder, "--channel", "ebay").error()


def test_channels_of_a_market_with_what_they_refuse(aigc: Any) -> None:
    shown = aigc("channels", "--market", "southeast-asia").out
    assert "Lazada\n  lazada " in shown
    assert "refuses watermark, text, logo" in shown
    assert "amazon" not in shown
    assert "1200×1200" in shown
    assert max(map(len, aigc("channels").out.splitlines())) <= 100


@pytest.mark.parametrize("stage", STAGES)
def test_redo_of_a_stage(
    aigc: Any, fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path, stage: str
) -> None:
    path = tmp_path / "brief.json"
    path.write_text(json.dumps(fields))
    folder = json.loads(aigc("run", path, "-o", tmp_path / "o", "--json", *PLAIN).out)["id"]
    option = {"rank": "scene.shade=99", "typeset": "typeset.corner=true"}.get(stage)
    setting = ["--set", option] if option else []
    done = aigc(stage, tmp_path / "o" / folder, "--json", *setting)
    assert done.code == 0, done.err
    recipe = json.loads(done.out)["recipe"]
    assert recipe["scene"]["shade"] == (99 if stage == "rank" else 200)
    assert recipe["scene"]["backend"] == "plain"


def test_a_bug_keeps_its_traceback(
    fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import plain

    plain.FAIL["rank"] = ZeroDivisionError("a bug")
    arguments = ["aigc", "run", fields["photo"], "--name", "M", "-o", str(tmp_path), *PLAIN]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize("command", ["backends", "channels", "styles", "models list", "doctor"])
def test_lists(aigc: Any, command: str) -> None:
    plain_text, as_json = aigc(*command.split()), aigc(*command.split(), "--json")
    assert (plain_text.code, as_json.code) == (0, 0)
    assert json.loads(as_json.out)
    assert plain_text.err == as_json.err == ""
    for name in [*json.loads(as_json.out)][:3]:
        shown = name if isinstance(name, str) else name["name"]
        assert shown in plain_text.out


def test_doctor_tells_how_to_get_the_models(
    aigc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "none"))
    done = aigc("doctor")
    assert done.code == 0
    assert "aigc models pull" in done.out
    assert "not fetched" in aigc("models", "list").out


def test_rank_of_any_texts(aigc: Any, real: Campaign, tmp_path: Path) -> None:
    photo = save(mug(300), tmp_path / "mug.png")
    texts = tmp_path / "texts.txt"
    lines = ["A green mug for your coffee", "A red racing bicycle", "早安，杯子"]
    texts.write_text("\n".join([lines[0], "", f"  {lines[1]}  ", lines[2], ""]), "utf-8")
    done = aigc("rank", "--photo", photo, "--texts", texts, "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    assert sorted(row["text"] for row in rows) == sorted(lines)
    totals = [row["total"] for row in rows]
    assert totals == sorted(totals, reverse=True)
    order = [row["text"] for row in rows]
    assert order.index(lines[0]) < order.index(lines[1])
    texts.write_text("\n \n")
    assert "holds no text" in aigc("rank", "--photo", photo, "--texts", texts).error()
    texts.write_bytes(b"\xff\xfe\xff")
    assert "UTF-8" in aigc("rank", "--photo", photo, "--texts", texts).error()


def test_a_reader_that_stops_early_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "aigc", "channels", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert "Traceback" not in done.stderr.read()


def test_pull_makes_everything_ready(aigc: Any, real: Campaign) -> None:
    done = aigc("models", "pull")
    assert done.code == 0, done.err
    rows = dict(line.split(": ", 1) for line in done.out.splitlines())
    assert Path(rows["language-model"]).exists()
    made = [path for path in map(Path, rows.values()) if path.parent.name == "derived"]
    assert len(made) >= 2  # the language model as int8, and the fonts cut to weights
    assert all(any(path.iterdir()) for path in made)
    listed = json.loads(aigc("models", "list", "--json").out)
    assert all(row["present"] for row in listed if "sha256" in row)  # the hub's own are not
