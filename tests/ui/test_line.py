"""The line in front of the machine: turns, places, ends of every kind; with real processes."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import line_kit
import pytest
from loops import ended

from aigc.errors import AigcError
from ui import line as lines
from ui.line import Line, News


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line that the tests share, each with merchants of its own."""
    shared = Line(tmp_path_factory.mktemp("jobs"))
    yield shared
    shared.close()


def all_news(line: Line, job: str, seconds: float = 30) -> list[News]:
    """Follow a job to its end."""

    async def follow() -> list[News]:
        async with asyncio.timeout(seconds):
            return [news async for news in line.follow(job)]

    return ended(follow())


def until(line: Line, owner: str, job: str, state: str) -> None:
    """Wait for a job's state."""
    stop = time.monotonic() + 30
    while (now(line, owner, job)).state != state:
        assert time.monotonic() < stop, now(line, owner, job)
        time.sleep(0.02)


def now(line: Line, owner: str, job: str) -> News:
    """What a job's owner sees of it."""
    return next(each for each in line.jobs(owner) if each.job == job)


def wait_for(file: Path) -> None:
    """Wait for what a job writes."""
    stop = time.monotonic() + 30
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < stop
        time.sleep(0.02)


def test_merchants_take_turns(line: Line, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    held = line.put("a", "held", line_kit.hold, gate)
    until(line, "a", held, "running")
    asked = ["a1", "a2", "a3", "b1", "b2", "c1"]
    jobs = {name: line.put(name[0], name, line_kit.note, log, name) for name in asked}
    # All of `a` came first, but a merchant's second job waits for everybody's first.
    order = ["b1", "c1", "a1", "b2", "a2", "a3"]
    assert [now(line, name[0], jobs[name]).ahead for name in order] == [1, 2, 3, 4, 5, 6]
    line.stop(jobs["c1"])
    assert now(line, "c", jobs["c1"]).state == "stopped"
    assert now(line, "a", jobs["a1"]).ahead == 2
    gate.touch()
    for name in ("a3", "b2"):
        assert all_news(line, jobs[name])[-1].state == "done"
    order.remove("c1")
    assert log.read_text().split() == order
    assert [each.name for each in line.jobs("b")] == ["b2", "b1"]


def test_who_asks_again_and_again_holds_nobody_up(line: Line, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    held = line.put("d", "held", line_kit.hold, gate)
    until(line, "d", held, "running")
    patient = [line.put("e", str(n), line_kit.note, log, f"e{n}") for n in range(3)]
    gate.touch()
    for number in range(3):
        all_news(line, line.put("f", "again", line_kit.note, log, f"f{number}"))
    all_news(line, patient[-1])
    ran = log.read_text().split()
    assert ran.index("e1") < ran.index("f2")


def test_a_job_that_ended_can_still_be_followed(line: Line, tmp_path: Path) -> None:
    job = line.put("g", "quick", line_kit.note, tmp_path / "log", "x")
    until(line, "g", job, "done")
    for _ in range(2):
        assert [news.state for news in all_news(line, job)] == ["done"]
    assert line.owner(job) == "g"


def test_several_follow_one_job_and_come_again(line: Line, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job = line.put("h", "held", line_kit.hold, gate)
    until(line, "h", job, "running")

    async def follow() -> list[News]:
        async for news in line.follow(job):  # and goes away
            if news.stage == "caption":
                break
        two = [asyncio.ensure_future(_last(line, job)) for _ in range(2)]
        await asyncio.sleep(0.3)
        gate.touch()
        return list(await asyncio.gather(*two))

    ends = ended(follow())
    assert ends[0] == ends[1]
    assert (ends[0].state, ends[0].stage, ends[0].total) == ("done", "caption", 1200)


async def _last(line: Line, job: str) -> News:
    return [news async for news in line.follow(job)][-1]


def test_stop_ends_a_job_at_its_next_report(line: Line, tmp_path: Path) -> None:
    job = line.put("i", "held", line_kit.hold, tmp_path / "never")
    until(line, "i", job, "running")
    line.stop(job)
    started = time.monotonic()
    assert all_news(line, job)[-1].state == "stopped"
    assert time.monotonic() - started < 3
    line.stop(job)  # once more changes nothing
    assert now(line, "i", job).state == "stopped"


def test_stop_ends_the_process_of_a_job_that_hangs(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_MERCY", 0.5)
    job = line.put("j", "hangs", line_kit.hang, tmp_path / "begun")
    wait_for(tmp_path / "begun")
    line.stop(job)
    end = all_news(line, job)[-1]
    assert (end.state, end.stage, end.done, end.total) == ("stopped", "scene", 1, 4)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "begun").read_text()), 0)
    after = line.put("j", "after", line_kit.where, tmp_path / "pid")
    assert all_news(line, after)[-1].state == "done"


def test_models_stay_loaded_between_jobs(line: Line, tmp_path: Path) -> None:
    for name in ("one", "two"):
        all_news(line, line.put("k", name, line_kit.where, tmp_path / name))
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()


def test_errors_are_told_in_the_merchants_terms(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    end = all_news(line, line.put("l", "refused", line_kit.refuse))[-1]
    assert (end.state, end.error) == ("failed", "photo = 'jar.png': no picture; choose another")
    with caplog.at_level(logging.ERROR):
        end = all_news(line, line.put("l", "broken", line_kit.break_down))[-1]
    assert end.state == "failed"
    assert "secret" not in end.error
    assert "ZeroDivisionError: secret of the house" in caplog.text


def test_a_worker_that_dies_takes_one_job_with_it(line: Line, tmp_path: Path) -> None:
    dead = line.put("m", "dies", line_kit.die)
    next_one = line.put("m", "next", line_kit.note, tmp_path / "log", "x")
    end = all_news(line, dead)[-1]
    assert (end.state, "memory" in end.error) == ("failed", True)
    assert all_news(line, next_one)[-1].state == "done"


def test_a_worker_that_dies_idle_is_replaced(line: Line, tmp_path: Path) -> None:
    all_news(line, line.put("n", "who", line_kit.where, tmp_path / "pid"))
    os.kill(int((tmp_path / "pid").read_text()), 9)
    for wait in (0, 0.5):
        time.sleep(wait)
        job = line.put("n", "next", line_kit.note, tmp_path / "log", "x")
        assert all_news(line, job)[-1].state == "done"


def test_a_silent_job_is_ended(tmp_path: Path) -> None:
    line = Line(tmp_path / "jobs", patience=3)
    try:
        job = line.put("a", "hangs", partial(line_kit.hang, tmp_path / "begun"))
        end = all_news(line, job)[-1]
        assert (end.state, end.error[:19]) == ("failed", "Nothing was heard o")
    finally:
        line.close()


def test_news_of_a_flood_of_reports_stays_small(line: Line, tmp_path: Path) -> None:
    job = line.put("o", "fetches", line_kit.fetch)
    news = all_news(line, job)
    assert news[-1].state == "done"
    assert news[-1].note == ""
    assert any(each.note.startswith("↓ tiny-model ") for each in news)
    scratch = line._scratch / job / "events.jsonl"
    assert scratch.stat().st_size < 20_000


def test_a_line_that_is_too_long_says_so(line: Line, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    until(line, "p", line.put("p", "held", line_kit.hold, gate), "running")
    jobs = [
        line.put("p", str(n), line_kit.note, tmp_path / "log", "x") for n in range(lines.PER_OWNER)
    ]
    with pytest.raises(AigcError, match="20 of your jobs wait already; stop one"):
        line.put("p", "one more", line_kit.note, tmp_path / "log", "x")
    others = line.put("q", "another's", line_kit.note, tmp_path / "log", "x")
    line.stop(jobs[0])
    line.put("p", "one more", line_kit.note, tmp_path / "log", "x")
    gate.touch()
    assert all_news(line, others)[-1].state == "done"


def test_what_is_not_there_is_said(line: Line) -> None:
    for ask in (line.owner, line.stop, partial(all_news, line)):
        with pytest.raises(AigcError, match="job 'nobody': there is none"):
            ask("nobody")


def test_old_jobs_are_forgotten_with_their_files(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = line.put("r", "old", line_kit.note, tmp_path / "log", "x")
    until(line, "r", job, "done")
    assert (line._scratch / job).is_dir()
    monkeypatch.setattr(lines, "_KEPT", 0.0)
    new = line.put("r", "new", line_kit.hold, tmp_path / "log")  # which is there already
    stop = time.monotonic() + 20
    while (line._scratch / job).exists() and time.monotonic() < stop:
        time.sleep(0.05)
    assert not (line._scratch / job).exists()
    assert job not in {each.job for each in line.jobs("r")}
    assert new


def test_closing_ends_all_within_three_seconds(tmp_path: Path) -> None:
    line = Line(tmp_path / "jobs")
    running = line.put("a", "hangs", line_kit.hang, tmp_path / "begun")
    waiting = line.put("a", "waits", line_kit.note, tmp_path / "log", "x")
    wait_for(tmp_path / "begun")
    started = time.monotonic()
    line.close()
    assert time.monotonic() - started < 3
    assert [all_news(line, job)[-1].state for job in (running, waiting)] == ["stopped", "stopped"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "begun").read_text()), 0)
    with pytest.raises(AigcError, match="ends"):
        line.put("a", "late", line_kit.note, tmp_path / "log", "x")
    assert not (tmp_path / "log").exists()


def test_a_hundred_followers_cost_little(line: Line, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    job = line.put("s", "held", line_kit.hold, gate)
    until(line, "s", job, "running")

    async def follow() -> float:
        many = [asyncio.ensure_future(_last(line, job)) for _ in range(100)]
        started, worked = time.monotonic(), time.process_time()
        await asyncio.sleep(2)
        share = (time.process_time() - worked) / (time.monotonic() - started)
        gate.touch()
        assert {news.state for news in await asyncio.gather(*many)} == {"done"}
        return share

    assert ended(follow()) < 0.25  # of a core
