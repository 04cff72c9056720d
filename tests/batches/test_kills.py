"""Real batches killed with SIGKILL wherever they are, then run again: nothing is lost or changed.

A kill strikes after a share of the work, counted in files: while processes start, while stages are
saved, while the last files are written. Which share, and whom it strikes, is drawn from a seed.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from batch_kit import Batch, command, count, gone, parts, products, run, stamps, told, tree

WHOM = ("group", "parent", "worker")
Briefs = list[dict[str, Any]]
Made = tuple[Briefs, dict[str, bytes]]


@pytest.fixture(scope="module")
def plain_made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give eight briefs, and what a batch of them writes that nobody disturbs."""
    folder = tmp_path_factory.mktemp("plain")
    briefs = products(8, folder)
    code, said = run(briefs, folder / "out")
    assert code == 0, said
    return briefs, tree(folder / "out")


@pytest.fixture(scope="module")
def real_made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give three briefs, and what the builtin backends make of them."""
    folder = tmp_path_factory.mktemp("real")
    briefs = products(3, folder, size=240)
    code, said = run(briefs, folder / "out", stages="builtin")
    assert code == 0, said
    return briefs, tree(folder / "out")


def strike(batch: Batch, whom: str, files: int, chance: random.Random) -> str:
    """Wait for a drawn share of the work, then kill; says when that was."""
    at = chance.choice(("start", "work", "work", "work", "end"))
    goal = chance.randint(min(files, count(batch.outputs)), files)
    until = time.monotonic() + (chance.uniform(0, 1.5) if at == "start" else 60)
    while batch.process.poll() is None and time.monotonic() < until:
        there = count(batch.outputs)
        if (at == "work" and there >= goal) or (at == "end" and there >= files - 3):
            break
        time.sleep(0.004)
    time.sleep(chance.uniform(0, 0.3 if at == "end" else 0.03))
    there = count(batch.outputs)
    batch.kill(whom, chance)
    return f"{whom:<7}{at:<6}{there:4d} of {files} files, {len(parts(batch.outputs))} unfinished"


def storm(made: Made, outputs: Path, chance: random.Random, whom: list[str], **options: Any) -> int:
    """Run a batch that is killed again and again, then to its end; gives the number of kills."""
    briefs, whole = made
    for each in whom:
        finished = stamps(outputs)
        batch = Batch(briefs, outputs, **options)
        print(strike(batch, each, len(whole), chance))
        if each == "worker":
            assert batch.wait() == 0, batch.said()
        now = tree(outputs)
        campaigns = {name for name in now if "/" in name and not name.endswith(".part")}
        assert {name for name in campaigns if now[name] != whole[name]} == set()
        assert {name: stamps(outputs)[name] for name in finished} == finished
    finished = stamps(outputs)
    code, said = run(briefs, outputs, **options)
    assert code == 0, said
    assert tree(outputs) == whole
    assert parts(outputs) == []
    assert {name: stamps(outputs)[name] for name in finished} == finished
    return len(whom)


def test_three_kills(plain_made: Made, tmp_path: Path) -> None:
    assert storm(plain_made, tmp_path / "out", random.Random(7), ["group", "parent", "worker"]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_kills(plain_made: Made, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whom = [*chance.choices(WHOM[:2], k=3), "worker"]
    assert storm(plain_made, tmp_path / "out", chance, whom) == 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kills_of_the_builtin_backends(real_made: Made, tmp_path: Path, seed: int) -> None:
    whom = [*random.Random(seed).choices(WHOM[:2], k=2), "worker"]
    chance = random.Random(seed + 100)
    assert storm(real_made, tmp_path / "out", chance, whom, stages="builtin") == 3


@pytest.mark.parametrize("whom", ["parent", "group"])
def test_nobody_outlives_a_killed_batch(tmp_path: Path, whom: str) -> None:
    flag = tmp_path / "flag"
    (brief,) = products(1, tmp_path, f"at rank wait {flag}")
    batch = Batch([brief], tmp_path / "out")
    family = wait_for(flag, batch)
    assert len(family) >= 2
    batch.kill(whom)
    assert gone(family, 3), [command(each) for each in family]


def test_two_runs_on_one_folder(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    briefs = products(2, tmp_path)
    briefs[0] = told(briefs[0], f"at rank wait {flag}")
    first = Batch(briefs, tmp_path / "out")
    wait_for(flag, first)
    before = tree(tmp_path / "out")
    code, said = run([], tmp_path / "out")
    assert code == 1
    assert str(tmp_path / "out") in said
    assert len(said.splitlines()) == 1, said
    flag.unlink()
    assert first.wait() == 0, first.said()
    assert before.items() <= tree(tmp_path / "out").items()
    assert run(briefs, tmp_path / "out")[0] == 0  # and nobody holds it now


def test_a_killed_worker_costs_nothing(tmp_path: Path) -> None:
    briefs = products(4, tmp_path)
    briefs[1] = told(briefs[1], f"at scene die {tmp_path / 'once'}")
    code, said = run(briefs, tmp_path / "out")
    assert (tmp_path / "once").exists()
    assert code == 0, said
    assert run(briefs, tmp_path / "again")[0] == 0  # nobody dies of it any more
    assert tree(tmp_path / "out") == tree(tmp_path / "again")


def test_a_product_that_kills_every_worker_fails_alone(tmp_path: Path) -> None:
    briefs = products(5, tmp_path)
    briefs[1] = told(briefs[1], "at copywrite die")
    code, said = run(briefs, tmp_path / "out")
    assert code == 3, said
    assert sorted(line.split()[1] for line in said.splitlines()) == ["done"] * 4 + ["failed"]
    failed = next(line for line in said.splitlines() if "failed" in line)
    assert failed.startswith("2 failed")
    assert "worker died" in failed
    assert "memory" in failed


def test_a_product_that_hangs_is_stopped(tmp_path: Path) -> None:
    briefs = products(4, tmp_path)
    briefs[2] = told(briefs[2], "at typeset sleep 300")
    started = time.monotonic()
    code, said = run(briefs, tmp_path / "out", timeout=2)
    assert time.monotonic() - started < 30
    assert code == 3, said
    failed = next(line for line in said.splitlines() if "failed" in line)
    assert failed.startswith("3 failed")
    assert "2 s" in failed
    assert said.count("done") == 3


def wait_for(flag: Path, batch: Batch) -> list[psutil.Process]:
    """Wait until a product waits; gives all processes of its batch."""
    while not flag.exists() or not flag.read_text():
        assert batch.process.poll() is None, batch.said()
        time.sleep(0.01)
    return batch.family()
