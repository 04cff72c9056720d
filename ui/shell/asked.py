"""What a browser says of itself, and what it is told to remember."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

from starlette.requests import HTTPConnection

from ..words import LANGUAGES

CHOICE = "aigc-language"
YEAR = 365 * 24 * 3600


def preferred(asked: HTTPConnection) -> str:
    """The language that a person chose, or else that their browser likes best."""
    if (chosen := asked.cookies.get(CHOICE)) in LANGUAGES:
        return chosen
    wishes = []
    for wish in asked.headers.get("accept-language", "").split(",")[:20]:
        tag, _, quality = wish.partition(";")
        likes = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", quality)
        wishes.append((float(likes[1]) if likes else 1.0, tag.strip().lower().partition("-")[0]))
    known = [(quality, tag) for quality, tag in wishes if tag in LANGUAGES and quality > 0]
    return max(known, key=lambda wish: wish[0])[1] if known else "en"


def cookie(name: str, value: str, asked: HTTPConnection, root: str, age: int = YEAR) -> str:
    """A Set-Cookie header that scripts cannot read and other sites do not send."""
    made: SimpleCookie = SimpleCookie({name: value})
    given = {"path": root or "/", "max-age": age, "httponly": True, "samesite": "Lax"}
    for each, said in given.items():
        made[name][each] = said
    if asked.scope.get("scheme") == "https":
        made[name]["secure"] = True
    return made[name].OutputString()
