"""The frame around Gradio's page: language, title, icon, fonts, and what scripts may do."""

from __future__ import annotations

import gzip
import re
import secrets
from pathlib import Path

import fastapi
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import views
from ..house import House
from ..words import LANGUAGES, TAGS, speaker
from . import fonts
from .asked import CHOICE, cookie, preferred

PAGES = {"/": "en", "/zh/": "zh"}
_HERE = Path(__file__).parent
_CARDS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')
_BOOT = secrets.token_hex(8)  # another one after a restart, which pages then notice


def policy(nonce: str) -> str:
    """What the page may load and run: its own files and scripts, and nothing that markup says.

    Gradio makes functions of strings (unsafe-eval); an `onerror` in a product's name does nothing.
    """
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


class Frame:
    """Middleware that sends a newcomer to their language and rewrites the two pages."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app, self.house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but a browser's request for a page."""
        language = PAGES.get(scope.get("path", ""))
        if root := self.house.root:  # everything further in expects it, whatever a proxy cut off
            inner: Scope = {**scope, "path": root + scope.get("path", ""), "root_path": root}
        else:
            inner = scope
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or language is None:
            await self.app(inner, receive, send)
            return
        asked = HTTPConnection(scope)
        is_page = "text/html" in asked.headers.get("accept", "")
        if language == "en" and is_page and (other := preferred(asked)) != "en":
            headers = {"Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"}
            away = RedirectResponse(f"{self.house.root}/{other}/", 303, headers)
            await away(scope, receive, send)
            return
        # As plain text, for it is rewritten here.
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        zipped = "gzip" in asked.headers.get("accept-encoding", "")
        page = _Page(send, language, self.house, zipped)
        await self.app({**inner, "headers": plain}, receive, page)


class _Page:
    """Collects a page that is being sent, and sends it rewritten."""

    def __init__(self, send: Send, language: str, house: House, zipped: bool) -> None:
        self.send, self.language, self.house, self.zipped = send, language, house, zipped
        self.start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = Headers(raw=self.start["headers"])
        if self.start["status"] == 200 and "text/html" in headers.get("content-type", ""):
            self._rewrite()
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": self.body})

    def _rewrite(self) -> None:
        nonce = secrets.token_urlsafe(16)
        html = framed(self.body.decode(), self.language, self.house.root, nonce)
        headers = MutableHeaders(scope=self.start)
        headers["Content-Security-Policy"] = policy(nonce)
        headers["Cache-Control"] = "no-cache"
        self.body = html.encode()
        if self.zipped:
            self.body = gzip.compress(self.body, 5)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(self.body))


def framed(html: str, language: str, root: str, nonce: str) -> str:
    """Gradio's page in its own language, with our head and skip link; its scripts get the nonce."""
    say = speaker(language)
    head = views.render("shell/head.html.j2", say, root=root, tag=TAGS[language], boot=_BOOT)
    skip = views.render("shell/skip.html.j2", say)
    html = _CARDS.sub("", html)
    html = html.replace('<link rel="manifest" href="/manifest.json" />', "")
    html = html.replace('lang="en"', f'lang="{TAGS[language]}"', 1)
    html = html.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />\n{head}', 1)
    html = re.sub(r"(<body\b[^>]*>)", lambda found: f"{found[1]}\n{skip}", html, count=1)
    return html.replace("<script", f'<script nonce="{nonce}"')


def routes(house: House) -> fastapi.APIRouter:
    """Make /language/{name}, which remembers a choice, and /shell/, what every page needs."""
    router = fastapi.APIRouter()

    @router.get("/language/{name}")
    def choose(request: fastapi.Request, name: str) -> Response:
        if name not in LANGUAGES:
            return JSONResponse({"detail": "There is no such language here."}, 404)
        gone = RedirectResponse(f"{house.root}/" if name == "en" else f"{house.root}/{name}/", 303)
        gone.headers["Set-Cookie"] = cookie(CHOICE, name, request, house.root)
        return gone

    @router.get("/zh")
    def slash() -> Response:
        return RedirectResponse(f"{house.root}/zh/", 308)

    @router.get("/shell/alive")
    def alive() -> Response:
        return JSONResponse({"boot": _BOOT}, headers={"Cache-Control": "no-store"})

    @router.get("/shell/fonts/{name}")
    def font(name: str) -> Response:
        path = fonts.file(name)
        if path is None:
            return JSONResponse({"detail": "There is no such font."}, 404)
        kept = "public, max-age=31536000, immutable"
        return FileResponse(path, headers={"Cache-Control": kept})

    @router.get("/shell/fonts.css")
    def faces() -> Response:
        return Response(fonts.css(), media_type="text/css", headers={"Cache-Control": "no-cache"})

    @router.get("/shell/{name}")
    def piece(name: str) -> Response:
        if name not in ("icon.svg", "alive.js", "door.css", "page.css"):
            return JSONResponse({"detail": "There is nothing here."}, 404)
        return FileResponse(_HERE / name, headers={"Cache-Control": "no-cache"})

    @router.get("/favicon.ico")
    def icon() -> Response:
        return FileResponse(_HERE / "icon.svg")

    return router
