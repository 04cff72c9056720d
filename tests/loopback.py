"""A real OpenAI-compatible server on this machine: strict with requests, and bad on demand.

It answers well, from the request alone, unless told otherwise: `plan` holds a trick for each
request to come, `rule` picks one by what is asked. A request that no server should get is
answered with 400 and the reason, and kept in `wrong`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import numpy as np
from mischief import Trick
from PIL import Image

MODEL = "loop-1"
_HEADERS = {
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
    "host", "idempotency-key", "user-agent",
}  # fmt: skip
_FIELDS = {"model", "messages", "temperature", "seed", "max_tokens", "response_format"}
_PICTURE = {"model", "prompt", "negative_prompt", "n", "size", "response_format", "seed"}


class Seen(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Wrong(Exception):
    """A request that the server does not take."""

    def __init__(self, message: str, status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Loopback

    def do_GET(self) -> None:
        """List models, or hand out a picture."""
        self._serve({})

    def do_POST(self) -> None:
        """Answer a question or paint."""
        size = int(self.headers.get("content-length", 0))
        try:
            body = json.loads(self.rfile.read(size))
        except ValueError:
            body = None
        self._serve(body)

    def _serve(self, body: Any) -> None:
        server = self.server
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        with server.lock:
            server.seen.append(seen)
            trick = server.plan.pop(0) if server.plan else None
        trick = trick or (server.rule(seen) if server.rule else None)
        if trick is not None and trick.instead:
            trick.play(self, {})
            return
        try:
            reply = server.reply(seen)
        except Wrong as wrong:
            server.wrong.append(str(wrong))
            error = {"message": str(wrong), "type": "invalid_request_error", "code": wrong.code}
            self.send_json({"error": error}, wrong.status)
            return
        if trick is not None:
            trick.play(self, reply)
        elif isinstance(reply, bytes):
            self.send(reply, kind="image/png")
        else:
            self.send_json(reply)

    def send_json(
        self, table: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Send JSON."""
        self.send(json.dumps(table, ensure_ascii=False).encode(), status, headers)

    def send(
        self,
        data: bytes,
        status: int = 200,
        headers: dict[str, str] | None = None,
        kind: str = "application/json",
        size: int | None = None,
    ) -> None:
        """Send a body, whose announced `size` may be a lie."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data) if size is None else size))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Loopback(ThreadingHTTPServer):
    """The server; `with Loopback() as server:` starts and ends it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        *,
        key: str = "",
        models: tuple[str, ...] = (MODEL,),
        refuses: tuple[str, ...] = (),
        formats: tuple[str, ...] = ("json_schema", "json_object"),
        room: str = "max_tokens",
        system: bool = True,
        sizes: tuple[str, ...] = (),
        by_url: bool = False,
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key, self.models, self.refuses, self.formats = key, models, refuses, formats
        self.room, self.system, self.sizes, self.by_url = room, system, sizes, by_url
        self.plan: list[Trick | None] = []
        self.rule: Callable[[Seen], Trick | None] | None = None
        self.say: Callable[[dict[str, Any]], str] = answer
        self.seen: list[Seen] = []
        self.wrong: list[str] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.pictures: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def asked(self) -> list[Seen]:
        """The requests that cost something."""
        return [each for each in self.seen if each.method == "POST"]

    def start(self) -> Loopback:
        """Begin to listen."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, and wake what hangs."""
        self.closing.set()
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Loopback:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is none of our worries."""

    def reply(self, seen: Seen) -> Any:
        """The good reply; raises Wrong for a request that a strict server does not take."""
        strange = set(seen.headers) - _HEADERS
        if strange:
            raise Wrong(f"unexpected headers: {sorted(strange)}")
        allowed = f"Bearer {self.key}" if self.key else None
        if seen.headers.get("authorization") != allowed:
            raise Wrong("Incorrect API key provided", 401, "invalid_api_key")
        if (seen.method, seen.path) == ("GET", "/v1/models"):
            return {"object": "list", "data": [{"id": name} for name in self.models]}
        if seen.method == "GET" and seen.path in self.pictures:
            return self.pictures[seen.path]
        if seen.method != "POST" or not isinstance(seen.body, dict):
            raise Wrong(f"no {seen.method} {seen.path} here", 404, "not_found")
        if seen.headers.get("content-type") != "application/json":
            raise Wrong("send JSON", 415)
        if seen.body.get("model") not in self.models:
            raise Wrong(
                f"The model `{seen.body.get('model')}` does not exist", 404, "model_not_found"
            )
        for name in self.refuses:
            if name in seen.body:
                raise Wrong(f"Unsupported parameter: '{name}' is not supported with this model.")
        if seen.path == "/v1/chat/completions":
            return self._chat(seen.body)
        if seen.path == "/v1/images/generations":
            return self._images(seen.body)
        raise Wrong(f"no {seen.path} here", 404, "not_found")

    def _chat(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.room == "max_completion_tokens" and "max_tokens" in body:
            raise Wrong(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            )
        _expect(not (strange := set(body) - _FIELDS - {self.room}), f"unknown fields {strange}")
        most, seed, heat = body.get(self.room), body.get("seed", 0), body.get("temperature", 1.0)
        _expect(isinstance(most, int) and most > 0, f"{self.room} = {most}")
        _expect(isinstance(seed, int) and 0 <= seed < 2**31, f"seed = {seed}")
        _expect(isinstance(heat, int | float) and 0 <= heat <= 2, f"temperature = {heat}")
        _check_messages(body.get("messages"), self.system)
        form = body.get("response_format", {"type": "text"})
        if form["type"] != "text" and form["type"] not in self.formats:
            raise Wrong(f"This response_format type is unavailable now: {form['type']}")
        if form["type"] == "json_schema":
            shape = form["json_schema"]
            _expect(bool(re.fullmatch(r"[\w-]{1,64}", shape["name"])), "bad name of a schema")
            _expect(shape["schema"].get("type") == "object", "the schema is none of an object")
        text = self.say(body)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [choice | {"finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
        }

    def _images(self, body: dict[str, Any]) -> dict[str, Any]:
        _expect(not (strange := set(body) - _PICTURE), f"unknown fields {strange}")
        _expect(isinstance(body.get("prompt"), str) and bool(body["prompt"]), "no prompt")
        _expect(body.get("n", 1) == 1, "one picture at a time")
        size = body.get("size", "")
        if self.sizes and size not in self.sizes:
            named = ", ".join(f"'{each}'" for each in self.sizes)
            raise Wrong(f"Invalid value: '{size}'. Supported values of size are: {named}.")
        _expect(bool(re.fullmatch(r"\d{2,4}x\d{2,4}", size)), f"bad size {size!r}")
        wide, tall = (int(side) for side in size.split("x"))
        data = painting(wide, tall, json.dumps([body["prompt"], body.get("seed")]))
        if self.by_url:
            name = f"/files/{len(self.pictures)}.png"
            self.pictures[name] = data
            return {"created": 1, "data": [{"url": self.url.removesuffix("/v1") + name}]}
        return {"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}]}


def _expect(right: bool, message: str) -> None:
    if not right:
        raise Wrong(message)


def _check_messages(messages: Any, system: bool) -> None:
    _expect(isinstance(messages, list) and bool(messages), "no messages")
    roles = [each.get("role") for each in messages]
    if roles[0] == "system":
        _expect(system, "System role not supported")
        roles = roles[1:]
    pairs = (len(roles) - 1) // 2
    _expect(roles == ["user", *["assistant", "user"] * pairs], f"roles must alternate: {roles}")
    for each in messages:
        _expect(set(each) == {"role", "content"}, f"a message of {sorted(each)}")
        content = each["content"]
        if isinstance(content, str):
            _expect(bool(content.strip()), "an empty message")
            continue
        _expect(isinstance(content, list) and each["role"] == "user", "content in parts")
        for part in content:
            if part.get("type") == "image_url":
                _check_picture(part["image_url"]["url"])
            else:
                _expect(part.get("type") == "text" and bool(part["text"]), f"a part {part}")


def _check_picture(url: str) -> None:
    head, _, packed = url.partition(",")
    _expect(head == "data:image/jpeg;base64", f"a picture as {head[:40]}")
    try:
        with Image.open(io.BytesIO(base64.b64decode(packed, validate=True))) as image:
            image.load()
            _expect(image.format == "JPEG" and max(image.size) <= 1024, f"{image.size}")
            _expect(not image.getexif() and "icc_profile" not in image.info, "metadata")
    except (ValueError, OSError) as error:
        raise Wrong(f"Invalid image: {error}") from error


# Good answers: from the request alone, so that the same one is answered alike.


def answer(body: dict[str, Any]) -> str:
    """Fill the schema that is asked for; without one, say something of one's own."""
    plain = json.dumps([body["messages"], body.get("seed")], sort_keys=True)
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        schema = form["json_schema"]["schema"]
        if "headline" in schema.get("properties", {}):
            return json.dumps(copy_for(plain), ensure_ascii=False)
        return json.dumps(filled(schema, schema.get("$defs", {}), plain), ensure_ascii=False)
    return f"Answer {int.from_bytes(_digest(plain)[:3], 'big')}."


_WORDS = {
    "en": (
        ("Begin", "Pause", "Linger", "Breathe", "Sit down", "Wander"),
        ("at dawn", "by noon", "after rain", "before bed", "on Sundays", "with friends"),
        " ",
        ("A small pause, all yours.", "Let the morning wait.", "Good days start slowly."),
        ("Take a look", "See more", "Come closer"),
    ),
    "zh": (
        ("清晨", "午后", "傍晚", "雨天", "周末", "睡前"),
        ("慢慢坐一会", "抬手便有暖意", "心里有光", "和自己说说话", "听一听风"),
        "，",
        ("日子慢下来，就有了滋味。", "给自己留一点安静的时间。", "今天也要好好过。"),
        ("看一看", "去瞧瞧", "走近些"),
    ),
}


def copy_for(key: str) -> dict[str, Any]:
    """Copy that claims nothing, in English, or in Chinese where the question is."""
    whole = json.loads(key)[0][-1]["content"]
    first, then, between, bodies, ctas = _WORDS[
        "zh" if len(re.findall("[一-鿿]", whole)) > 40 else "en"
    ]
    lots = _digest(key)
    return {
        "headline": first[lots[0] % len(first)] + between + then[lots[1] % len(then)],
        "body": bodies[lots[2] % len(bodies)],
        "cta": ctas[lots[3] % len(ctas)],
        "hashtags": [],
    }


def filled(schema: dict[str, Any], known: dict[str, Any], key: str) -> Any:
    """Something that fits a schema, another one for another key."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rsplit("/", 1)[-1]]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return filled(schema[either][0], known, key)
    kind = schema.get("type", "string")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: filled(own, known, f"{key}/{name}") for name, own in fields.items()}
    if kind == "array":
        count = max(schema.get("minItems", 2), 1)
        items = schema.get("items", {"type": "string"})
        return [filled(items, known, f"{key}/{number}") for number in range(count)]
    number = int.from_bytes(_digest(key)[:4], "big")
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 10)
        return low + number % (high - low + 1) if kind == "integer" else low + (high - low) * 0.5
    if kind == "boolean":
        return bool(number % 2)
    words = ["calm", "bright", "round", "small", "plain", "sturdy", "smooth", "light"]
    text = " ".join(words[(number >> 4 * i) % 8] for i in range(3))
    return text[: schema.get("maxLength", 80)].strip()


def painting(wide: int, tall: int, key: str) -> bytes:
    """A graded picture, as PNG."""
    colour = np.frombuffer(_digest(key)[:3], np.uint8).astype(np.float32) / 2 + 90
    across = np.linspace(0.6, 1.1, wide)[None, :, None]
    down = np.linspace(1.0, 0.7, tall)[:, None, None]
    pixels = np.clip(across * down * colour, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@cache
def common() -> Loopback:
    """A well-behaved server for the whole process."""
    return Loopback().start()


def options(stage: str, backend: str) -> dict[str, Any]:
    """Options with which an endpoint backend runs here."""
    return {"base_url": common().url, "model": MODEL, "parallel": 2}
