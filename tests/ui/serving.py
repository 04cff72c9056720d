"""A page server in this process, and requests to it that no client has tidied up."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

with warnings.catch_warnings():  # Gradio leaves event loops to the collector as it is imported
    warnings.simplefilter("ignore", ResourceWarning)
    import gradio as gr

    gc.collect()
import uvicorn

from aigc.errors import AigcError
from aigc.recipe import Recipe
from ui import app
from ui.house import House


class Jobs:
    """A line that holds one job."""

    def owner(self, job: str) -> str:
        """The one job is the merchant's."""
        if job != "job-1":
            raise AigcError(f"job '{job}': there is none")
        return "merchant"


class Answer(NamedTuple):
    """What came back: status, headers by lower-case name, cookies, and the body."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes


def who(house: House) -> gr.Blocks:
    """A page that says whose it is, in place of the real one."""

    def owner(request: gr.Request) -> str:
        return f"{house.owner(request)} {house.home(request).relative_to(house.outputs)}"

    with gr.Blocks(title="small") as demo:
        gr.HTML("small")
        gr.api(owner, api_name="who")
    return demo


@contextlib.contextmanager
def serving(
    house: House, accounts: Mapping[str, str] | None = None, **told: Any
) -> Iterator[tuple[str, int]]:
    """Serve a house at a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = app.server(house, accounts, **told)
        running = uvicorn.Server(
            uvicorn.Config(made, log_level="error", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not running.started:
                time.sleep(0.02)
            yield listening.getsockname()[:2]
        finally:
            running.should_exit = True
            thread.join()


def a_house(folder: Path, **told: Any) -> House:
    """A house with one campaign, secrets around it, and a job's preview."""
    campaign = folder / "outputs" / "tea-jar-0a1b2c3d"
    (campaign / "typeset").mkdir(parents=True)
    (campaign / "index.html").write_text("<h1>sheet</h1><script>alert(1)</script>")
    (campaign / "typeset" / "a.jpg").write_bytes(b"\xff\xd8picture")
    (campaign / ".undo").mkdir()
    (campaign / ".undo" / "old.json").write_text("secret")
    (folder / "outputs" / ".locks").mkdir()
    (folder / "outputs" / ".locks" / "x").write_text("secret")
    (folder / "secret.txt").write_text("secret")
    (campaign / "link.txt").symlink_to(folder / "secret.txt")
    (folder / "outputs" / "linked").symlink_to(folder)
    (folder / "scratch" / "jobs" / "job-1").mkdir(parents=True)
    (folder / "scratch" / "jobs" / "job-1" / "1.jpg").write_bytes(b"\xff\xd8small")
    (folder / "scratch" / "uploads").mkdir()
    told = {"outputs": folder / "outputs", "scratch": folder / "scratch"} | told
    return House(line=Jobs(), recipe=Recipe.load(), **told)


def ask(
    at: tuple[str, int],
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send a request as it stands."""
    sent = {"Host": f"{at[0]}:{at[1]}", "Connection": "close"} | dict(headers or {})
    if method == "POST":
        sent = {"Content-Length": str(len(body))} | sent
    lines = [f"{method} {path} HTTP/1.1", *(f"{key}: {value}" for key, value in sent.items())]
    with socket.create_connection(at, timeout=60) as line:
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        got = b""
        while piece := line.recv(65536):
            got += piece
    head, _, content = got.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    pairs = [tuple(each.split(": ", 1)) for each in rest]
    given = dict(
        value.split(";")[0].split("=", 1) for key, value in pairs if key.lower() == "set-cookie"
    )
    return Answer(
        int(first.split()[1]), {key.lower(): value for key, value in pairs}, given, content
    )
