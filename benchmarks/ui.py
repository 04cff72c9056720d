"""The page under load: simultaneous clients over loopback, each of whom asks for a campaign.

    python benchmarks/ui.py [--clients 20] [--rounds 1] [--channel iab-rectangle] [--stages plain]

A real `aigc ui` is started, and every client logs in to it as another merchant with gradio_client,
all at once. All must be served or told their place, none may fail, the page must stay quick and
memory flat: once the models are loaded, the last third of the time takes no more than the first.
`--stages plain` tries it with the tests' stages, which do nothing, and more --rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from _memory import Sampler
from _products import draw
from _report import emit, machine, parser, versions

PACKAGES = ("aigc", "gradio", "gradio_client", "uvicorn", "pebble", "torch", "ctranslate2")
STAGES = ("caption", "copywrite", "rank", "scene", "typeset")
PLAIN = Path(__file__).parents[1] / "tests" / "batches" / "everywhere"
PHOTOS = 3
FLAT = 1.10
EVERY = 0.5  # seconds between two visits to the page
START = 300.0  # seconds in which the page must answer, and all log in
PATIENCE = 120.0  # seconds for one answer
_LOGIN = threading.Lock()


class Merchant(threading.Thread):
    """One client: asks for campaigns, one after the other, and notes what it is told."""

    def __init__(self, url: str, name: str, photo: Path, asked: argparse.Namespace) -> None:
        super().__init__(name=name, daemon=True)
        self._url, self._photo, self._asked = url, photo, asked
        self.first: list[float] = []  # seconds to the first answer
        self.whole: list[float] = []  # seconds to the zip
        self.places: list[int] = []  # how many were before it, when it was first told
        self.wrong = ""
        self.ready = threading.Barrier(1)

    def run(self) -> None:
        """Log in, wait for the others, ask."""
        try:
            client = _logged_in(self._url, self.name)
            self.ready.wait(START)
            for number in range(self._asked.rounds):
                self._campaign(client, number)
        except Exception as error:  # noqa: BLE001 - whatever it is counts as a failure
            self.wrong = f"{type(error).__name__}: {error}"
            self.ready.abort()

    def _campaign(self, client: Any, number: int) -> None:
        from gradio_client import handle_file

        brief = {"name": f"{self.name} {number}", "channels": [self._asked.channel], "seed": number}
        started = time.monotonic()
        job = client.submit(handle_file(str(self._photo)), brief, api_name="/campaign")
        for count, news in enumerate(job):
            if count == 0:
                self.first.append(time.monotonic() - started)
                self.places.append(news["ahead"])
            last = news
        if job.exception():
            raise job.exception()
        if last["state"] != "done" or not Path(last["zip"]).stat().st_size:
            raise RuntimeError(f"ended as {last['state']}")
        self.whole.append(time.monotonic() - started)
        _say(f"{self.name}: {self.whole[-1]:.0f} s")


def _logged_in(url: str, name: str) -> Any:
    """A client of its own; one after another, for the page lets few log in at once."""
    from gradio_client import Client

    until = time.monotonic() + START
    with _LOGIN:
        while True:
            try:
                told = {"timeout": PATIENCE}
                return Client(url, auth=(name, "x"), verbose=False, httpx_kwargs=told)
            except ValueError:
                if time.monotonic() > until:
                    raise
                time.sleep(5)


class Visitor(threading.Thread):
    """Opens the page again and again, and notes how long that takes."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._client = httpx.Client(base_url=url, timeout=PATIENCE)
        while self._client.post("/login", data={"username": "m0", "password": "x"}).is_error:
            time.sleep(5)
        self.seconds: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Visit until told to end."""
        while not self.over.wait(EVERY):
            started = time.monotonic()
            self._client.get("/").raise_for_status()
            self.seconds.append(time.monotonic() - started)


def main() -> None:
    """Run it, and print what was measured and what holds."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="aigc-benchmark-") as folder:
        draw(Path(folder) / "drawn", PHOTOS)
        photos = sorted((Path(folder) / "drawn").glob("*.jpg"))
        with _served(Path(folder), asked) as (url, process):
            result = _measured(url, process, photos, asked)
    result |= {"machine": machine(), "versions": versions(*PACKAGES)}
    emit(asked.json, result, _table(result))


def _arguments() -> argparse.Namespace:
    options = parser(__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("--clients", type=int, default=20)
    options.add_argument("--rounds", type=int, default=1, help="campaigns of each client")
    options.add_argument("--channel", default="iab-rectangle")
    options.add_argument("--stages", default="", help="backend of every stage, such as plain")
    return options.parse_args()


@contextlib.contextmanager
def _served(
    folder: Path, asked: argparse.Namespace
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "aigc", "ui", "--port", "0", "-o", str(folder / "outputs")]
    command += [
        f"{word}" for stage in STAGES if asked.stages for word in (f"--{stage}", asked.stages)
    ]
    names = "\n".join(f"m{number}:x" for number in range(asked.clients))
    env = {**os.environ, "AIGC_UI_AUTH": names, "TMPDIR": str(folder)}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PLAIN), os.environ.get("PYTHONPATH")]))
    log = folder / "log.txt"
    with (
        log.open("w") as told,
        subprocess.Popen(command, env=env, stdout=told, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield _address(process, log), process
        finally:
            process.terminate()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(int(START / 0.25)):
        if process.poll() is not None:
            sys.exit(f"aigc ui ended: {log.read_text()}")
        found = re.search(r"http://[\d.]+:\d+", log.read_text())
        with contextlib.suppress(httpx.HTTPError):
            if found and httpx.get(f"{found[0]}/login", timeout=10).status_code == 200:
                return found[0]
        time.sleep(0.25)
    sys.exit(f"aigc ui did not answer in {START:.0f} s: {log.read_text()}")


def _measured(
    url: str, process: subprocess.Popen[bytes], photos: Sequence[Path], asked: argparse.Namespace
) -> dict[str, Any]:
    merchants = [
        Merchant(url, f"m{number}", photos[number % len(photos)], asked)
        for number in range(asked.clients)
    ]
    ready = threading.Barrier(asked.clients + 1)
    visitor = Visitor(url)
    memory = Sampler(process.pid)
    for each in merchants:
        each.ready = ready
        each.start()
    with contextlib.suppress(threading.BrokenBarrierError):
        ready.wait(START)
    started = time.monotonic()
    visitor.start()
    while any(each.is_alive() for each in merchants):
        time.sleep(0.1)
    seconds = time.monotonic() - started
    visitor.over.set()
    visitor.join()
    memory.end()
    return _figures(merchants, visitor, memory, started, seconds) | {
        "clients": asked.clients,
        "rounds": asked.rounds,
        "channel": asked.channel,
        "stages": asked.stages or "builtin",
    }


def _figures(
    merchants: Sequence[Merchant],
    visitor: Visitor,
    memory: Sampler,
    started: float,
    seconds: float,
) -> dict[str, Any]:
    first = [each for one in merchants for each in one.first]
    whole = sorted(each for one in merchants for each in one.whole)
    # From then on every model is loaded, which is what a page that is used has.
    warm = started + whole[0] if whole else started
    sums = [total for at, total in memory.sums if at >= warm]
    third = max(1, len(sums) // 3)
    ratio = statistics.mean(sums[-third:]) / statistics.mean(sums[:third]) if sums else 1.0
    before = [total for at, total in memory.sums if at < started] or sums
    wrong = [f"{one.name}: {one.wrong}" for one in merchants if one.wrong]
    return {
        "seconds": round(seconds, 1),
        "served": len(whole),
        "told_their_place": sum(place > 0 for one in merchants for place in one.places),
        "furthest_place": max((place for one in merchants for place in one.places), default=0),
        "failed": wrong,
        "per_minute": round(60 * len(whole) / seconds, 2),
        "first_answer_s": _spread(first),
        "campaign_s": _spread(whole),
        "page_s": _spread(visitor.seconds) | {"visits": len(visitor.seconds)},
        "memory": memory.unit,
        "start_mib": round(before[-1] / 2**20) if before else 0,
        "peak_mib": round(memory.peak / 2**20),
        "end_mib": round(memory.sums[-1][1] / 2**20),
        "last_third_against_first": round(ratio, 3),
        "checks": {"none failed": not wrong, f"memory flat, at most {FLAT}": ratio <= FLAT},
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    found = sorted(values) or [0.0]
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {
        name: round(found[min(len(found) - 1, int(q * len(found)))], 3) for name, q in at.items()
    }


def _table(result: dict[str, Any]) -> list[str]:
    lines = [
        f"{result['clients']} clients at once, {result['rounds']} campaigns each of one "
        f"{result['channel']}, {result['stages']} stages: {result['seconds']:.0f} s, "
        f"{result['per_minute']:.1f} a minute",
        f"served {result['served']}, of whom {result['told_their_place']} were first told their "
        f"place (up to {result['furthest_place']} ahead), failed {len(result['failed'])}",
    ]
    for name, key in (
        ("first answer", "first_answer_s"),
        ("zip", "campaign_s"),
        ("GET /", "page_s"),
    ):
        spread = result[key]
        lines.append(
            f"{name:13} p50 {spread['p50']:.2f}  p95 {spread['p95']:.2f}  max {spread['max']:.2f} s"
        )
    lines.append(
        f"{result['memory']} of server and worker: {result['start_mib']} MiB at the start, "
        f"{result['peak_mib']} at most, {result['end_mib']} at the end; "
        f"last third against first: {result['last_third_against_first']:.2f}"
    )
    lines += [f"{what}: {'met' if met else 'NOT MET'}" for what, met in result["checks"].items()]
    return [*lines, *result["failed"]]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
