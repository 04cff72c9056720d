"""What the endpoint backends have in common: which server, how patiently, and for how much.

A key is never an option, so that no recipe, campaign, log or page can hold one: it is read from
the environment when a request is made (`_engines/endpoint/address.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from aigc import events
from aigc.chat import Answer, Answerer, Question
from aigc.errors import BriefError

_NAMES_A_KEY = re.compile(r"([A-Z0-9]+_)*API_KEY(_[A-Z0-9]+)*")


@dataclass
class Spent:
    """What a backend has asked for so far; a worker process counts its own."""

    requests: int = 0
    again: int = 0  # of these, after one that failed
    tokens_in: int = 0
    tokens_out: int = 0
    reserved: int = 0  # tokens that requests under way may cost
    model: str = ""  # the server's only one, where none was named
    server: str = ""  # its host
    said: set[str] = field(default_factory=set)  # remarks that are made once


class Endpoint(BaseModel):
    """Options of a backend that asks an OpenAI-compatible server."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stage: ClassVar[str]

    base_url: str = Field(
        "",
        description="Address of an OpenAI-compatible server, e.g. http://localhost:8000/v1; "
        "empty: AIGC_BASE_URL, or else OPENAI_BASE_URL",
    )
    model: str = Field("", description="Model to ask for; empty: the only one that the server has")
    api_key_env: str = Field(
        "",
        description="Environment variable that holds the server's key, e.g. OPENROUTER_API_KEY; "
        "empty: AIGC_API_KEY for AIGC_BASE_URL, OPENAI_API_KEY for OPENAI_BASE_URL",
    )
    connect_timeout: float = Field(10, gt=0, le=600, description="Seconds until it picks up")
    read_timeout: float = Field(120, gt=0, le=3600, description="Seconds of silence to bear")
    timeout: float = Field(300, gt=0, le=7200, description="Seconds that one request may take")
    retries: int = Field(
        4, ge=0, le=20, description="Tries after the first, where the server is busy or fails"
    )
    parallel: int = Field(4, ge=1, le=256, description="Requests under way at once")
    max_requests: int | None = Field(
        None, ge=1, description="Requests that a run may make in all, repeated ones among them"
    )
    max_total_tokens: int | None = Field(
        None, ge=1, description="Tokens, in and out, that a run may use in all"
    )

    _spent: Spent = PrivateAttr(default_factory=Spent)

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return check(url, f"{cls.stage}.base_url") if url else url

    @field_validator("api_key_env")
    @classmethod
    def _is_name(cls, name: str) -> str:
        # Whoever writes a recipe must not be able to send any secret to any server; and what was
        # given may be the key itself, so it is not repeated.
        if name and not _NAMES_A_KEY.fullmatch(name):
            raise BriefError(
                f"{cls.stage}.api_key_env: give the name of an environment variable such as "
                "OPENROUTER_API_KEY (capitals, with API_KEY in it), never the key itself"
            )
        return name

    @property
    def packages(self) -> tuple[str, ...]:
        """None: what changes the result runs elsewhere."""
        return ()

    @property
    def materials(self) -> dict[str, str]:
        """The server's host and its model, once they were asked."""
        known = {"endpoint": self._spent.server, "model": self.model or self._spent.model}
        return {name: value for name, value in known.items() if value}

    @property
    def spent(self) -> Spent:
        """What was asked for so far; changed by the engine as it asks."""
        return self._spent

    def say(self, remark: str) -> None:
        """Make a remark, once a run."""
        if remark not in self._spent.said:
            self._spent.said.add(remark)
            events.report(self.stage, 0, 0, remark)

    def answer(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Ask the server; one answer or error a question, in their order."""
        if not questions:
            return []
        from aigc._engines.endpoint import chat

        return chat.answer(self, questions)

    def ready(self) -> None:
        """Raise EndpointError, before any work begins, where no server is named; asks none."""
        from aigc._engines.endpoint import address

        address.find(self)

    @contextmanager
    def asking(self, needed: bool = True) -> Iterator[Answerer]:
        """Give `answer`, and say at the end what was used.

        Raises EndpointError at once, before anything else takes its time, where a server is
        needed and none is named.
        """
        if needed:
            self.ready()
        before = replace(self._spent)
        try:
            yield self.answer
        finally:
            self._tell(before)

    def _tell(self, before: Spent) -> None:
        now = self._spent
        made, again = now.requests - before.requests, now.again - before.again
        if not made:
            return
        used = now.tokens_in - before.tokens_in, now.tokens_out - before.tokens_out
        tokens = f", {used[0]} tokens in and {used[1]} out" if any(used) else ""
        asked = "1 request" if made == 1 else f"{made} requests"
        repeated = f" ({again} of them again)" if again else ""
        events.report(self.stage, 0, 0, f"{now.server}: {asked}{repeated}{tokens}")


def check(url: str, name: str) -> str:
    """Give an address without its last slash; raises BriefError, which repeats no secret in it."""
    try:
        parts = urlsplit(url.strip())
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
        wrong = wrong or not url.strip().isprintable() or " " in url.strip()
    except ValueError:
        wrong = True
    if wrong:
        raise BriefError(f"{name}: write it as http://localhost:8000/v1 or https://host/v1")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BriefError(
            f"{name}: holds a user, a password or a query; give the address alone, for it is kept "
            "with every campaign, and put the key into the environment"
        )
    return url.strip().rstrip("/")
