"""A real OpenAI-compatible server, that of transformers, with a tiny model."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import tiny_language

from aigc._engines.endpoint import dialect
from aigc.chat import Question
from aigc.endpoint import Endpoint
from aigc.errors import EndpointError

PATIENCE = 120.0  # seconds; 8 of a processor's time, and it may be busy


class Asker(Endpoint):
    """A backend's options, without a backend."""

    stage: ClassVar[str] = "caption"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Start the server; give the options that ask it."""
    home = tmp_path_factory.mktemp("hub")
    (home / "hub").mkdir()  # without it the server cannot list its models
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = (home / "log").open("wb")
    program = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--device", "cpu"]
    server = subprocess.Popen(
        [*program, "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
        stdout=said,
        stderr=said,
    )
    try:
        _wait(server, f"http://127.0.0.1:{port}/health", home / "log")
        dialect.forget()
        yield Asker(
            base_url=f"http://127.0.0.1:{port}/v1",
            model=str(tiny_language.language_model()),
            retries=0,
        )
    finally:
        server.terminate()
        server.wait(20)
        said.close()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"it does not start: {log.read_text()[-2000:]}")


def test_a_real_server_answers(served: Asker) -> None:
    questions = [
        Question("You count.", "Count to three.", seed=5, max_tokens=12, temperature=0.7),
        Question("You count.", "Count.", so_far=(("one", "not enough"),), max_tokens=12),
        Question("You look.", "What is it?", schema={"type": "object"}, max_tokens=12),
    ]
    answers = served.answer(questions)
    # Random weights go on until their room ends: cut off twice over, or done in time.
    for answer in answers:
        assert isinstance(answer, str) or "cut off" in str(answer)
    again = served.answer(questions[:1])
    assert str(again[0]) == str(answers[0])
    assert served.spent.tokens_in > 100
    assert served.spent.tokens_out >= 4
    assert served.spent.requests >= 4


def test_a_real_server_refuses(served: Asker) -> None:
    (error,) = served.model_copy(update={"model": "org/none"}).answer([Question("a", "b")])
    assert isinstance(error, EndpointError)
    assert error.status is not None
    assert error.status >= 400
    (unnamed,) = served.model_copy(update={"model": ""}).answer([Question("a", "b")])
    assert "caption.model is not set" in str(unnamed)
