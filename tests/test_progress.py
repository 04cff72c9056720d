"""What the terminal shows while a campaign is made."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from aigc import events, progress


def campaign(note: str) -> Any:
    """A campaign whose caption says this of its cut-out."""
    return SimpleNamespace(caption=SimpleNamespace(note=note))


def told(stage: str, done: int, note: str) -> None:
    """Report a stage's step, as the pipeline does."""
    events.report(stage, done, 1, campaign=campaign(note))


def test_a_dropped_cut_out_is_said_once_when_the_caption_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    note = "No product here [bold]: the whole photo."
    with progress.shown():
        events.report("caption", 0, 1, campaign=SimpleNamespace(caption=None))
        told("caption", 1, note)
        told("copywrite", 0, note)
        told("copywrite", 1, note)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines.count(f"warning: {note}") == 1
    assert lines.index(f"warning: {note}") == 2  # after "caption …" and "caption done"


def test_nothing_is_said_of_a_good_cut_out(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown():
        told("caption", 1, "")
    assert "warning" not in capsys.readouterr().err


def test_a_terminal_shows_it_above_the_bars(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "screen").open("w+", encoding="utf-8") as screen:
        screen.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr("sys.stderr", screen)
        monkeypatch.setattr(
            progress, "Console", lambda **_: Console(file=screen, force_terminal=True, width=200)
        )
        with progress.shown():
            told("caption", 1, "the whole [photo]")
        screen.seek(0)
        assert "warning: the whole [photo]" in screen.read()


def test_the_style_is_said_with_its_reason_and_a_remark_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scenes = [SimpleNamespace(style="diwali", why="opens 2026-11-01, a week before Diwali")] * 3
    with progress.shown():
        events.report("scene", 0, 1, campaign=SimpleNamespace(scenes=()))
        events.report("scene", 0, 0, "ornaments are drawn")
        events.report("scene", 0, 0, "ornaments are drawn")
        events.report("scene", 1, 1, campaign=SimpleNamespace(scenes=scenes))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "scene …"
    assert lines.count("scene: ornaments are drawn") == 1
    assert lines[-1] == "style diwali: opens 2026-11-01, a week before Diwali"
    assert lines[-2].startswith("scene done")


def test_long_work_is_told_from_time_to_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 400, 4))
    monkeypatch.setattr(progress.time, "perf_counter", lambda: float(next(clock)))
    with progress.shown():
        for step in range(9):
            events.report("scene", step, 9, f"step {step}")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "scene …"
    assert 2 <= len(lines) - 1 <= 4
    assert lines[1].startswith("scene: ")
    assert " of 9, step " in lines[1]
