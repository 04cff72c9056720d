"""What the tests of batches share: small products, a batch in a process group, what it wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
from pictures import mug, save

HERE = Path(__file__).parent
PRIVATE = ".batch"


def products(count: int, folder: Path, *features: str, size: int = 120) -> list[dict[str, Any]]:
    """Draw mugs in colours of their own, and give their briefs; `features` are tricks for all."""
    made = []
    for number in range(count):
        colour = (40 + 53 * number % 180, 60 + 97 * number % 160, 50 + 31 * number % 170)
        photo = save(mug(size, colour, "wood"), folder / f"mug{number}.png")
        made.append(
            {
                "name": f"Mug {number}",
                "photo": str(photo),
                "price": f"${number + 1}",
                "features": ["holds 400 ml", *features],
                "channels": ["iab-rectangle"],
            }
        )
    return made


def told(brief: dict[str, Any], *tricks: str) -> dict[str, Any]:
    """The brief with more tricks in it."""
    return brief | {"features": [*brief["features"], *tricks]}


class Batch:
    """A batch that runs in a process group of its own."""

    def __init__(self, briefs: Iterable[dict[str, Any]], outputs: Path, **options: Any) -> None:
        """Start it; `options` are those of drive.py."""
        catalogue = outputs.with_name(f"{outputs.name}.jsonl")
        catalogue.write_text("".join(json.dumps(brief) + "\n" for brief in briefs))
        self.outputs = outputs
        self.started = time.monotonic()
        self.log = outputs.with_name(f"{outputs.name}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, HERE / "drive.py", catalogue, outputs, json.dumps(options)],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(HERE / "everywhere")},
            )

    def wait(self, seconds: float = 120) -> int:
        """Wait for its end, and give its exit code."""
        return self.process.wait(seconds)

    def said(self) -> str:
        """What it printed so far."""
        return self.log.read_text("utf-8")

    def family(self) -> list[psutil.Process]:
        """Every process of it, itself first."""
        try:
            itself = psutil.Process(self.process.pid)
            return [itself, *itself.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self, whom: str, choose: Any = None) -> None:
        """Send SIGKILL to its `group`, to its `parent` only, or to a `worker`."""
        if whom == "group":
            os.killpg(self.process.pid, signal.SIGKILL)
        elif whom == "parent":
            self.process.kill()
        elif found := workers_of(self.process.pid):
            choose.choice(found).kill()
        if whom != "worker":
            self.process.wait(10)


def workers_of(pid: int) -> list[psutil.Process]:
    """The worker processes of a process."""
    try:
        return [each for each in psutil.Process(pid).children() if "spawn_main" in command(each)]
    except psutil.NoSuchProcess:
        return []


def command(process: psutil.Process) -> str:
    """The command line of a process, empty where it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def gone(processes: Iterable[psutil.Process], seconds: float = 3) -> bool:
    """Whether these end within some seconds."""
    _, alive = psutil.wait_procs([*processes], timeout=seconds)
    return not alive


def run(briefs: Iterable[dict[str, Any]], outputs: Path, **options: Any) -> tuple[int, str]:
    """Run a batch to its end; gives its exit code and what it printed."""
    batch = Batch(briefs, outputs, **options)
    return batch.wait(), batch.said()


def tree(outputs: Path) -> dict[str, bytes]:
    """Every file of a batch, its private ones apart."""
    return {name: path.read_bytes() for name, path in _paths(outputs).items()}


def count(outputs: Path) -> int:
    """How many files of a batch there are, while it writes them."""
    return sum(len(files) for _, _, files in os.walk(outputs))


def stamps(outputs: Path) -> dict[str, tuple[int, int]]:
    """When each file of the finished campaigns was written, and its inode."""
    whole = {path.parent.name for path in outputs.glob("*/campaign.json")}
    return {
        name: (path.stat().st_mtime_ns, path.stat().st_ino)
        for name, path in _paths(outputs).items()
        if name.split("/")[0] in whole
    }


def parts(outputs: Path) -> list[str]:
    """Files that were not finished, private ones too."""
    return [str(path.relative_to(outputs)) for path in outputs.rglob("*.part")]


def _paths(outputs: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(outputs)): path
        for path in sorted(outputs.rglob("*"))
        if path.is_file() and PRIVATE not in path.relative_to(outputs).parts
    }
