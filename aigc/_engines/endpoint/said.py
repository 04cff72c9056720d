"""Reads what a server says, well formed or not."""

from __future__ import annotations

import html
import json
import re
from functools import cached_property
from typing import Any

_LONGEST = 240  # characters of a server's message that are passed on
_ASIDE = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]+>", re.DOTALL | re.IGNORECASE)


class Reply:
    """The body of an answer with a good status."""

    def __init__(self, data: bytes, kind: str) -> None:
        self.data, self.kind = data, kind.split(";")[0].strip().lower()

    @cached_property
    def table(self) -> dict[str, Any] | None:
        """The JSON object; None where it is none."""
        try:
            found = json.loads(self.data)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The objects of a list in it, e.g. of `choices`."""
        found = (self.table or {}).get(name)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    @property
    def used(self) -> tuple[int, int] | None:
        """Tokens in and out; None where the server does not count."""
        usage = (self.table or {}).get("usage")
        if not isinstance(usage, dict):
            return None
        ways = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
        for way in ways:
            counts = [usage.get(name) for name in way]
            read, wrote = (max(0, each) if isinstance(each, int) else 0 for each in counts)
            if any(isinstance(each, int) for each in counts):
                return read, wrote
        return None

    @property
    def status(self) -> int | None:
        """The status that an error in a well-meant answer names."""
        error = (self.table or {}).get("error")
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, int) and 400 <= code < 600 else None

    @property
    def for_all(self) -> bool:
        """Whether the next request would get the same: a web page instead of an answer."""
        return self.table is None and self.data.lstrip()[:1] == b"<"

    def wrong(self) -> str | None:
        """What is wrong with it; None where it is a JSON object that reports no error."""
        if self.for_all:
            return f"answers with a web page ({said(self._text)[0]}); does the address end in /v1?"
        if self.table is None:
            begin = _shortened(self._text, 60)
            return f"answers with broken JSON, of {len(self.data)} bytes: {begin!r}"
        if self.table.get("error"):
            return said(self.table)[0]
        return None

    @property
    def _text(self) -> str:
        return self.data[:4000].decode("utf-8", "replace")


def said(body: object) -> tuple[str, str]:
    """The message of an error's body, short and without tags, and its code and type."""
    code = ""
    if isinstance(body, dict):
        error = body.get("error", body)
        if isinstance(error, dict):
            code = " ".join(str(error[name]) for name in ("code", "type", "param") if name in error)
            body = next(
                (error[name] for name in ("message", "detail", "error", "msg") if error.get(name)),
                error,
            )
        else:
            body = error
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body, default=str)
    if "<" in text:
        text = html.unescape(_ASIDE.sub(" ", text))
    return _shortened(text, _LONGEST), code


def _shortened(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"
