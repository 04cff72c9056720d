"""One batch at a time: real processes that want the same place, die, or are suspended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from batch_kit import HERE
from shelf import Shelf

from aigc.batches import bucket, lease, storage
from aigc.errors import ExportError

pytestmark = pytest.mark.usefixtures("quick_leases")


def ready(outputs: str, term: float = 5.0) -> subprocess.Popen[str]:
    """Start a process that takes the lock when it is asked, and keeps it."""
    process = subprocess.Popen(
        [sys.executable, HERE / "holder.py", outputs, str(term)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE / "everywhere")},
    )
    assert says(process) == "ready"
    return process


def hold(outputs: str) -> subprocess.Popen[str]:
    """Start a process that has the lock."""
    process = ready(outputs)
    assert ask(process) == "held"
    return process


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def ask(process: subprocess.Popen[str]) -> str:
    tell(process)
    return says(process)


@pytest.mark.parametrize("kind", ["", "shelf://"])
def test_one_batch_at_a_time_and_a_dead_one_keeps_nobody_out(tmp_path: Path, kind: str) -> None:
    url = f"{kind}{tmp_path}/out"
    with hold(url) as first:
        with (
            pytest.raises(ExportError, match=rf"'{url}' is .*process {first.pid}\); wait for it"),
            storage.place(url).lock(),
        ):
            pass
        assert ask(first) == "ours"
        first.kill()
    started = time.monotonic()
    with storage.place(url).lock():
        assert time.monotonic() - started < 1.0  # its process is gone, which is seen at once
        storage.place(url).check()
    with storage.place(url).lock():  # released
        pass


def test_of_many_that_take_over_at_once_one_gets_the_lease(tmp_path: Path) -> None:
    url = f"shelf://{tmp_path}/out"
    with hold(url) as dead:
        dead.kill()
    running = [ready(url) for _ in range(4)]
    for process in running:
        tell(process)
    answers = [says(process) for process in running]
    refused = f"'{url}' is being written by another run"
    assert sorted(answer.startswith(refused) for answer in answers) == [False, True, True, True]
    assert ask(running[answers.index("held")]) == "ours"
    for process in running:
        process.kill()
        process.communicate()


def test_one_that_was_suspended_learns_that_it_lost(tmp_path: Path) -> None:
    url = f"shelf://{tmp_path}/out"
    with hold(url) as first:
        first.send_signal(signal.SIGSTOP)
        with storage.place(url).lock():
            first.send_signal(signal.SIGCONT)
            time.sleep(1.0)
            assert "another run took over" in ask(first)
            storage.place(url).check()
        first.communicate()


def test_a_holder_elsewhere_is_dead_when_its_heart_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"shelf://{tmp_path}/out"
    with hold(url) as first:
        monkeypatch.setattr(lease, "_machine", lambda: "another machine")
        with pytest.raises(ExportError, match=str(first.pid)), storage.place(url).lock():
            pass
        first.kill()
    started = time.monotonic()
    with storage.place(url).lock():
        assert time.monotonic() - started >= 4.9  # nothing but the heartbeat can tell


def test_a_driver_that_cannot_create_exclusively(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Shelf.pipe_file

    def plainly(self: Shelf, path: str, value: bytes) -> None:
        put(self, path, value)

    monkeypatch.setattr(Shelf, "pipe_file", plainly)
    url = f"shelf://{tmp_path}/out"
    got, refused = [], []
    begin = threading.Barrier(4)
    end = threading.Event()

    def contend() -> None:
        place = bucket.Bucket(url)
        begin.wait()
        try:
            with place.lock():
                got.append(place)
                end.wait(5)
                place.check()
        except ExportError as error:
            refused.append(str(error))
            end.set()

    threads = [threading.Thread(target=contend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert len(refused) == 3
