"""Every way in which a server misbehaves, for loopback.py."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from loopback import Handler


class Trick(NamedTuple):
    """How a request is answered badly: `instead` of looking at it, or with its good reply."""

    play: Callable[[Handler, dict[str, Any]], None]
    instead: bool = True


def status(code: int, message: str = "no", /, *, retry_after: str = "", **more: Any) -> Trick:
    """An error as OpenAI words them."""
    headers = {"retry-after": retry_after} if retry_after else {}
    error = {"error": {"message": message, "type": "error", "code": None} | more}
    return Trick(lambda handler, _: handler.send_json(error, code, headers))


def raw(data: bytes, code: int = 200, kind: str = "application/json", **more: Any) -> Trick:
    """Any body, status, type, and announced size."""
    return Trick(lambda handler, _: handler.send(data, code, more.get("headers"), kind))


def changed(**fields: Any) -> Trick:
    """The good reply with other fields in its message (or, by `finish_reason`, its choice)."""

    def play(handler: Handler, reply: dict[str, Any]) -> None:
        choice = reply["choices"][0]
        if "finish_reason" in fields:
            choice["finish_reason"] = fields["finish_reason"]
        others = {name: value for name, value in fields.items() if name != "finish_reason"}
        choice["message"] |= others
        handler.send_json(reply)

    return Trick(play, instead=False)


def replaced(**fields: Any) -> Trick:
    """The good reply with other fields at its top."""
    return Trick(lambda handler, reply: handler.send_json(reply | fields), instead=False)


def truncated() -> Trick:
    """Half of what was announced, then the line goes dead."""

    def play(handler: Handler, _: dict[str, Any]) -> None:
        handler.send(b'{"choices": [', size=4000)
        handler.close_connection = True

    return Trick(play)


def reset() -> Trick:
    """The connection is torn down at once."""

    def play(handler: Handler, _: dict[str, Any]) -> None:
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.close_connection = True
        handler.connection.close()

    return Trick(play)


def dropped() -> Trick:
    """A good answer that says nothing of closing, and closes."""

    def play(handler: Handler, reply: dict[str, Any]) -> None:
        handler.send_json(reply)
        handler.close_connection = True

    return Trick(play, instead=False)


def hang() -> Trick:
    """Nothing, until the server ends."""
    return Trick(lambda handler, _: handler.server.closing.wait(30) and None)


def late(seconds: float) -> Trick:
    """A good answer, later."""

    def play(handler: Handler, reply: dict[str, Any]) -> None:
        handler.server.closing.wait(seconds)
        handler.send_json(reply)

    return Trick(play, instead=False)


def dripping(part: str, every: float = 0.03) -> Trick:
    """Endless headers or an endless body, a few bytes at a time."""

    def play(handler: Handler, _: dict[str, Any]) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        if part == "body":
            handler.wfile.write(b"content-length: 100000\r\n\r\n")
        for number in range(1000):
            line = b"x-%d: y\r\n" % number if part == "headers" else b" "
            handler.wfile.write(line)
            handler.wfile.flush()
            if handler.server.closing.wait(every):
                break
        handler.close_connection = True

    return Trick(play)


def huge(mebibytes: int) -> Trick:
    """More than anybody asked for, in chunks and without a size."""

    def play(handler: Handler, _: dict[str, Any]) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        part = b"%x\r\n%s\r\n" % (2**20, b" " * 2**20)
        for _ in range(mebibytes):
            handler.wfile.write(part)
        handler.wfile.write(b"0\r\n\r\n")

    return Trick(play)


def moved(to: str, code: int = 307) -> Trick:
    """A redirect."""
    return Trick(lambda handler, _: handler.send(b"", code, {"location": to}))


def echo(code: int = 400) -> Trick:
    """An error that repeats the key to whoever reads it."""

    def play(handler: Handler, _: dict[str, Any]) -> None:
        sent = handler.headers.get("authorization", "")
        bare = sent.removeprefix("Bearer ")
        message = f"cannot serve {sent!r}; key {bare} or {bare[:4]}********{bare[-4:]} is spent"
        handler.send_json({"error": {"message": message}}, code, {"x-key": bare})

    return Trick(play)


@contextlib.contextmanager
def deaf() -> Iterator[str]:
    """An address that never picks up: its queue is full."""
    with contextlib.ExitStack() as stack:
        ear = stack.enter_context(socket.socket())
        ear.bind(("127.0.0.1", 0))
        ear.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(ear.getsockname())
        time.sleep(0.05)
        yield f"http://127.0.0.1:{ear.getsockname()[1]}/v1"
