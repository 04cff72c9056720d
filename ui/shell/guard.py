"""The guard: which requests the page answers at all, how many, how large, and with what headers."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..house import House

MB = 2**20
LARGEST_FILE = 64 * MB
LARGEST_UPLOAD = 1024 * MB  # of many photos at once
LARGEST_FORM = 8 * MB
LARGEST_SCRATCH = 8 * 1024 * MB
LEAST_FREE = 512 * MB
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that, browsers hide the origin of a form that is sent.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
# Doors of Gradio that this page has no use for: pages by link, proxies, logs, descriptions.
_CLOSED = re.compile(
    r"(/zh)?/(gradio_api/(openapi\.json|deep_link|proxy=|dev/|mcp|runs|run-history|token|file/"
    r"|stream/|custom_component/|vibe)|monitoring|logout$|manifest\.json|pwa_icon|svelte/)"
)
_FILE = re.compile(r"(?:/zh)?/gradio_api/file=(?P<path>.*)", re.DOTALL)


class Guard:
    """Middleware around everything: below one root, from known hosts, of our own pages."""

    def __init__(self, app: ASGIApp, house: House, hosts: frozenset[str] | None) -> None:
        """`hosts` are the names it answers to; None is any, where no name can be told apart."""
        self.app, self.house, self.hosts = app, house, hosts
        self._posts = Buckets(600, 20)
        self._logins = Buckets(12, 0.2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse in words that a program and a person can read."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # the page has no websockets
            await send({"type": "websocket.close", "code": 1008})
            return
        root = self.house.root
        if root and (scope["path"] + "/").startswith(f"{root}/"):  # a proxy may have cut it off
            scope = {**scope, "path": scope["path"].removeprefix(root) or "/", "root_path": ""}
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is None and scope["path"].endswith("/gradio_api/upload"):
            size = int(headers.get("content-length", 0))
            refusal = await run_in_threadpool(self._room, size)
        answer = refusal or self.app
        await answer(scope, receive, _sealed(scope, send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path, method = scope["path"], scope["method"]
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if self.hosts is not None and host not in self.hosts:
            return refuse(
                421,
                f"This page does not answer to the name '{host[:100]}'. Behind a proxy, start it "
                "with --root-path https://the.name",
            )
        if _CLOSED.match(path) and not (method == "POST" and path.endswith("/logout")):
            return refuse(404, "There is nothing here.")
        if (found := _FILE.match(path)) and not self._uploaded(found["path"]):
            return refuse(404, "There is no such file of yours.")
        if method in ("GET", "HEAD"):
            return None
        if not self._same_origin(headers):
            return refuse(403, "This came from another site's page.")
        length = headers.get("content-length", "")
        if method == "POST" and not length.isdecimal():
            return refuse(411, "Say how long the request is: send Content-Length.")
        upload = path.endswith("/gradio_api/upload")
        limit = LARGEST_UPLOAD if upload else LARGEST_FORM
        if length.isdecimal() and int(length) > limit:
            said = f"{limit // MB} MB at once, {LARGEST_FILE // MB} MB a file"
            return refuse(413, f"That is too large: {said}.")
        client = (scope.get("client") or ("",))[0]
        buckets = self._logins if path.endswith(("/login", "/login/")) else self._posts
        if (wait := buckets.take(client)) > 0:
            refusal = refuse(429, f"Too many requests; try again in {wait:.0f} s.")
            refusal.headers["Retry-After"] = f"{wait:.0f}"
            return refusal
        return None

    def _same_origin(self, headers: Headers) -> bool:
        """Whether one of our own pages sent this, or a program, which says no origin."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        # Another site's script cannot set the second header without a preflight, refused as well.
        ours = {headers.get("host", ""), headers.get("x-forwarded-host", "").split(",")[0].strip()}
        return urlsplit(origin).netloc in ours - {""}

    def _uploaded(self, path: str) -> bool:
        """Whether a path is of a file that someone uploaded or that a component made."""
        try:
            uploads = (self.house.scratch / "uploads").resolve()
            return path.startswith("/") and Path(path).resolve().is_relative_to(uploads)
        except (OSError, ValueError):
            return False

    def _room(self, size: int) -> Response | None:
        """Refuse an upload that there is no room for."""
        uploads = self.house.scratch / "uploads"
        held = sum(each.stat().st_size for each in uploads.rglob("*") if each.is_file())
        free = shutil.disk_usage(self.house.scratch).free
        if held + size > LARGEST_SCRATCH or free - size < LEAST_FREE:
            return refuse(507, "There is no room for uploads left; try again tomorrow.")
        return None


class Buckets:
    """A bucket of tokens for each client: `burst` at once, then `rate` a second."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._left: dict[str, tuple[float, float]] = {}  # tokens, and when that was

    def take(self, client: str) -> float:
        """Take a token; gives 0, or the seconds until there is one."""
        now = time.monotonic()
        if len(self._left) > 10_000:
            full = now - self._burst / self._rate
            self._left = {key: held for key, held in self._left.items() if held[1] > full}
        left, at = self._left.get(client, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        self._left[client] = (max(left - 1, 0), now) if left >= 1 else (left, now)
        return 0 if left >= 1 else max(1, (1 - left) / self._rate)


def refuse(status: int, why: str) -> Response:
    """An answer that says why, as Gradio's page and its client read it."""
    return JSONResponse({"detail": why, "error": why}, status)


def _sealed(scope: Scope, send: Send) -> Send:
    """Add the headers that an answer does not have; hashed names are kept by the browser."""

    async def seal(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if "/assets/" in scope["path"] and message["status"] == 200:
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
        await send(message)

    return seal
