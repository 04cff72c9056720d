"""Which server is asked, and with which key: a key goes to the server it belongs to, no other."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from aigc.endpoint import Endpoint, check
from aigc.errors import EndpointError

_STARS = re.compile(r"[^\s'\"]*\*{3,}[^\s'\"]*")  # a key that the server has half blotted out
_SHORTEST = 4  # characters from which on a key is blotted out of what a server says


@dataclass(frozen=True)
class Server:
    """An address and the key that goes with it."""

    url: str
    key: str = field(repr=False)
    key_name: str  # the variable that the key is from

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin(self.url)

    @property
    def host(self) -> str:
        """As people read it."""
        return urlsplit(self.url).netloc

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, which no proxy stands before."""
        name = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")

    @property
    def is_sealed(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.is_here or self.url.startswith("https:")

    def scrub(self, text: str) -> str:
        """Blot the key out of a text."""
        if len(self.key) >= _SHORTEST:
            text = text.replace(self.key, "***")
        return _STARS.sub("***", text)


def find(options: Endpoint) -> Server:
    """Find server and key in the options and the environment.

    Raises EndpointError where no server is named, or the key is not there.
    """
    stage = options.stage
    url = options.base_url
    for name in ("AIGC_BASE_URL", "OPENAI_BASE_URL"):
        if not url and os.environ.get(name):
            url = check(os.environ[name], name)
    if not url:
        raise EndpointError(
            f"{stage}.base_url is not set, and nothing is sent to a server that nobody named; "
            f"set {stage}.base_url or AIGC_BASE_URL, e.g. http://localhost:8000/v1 (vLLM), "
            "http://localhost:8080/v1 (llama.cpp) or http://localhost:11434/v1 (Ollama)",
            retryable=False,
        )
    try:
        httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise EndpointError(f"{stage}.base_url: {error}", retryable=False) from error
    name = options.api_key_env or next(_keys_of(url), "")
    key = os.environ.get(name, "").strip() if name else ""
    if options.api_key_env and not key:
        raise EndpointError(
            f"{stage}.api_key_env = '{name}': the environment holds no such key; export {name}=…",
            retryable=False,
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EndpointError(
            f"{name}: holds characters that no key has; copy the key once more", retryable=False
        )
    return Server(url=url, key=key, key_name=name if key else "")


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{parts.hostname}:{parts.port or usual}"


def _keys_of(url: str) -> Iterator[str]:
    """The variables whose key is for this server, by the address that stands beside each."""
    for name, home in (("AIGC_API_KEY", "AIGC_BASE_URL"), ("OPENAI_API_KEY", "OPENAI_BASE_URL")):
        at = os.environ.get(home) or ("https://api.openai.com" if name == "OPENAI_API_KEY" else "")
        if os.environ.get(name) and at and origin(check(at, home)) == origin(url):
            yield name
