"""The way out: what goes to a server, what may come back, and who is shown the key."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from functools import cache, partial

import httpx2
import openai

from aigc._engines.endpoint.address import Server, origin
from aigc.endpoint import Endpoint

LARGEST = 64 * 2**20  # bytes of an answer: a picture of 4 megapixels, as base64, is 20 MiB
_OWN = {  # headers that we send; the client's own tell of the machine, and of the environment
    "accept", "authorization", "connection", "content-length", "content-type", "host",
    "idempotency-key", "transfer-encoding", "user-agent",
}  # fmt: skip

# It would write down whole headers, in which a server may repeat the key.
logging.getLogger("httpcore2").setLevel(logging.INFO)


def client(options: Endpoint, server: Server) -> openai.AsyncOpenAI:
    """A client that holds no key, follows no redirect, tries once, and reads no endless answer."""
    timeout = openai.Timeout(options.read_timeout, connect=options.connect_timeout)
    http = openai.DefaultAsyncHttpxClient(
        timeout=timeout,
        follow_redirects=False,  # a redirect would take photo and key to who knows whom
        verify=_trusted(),
        trust_env=not server.is_here,  # a proxy for the world is none for this machine
        event_hooks={"request": [partial(outgoing, server)], "response": [_incoming]},
        limits=httpx2.Limits(max_connections=options.parallel),
    )
    return openai.AsyncOpenAI(
        api_key="none",  # the real one is put on at the door
        base_url=server.url,
        http_client=http,
        timeout=timeout,
        max_retries=0,  # we count them, and know when to stop
    )


async def outgoing(server: Server, request: httpx2.Request) -> None:
    """Leave only what the server needs; the key goes to its own server alone."""
    for name in list(request.headers):
        if name.lower() not in _OWN:
            del request.headers[name]
    request.headers["accept-encoding"] = "identity"  # or little data might unpack to a lot
    request.headers.pop("authorization", None)
    if server.key and origin(str(request.url)) == server.origin:
        request.headers["authorization"] = f"Bearer {server.key}"


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; SSL_CERT_FILE is heeded. Read once: it takes 60 ms."""
    return httpx2.create_ssl_context()


class TooLarge(httpx2.ReadError):
    """An answer that no one has room for."""


class _Measured(httpx2.AsyncByteStream):
    """A stream that ends with an error where it grows too long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > LARGEST:
                raise TooLarge(f"answers with more than {LARGEST >> 20} MiB")
            yield part

    async def aclose(self) -> None:
        """Hang up."""
        await self._stream.aclose()


async def _incoming(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise TooLarge("answers packed, though it was asked not to")
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Measured(response.stream)
