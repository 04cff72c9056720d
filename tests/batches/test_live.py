"""What a batch shows of itself: the table on a terminal, lines in a log, JSON lines."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from aigc.batches import Failure, Result, Snapshot, log
from aigc.batches.live import Lines, Table
from aigc.batches.pace import Pace, span
from aigc.errors import ExportError

NAME = "Teapot 🫖👨‍👩‍👧 紫砂壶"


def ending(number: int, status: str = "done", stage: str = "scene") -> Result:
    """How a product ended."""
    failure = Failure(
        stage=stage, kind="ModelError", error="no\n\x1b[31mweights for 'it'", remedy="fetch them"
    )
    return Result(
        number=number,
        where=f"a.csv, line {number + 1}",
        brief={"name": NAME},
        status=status,
        failure=failure if status == "failed" else None,
        seconds={"caption": 2.0} if status == "done" else {},
    )


def course(statuses: Iterator[str] | list[str], total: int | None, every: float = 4.0):
    """The snapshots of a batch whose products end one after another; kept ones take no time."""
    counts = {"done": 0, "kept": 0, "failed": 0}
    elapsed = 0.0
    for number, status in enumerate(statuses, 1):
        counts[status] += 1
        elapsed += 0.0 if status == "kept" else every
        yield Snapshot(
            **counts,
            total=total,
            waiting=3,
            elapsed=elapsed,
            seconds={"rank": 10.0, "caption": 30.0},
            busy={"cpu": 3},
            workers={"cpu": 2},
            last=ending(number, status),
        )


def drawn(table: Table, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(table.render())
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_table_fits_any_width(width: int) -> None:
    table = Table("aigc batch: a.csv → out")
    for snapshot in course(["kept"] * 10 + ["done"] * 29 + ["failed"], 100):
        table(snapshot)
    lines = drawn(table, width)
    assert all(cell_len(line) <= width for line in lines)
    text = " ".join(" ".join(lines).split())
    for part in ("40 of 100 (40 %)", "done 29", "kept 10", "failed 1", "15.0 products/minute"):
        assert part in text
    assert "caption 75% rank 25%" in text
    assert "cpu 2 of 2" in text  # the third chunk waits for one of them
    (failure,) = (line for line in lines if line.startswith("✗"))
    assert failure.startswith("✗ 40 Teapot")
    assert "\x1b" not in failure


def test_the_table_without_a_total_or_a_start() -> None:
    table = Table("aigc batch")
    assert "0" in drawn(table, 60)[1]
    for snapshot in course(["done"] * 5, None):
        table(snapshot)
    text = "\n".join(drawn(table, 60))
    assert "15.0 products/minute" in text
    assert "left" not in text


def test_only_the_last_failures_are_in_sight_and_no_wrong_rows() -> None:
    table = Table("aigc batch")
    for snapshot in course(["failed"] * 9, 9):
        table(snapshot)
    table(Snapshot(total=9, failed=9, last=ending(77, "failed", "brief")))
    assert [line.split()[1] for line in drawn(table, 100) if "✗" in line] == ["7", "8", "9"]


def test_what_was_kept_does_not_count_as_speed() -> None:
    pace = Pace()
    for snapshot in course(["kept"] * 900 + ["done"] * 10, 1000):
        pace.see(snapshot)
    assert pace.rate == pytest.approx(15)
    assert pace.left == pytest.approx(90 * 4)


def test_wrong_rows_do_not_count_as_speed() -> None:
    pace = Pace()
    for number in range(1, 51):
        last = ending(number, "failed", "brief")
        pace.see(Snapshot(total=100, failed=number, elapsed=0.1, last=last))
    assert pace.rate is None
    assert pace.left is None
    assert pace.says() == "too early for a rate"


def test_the_rate_is_that_of_the_recent_minutes() -> None:
    pace = Pace()
    quick = [*course(["done"] * 600, 2000, every=1.0)]
    for snapshot in quick:
        pace.see(snapshot)
    assert pace.rate == pytest.approx(60, rel=0.02)
    for snapshot in course(["done"] * 60, 2000, every=10.0):
        late = {"elapsed": snapshot.elapsed + 600, "done": snapshot.done + 600}
        pace.see(snapshot.model_copy(update=late))
    assert pace.rate == pytest.approx(6, rel=0.1)
    assert pace.left == pytest.approx(1340 * 10, rel=0.1)


def test_a_batch_that_stands_still_gets_slower() -> None:
    pace = Pace()
    for snapshot in course(["done"] * 10, 100):
        pace.see(snapshot)
    pace.see(Snapshot(total=100, done=10, elapsed=400))
    assert pace.rate == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0.4, "0 s"),
        (75, "75 s"),
        (720, "12 min"),
        (3600, "1 h"),
        (12000, "3 h 20 min"),
        (187200, "2 days 4 h"),
    ],
)
def test_times_as_people_say_them(seconds: float, says: str) -> None:
    assert span(seconds) == says


def test_a_night_of_ten_thousand_is_a_short_log() -> None:
    lines: list[str] = []
    show = Lines(lines.append)
    for snapshot in course(["failed" if n % 5 == 0 else "done" for n in range(10_000)], 10_000):
        show(snapshot)
    show.end()
    failures = [line for line in lines if line.startswith("failed: ")]
    assert len(failures) == 21
    assert "failed.jsonl" in failures[-1]
    assert "\x1b" not in failures[0]
    assert "scene: no [31mweights for 'it'; fetch them" in failures[0]
    assert len(lines) < 200
    for tenth in range(1, 11):
        assert any(f"({10 * tenth} %)" in line for line in lines)
    assert lines[-1].startswith("10,000 of 10,000 (100 %): 8,000 done, 0 kept, 2,000 failed")
    assert not lines[-1].endswith("left")


def test_a_quick_batch_is_a_few_lines() -> None:
    lines: list[str] = []
    show = Lines(lines.append)
    for snapshot in course(["kept"] * 1000, 1000):
        show(snapshot)
    show.end()
    assert lines == ["1,000 of 1,000 (100 %): 0 done, 1,000 kept, 0 failed"]


def test_the_log_tells_every_end_and_a_snapshot_each_half_minute(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "night.jsonl"
    with log.opened(str(path)) as told:
        told.write("started", {"total": 30, "outputs": Path("out")})
        for snapshot in course(["done"] * 29 + ["failed"], 30):
            told(snapshot)
    with log.opened(str(path)) as told:  # a run that goes on adds to it
        told.write("started", {})
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert all(row["time"].endswith("+00:00") for row in rows)
    said = [row["event"] for row in rows]
    assert (said.count("started"), said.count("done"), said.count("failed")) == (2, 29, 1)
    assert 4 <= said.count("snapshot") <= 6
    failed = next(row for row in rows if row["event"] == "failed")
    assert (failed["number"], failed["name"], failed["failure"]["stage"]) == (30, NAME, "scene")
    assert next(row for row in rows if row["event"] == "done")["seconds"] == {"caption": 2.0}


def test_a_log_that_cannot_be_written_is_said_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="log-json"), log.opened(str(tmp_path)):
        pass


def test_a_log_on_a_full_disk_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with log.opened("/dev/full") as told:
        for snapshot in course(["done"] * 3, 3):
            told(snapshot)
    assert capsys.readouterr().err.count("no more is logged") == 1
