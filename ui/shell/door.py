"""The door: people come in by their name and password, by their browser, or as the one merchant."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

import fastapi
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import views
from ..house import OWNER, House
from ..words import LANGUAGES, TAGS, speaker
from .asked import YEAR, cookie, preferred

OPEN = (
    "/shell/",
    "/static/fonts/",
    "/login",
    "/zh/login",
    "/language/",
    "/favicon.ico",
)  # what nobody has to log in for
# What the login page may load; it runs no script.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,64}")


class Door:
    """Knows who is who by a cookie; `accounts` are passwords by name."""

    def __init__(self, house: House, accounts: Mapping[str, str]) -> None:
        self.house = house
        self._accounts = accounts
        self._names: dict[str, str] = {}  # of who logged in, by the token in their cookie
        # Two pages on one machine share a host, and with it their cookies.
        mark = hashlib.sha256(f"{house.outputs}|{house.root}".encode()).hexdigest()[:8]
        self.cookie = f"aigc-{mark}"

    def admit(self, name: str, password: str) -> str | None:
        """A new token where the password is right, in the same time where it is not."""
        given, right = password.encode(), self._accounts.get(name, "").encode()
        if not hmac.compare_digest(_digest(given), _digest(right)) or name not in self._accounts:
            return None
        token = secrets.token_urlsafe(32)
        self._names[token] = name
        return token

    def dismiss(self, asked: HTTPConnection) -> None:
        """Forget who this browser is."""
        self._names.pop(asked.cookies.get(self.cookie, ""), None)

    def owner(self, asked: HTTPConnection) -> str | None:
        """Who asks, by their cookie."""
        token = asked.cookies.get(self.cookie, "")
        if self.house.guests == "names":
            return self._names.get(token)
        # The folder's name is not the cookie: who sees the one cannot make the other.
        return _digest(token.encode()).hex()[:20] if _TOKEN.fullmatch(token) else None

    def set_cookie(self, token: str, asked: HTTPConnection, age: int = YEAR) -> str:
        """The header that gives a browser its token, or takes it away at age 0."""
        return cookie(self.cookie, token, asked, self.house.root, age)

    def routes(self) -> fastapi.APIRouter:
        """Make /login and /logout, in each language."""
        router = fastapi.APIRouter()
        for language in LANGUAGES if self.house.guests == "names" else ():
            self._add(router, language, "" if language == "en" else f"/{language}")
        return router

    def _add(self, router: fastapi.APIRouter, language: str, at: str) -> None:
        home = f"{self.house.root}{at}/"

        def form(failed: bool = False) -> Response:
            other = next(each for each in LANGUAGES if each != language)
            shown = views.render(
                "shell/login.html.j2",
                speaker(language),
                root=self.house.root,
                home=home,
                tag=TAGS[language],
                other=f"{self.house.root}/language/{other}",
                other_tag=TAGS[other],
                failed=failed,
            )
            headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
            return HTMLResponse(shown, 401 if failed else 200, headers)

        @router.get(f"{at}/login")
        def ask() -> Response:
            return form()

        @router.post(f"{at}/login")
        @router.post(f"{at}/login/", include_in_schema=False)
        def log_in(
            request: fastapi.Request,
            username: str = fastapi.Form("", max_length=200),
            password: str = fastapi.Form("", max_length=1000),
        ) -> Response:
            token = self.admit(username.strip(), password)
            wants_page = "text/html" in request.headers.get("accept", "")
            if token is None:
                said = speaker(language)("door.wrong")
                return form(failed=True) if wants_page else JSONResponse({"detail": said}, 401)
            came = RedirectResponse(home, 303) if wants_page else JSONResponse({"success": True})
            came.headers["Set-Cookie"] = self.set_cookie(token, request)
            return came

        @router.post(f"{at}/logout")
        def log_out(request: fastapi.Request) -> Response:
            self.dismiss(request)
            left = RedirectResponse(f"{home}login", 303)
            left.headers["Set-Cookie"] = self.set_cookie("", request, 0)
            return left


class Entry:
    """Middleware that writes into each request whose it is, and stops who may not come in."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self.door, self.house = app, door, door.house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its owner, or ask for a login."""
        open_to_all = self.house.guests == "one" or scope["type"] != "http"
        if open_to_all or scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        owner = self.door.owner(asked)
        if owner is None and self.house.guests == "names":
            await self._ask(asked)(scope, receive, send)
            return
        if owner is None:
            send, owner = self._welcomed(asked, send)
        scope[OWNER] = owner
        await self.app(scope, receive, send)

    def _ask(self, asked: HTTPConnection) -> Response:
        language = "zh" if asked.scope["path"].startswith("/zh/") else preferred(asked)
        login = f"{self.house.root}{'' if language == 'en' else '/' + language}/login"
        if asked.scope["method"] == "GET" and "text/html" in asked.headers.get("accept", ""):
            return RedirectResponse(login, 303)
        return JSONResponse({"detail": f"not logged in; log in at {login}"}, 401)

    def _welcomed(self, asked: HTTPConnection, send: Send) -> tuple[Send, str]:
        """Make a newcomer an owner: their cookie goes out with the answer."""
        token = secrets.token_urlsafe(32)
        header = self.door.set_cookie(token, asked)

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", header)
            await send(message)

        return with_cookie, _digest(token.encode()).hex()[:20]


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
