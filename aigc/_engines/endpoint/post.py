"""Asks a server: patient with one that is busy, and thrifty."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx2
import openai

from aigc._engines.endpoint import door
from aigc._engines.endpoint.address import Server, origin
from aigc._engines.endpoint.said import Reply, said
from aigc.endpoint import Endpoint
from aigc.errors import EndpointError

FIRST_WAIT = 0.5  # seconds before the second try; twice as long before each later one
LONGEST_WAIT = 30.0  # of our own accord
MOST_PATIENCE = 120.0  # as the server asks for; longer is not waited, but said

_PASSING = {408, 409, 425, 429, *range(500, 600)} - {501, 505}
_FOR_ALL = {401, 402, 403, 404, 405}  # the next request would fare no better


class Failed(NamedTuple):
    """Why a request failed, and what that means for the next."""

    error: EndpointError
    wait: float | None = None  # seconds that the server asks for
    for_all: bool = False  # whether all other requests would fail alike
    away: bool = False  # whether the server was not even reached
    billed: bool = False  # whether it may have cost tokens all the same
    words: str = ""  # all that the server said, for `dialect` to learn from


class Refused(Exception):  # noqa: N818
    """A request that failed for good."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(str(failed.error))
        self.failed = failed


class Session:
    """One batch of requests to one server; used in one event loop."""

    def __init__(self, options: Endpoint, server: Server, say: Callable[[str], None]) -> None:
        self.options, self.server, self.say = options, server, say
        self.spent = options.spent
        self.spent.server = server.host
        self._not_before = 0.0  # on the loop's clock: the server asked all of us to wait
        self._choosing = asyncio.Lock()
        self._over: Failed | None = None  # what would happen to every further request
        self._client = door.client(options, server)

    async def close(self) -> None:
        """Hang up."""
        await self._client.close()

    async def model(self) -> str:
        """The model to ask for; raises Refused where none was named and there are several."""
        if self.options.model:
            return self.options.model
        async with self._choosing:
            if not self.spent.model:
                self.spent.model = await self._only_model()
        return self.spent.model

    async def _only_model(self) -> str:
        names: list[str] = []
        try:
            reply = await self._again(("get", "models"), None, 0)
            names = [str(row["id"]) for row in reply.rows("data") if "id" in row]
        except Refused as refused:
            status = refused.failed.error.status or 0
            if status != 404 and status < 500:
                raise
        if len(names) == 1:
            return names[0]
        stage, some = self.options.stage, ", ".join(names[:12]) or "none that it names"
        error = EndpointError(
            f"{stage}.model is not set, and {self.server.host} has: {some}; choose one with "
            f"{stage}.model",
            retryable=False,
        )
        self._over = Failed(error, for_all=True)
        raise Refused(self._over)

    async def post(self, path: str, body: dict[str, Any], tokens: int) -> Reply:
        """Send `body`, which may cost `tokens`; raises Refused."""
        return await self._again(("post", path), body, tokens)

    async def fetch(self, url: str) -> bytes:
        """Fetch a file that the server has named; raises Refused, or ValueError for no address."""
        if origin(url) != self.server.origin and not url.startswith("https://"):
            where = self.server.scrub(url.split("?")[0])
            error = EndpointError(
                f"{self.server.host}: keeps its answer at {where[:120]}, which is neither its own "
                "address nor https",
                retryable=False,
            )
            raise Refused(Failed(error))
        return (await self._again(("get", url), None, 0)).data

    async def _again(self, call: tuple[str, str], body: dict[str, Any] | None, cost: int) -> Reply:
        """Send a request until it succeeds, or there is no hope, patience or money left."""
        turn = 0
        while True:
            if self._over:
                raise Refused(self._over)
            await self._until(self._not_before)
            if body is not None:
                await self._room(cost)
                self._pay(turn, cost)
            failed = await self._once(call, body, cost)
            if isinstance(failed, Reply):
                return failed
            if failed.for_all:
                self._over = failed
            wait = failed.wait or 0.0
            if not failed.error.retryable or turn == self.options.retries or wait > MOST_PATIENCE:
                self._over = failed if failed.away else self._over
                raise Refused(failed)
            own = min(FIRST_WAIT * 2**turn, LONGEST_WAIT) * random.uniform(0.75, 1.25)
            soon = asyncio.get_running_loop().time() + max(wait, own)
            if failed.wait is not None:
                self._not_before = max(self._not_before, soon)
            await self._until(soon)
            turn += 1

    async def _once(
        self, call: tuple[str, str], body: dict[str, Any] | None, cost: int
    ) -> Reply | Failed:
        method, path = call
        used = 0, 0
        self.spent.reserved += cost
        try:
            async with asyncio.timeout(self.options.timeout):
                if method == "get":
                    got = await self._client.get(path, cast_to=httpx2.Response)
                else:
                    got = await self._client.post(path, cast_to=httpx2.Response, body=body)
            reply = Reply(got.content, got.headers.get("content-type", ""))
            used = reply.used or (cost, 0)
            wrong = reply.wrong() if method == "post" or path == "models" else None
            if wrong is None:
                return reply
            return self._failed(wrong, reply.status or got.status_code, reply.for_all)
        except openai.APIStatusError as error:
            return self._status(error)
        except (httpx2.InvalidURL, UnicodeError) as error:  # a name that no network can have
            why = f"{self.server.host}: cannot be asked ({error})"
            return Failed(EndpointError(self.server.scrub(why), retryable=False), for_all=True)
        except (TimeoutError, openai.APIConnectionError) as error:
            failed = self._unreached(error)
            used = (cost, 0) if failed.billed else (0, 0)
            return failed
        finally:
            self.spent.reserved -= cost
            self.spent.tokens_in += used[0]
            self.spent.tokens_out += used[1]

    async def _room(self, cost: int) -> None:
        """Wait where only requests under way, of which the cost is guessed, leave no tokens."""
        spent, most = self.spent, self.options.max_total_tokens
        while most is not None and spent.reserved:
            used = spent.tokens_in + spent.tokens_out + cost
            if used > most or used + spent.reserved <= most:
                break
            await asyncio.sleep(0.02)

    def _pay(self, turn: int, cost: int) -> None:
        """Count a request; raises Refused where the run has none left, or too few tokens."""
        spent, options = self.spent, self.options
        wrong = ""
        if options.max_requests is not None and spent.requests >= options.max_requests:
            wrong = f"{options.stage}.max_requests = {options.max_requests}: all are made"
        used = spent.tokens_in + spent.tokens_out
        most = options.max_total_tokens
        if most is not None and used + spent.reserved + cost > most:
            wrong = (
                f"{options.stage}.max_total_tokens = {most}: {used} are used, and the next "
                f"request may take {cost}"
            )
        if wrong:
            error = EndpointError(f"{wrong}; raise it to go on", retryable=False)
            raise Refused(Failed(error))
        spent.requests += 1
        spent.again += turn > 0

    def _status(self, error: openai.APIStatusError) -> Failed:
        """Understand an answer that is an error."""
        status, headers = error.status_code, error.response.headers
        text, code = said(error.body)
        wait = _asked_to_wait(headers)
        if 300 <= status < 400:
            to = urlsplit(headers.get("location", ""))
            text = f"it moved to {to.scheme}://{to.netloc}{to.path}, where nothing is sent unasked"
        broke = status == 429 and "insufficient_quota" in code
        if wait is not None and wait > MOST_PATIENCE:
            text += f" (it asks to wait {wait:.0f} s)"
        failed = self._failed(text, status, status in _FOR_ALL or broke or status < 400)
        words = self.server.scrub(f"{text} {code}")
        return failed._replace(wait=wait, words=words)

    def _failed(self, text: str, status: int, for_all: bool) -> Failed:
        text = self.server.scrub(text) or "no reason given"
        hint = self._hint(status)
        error = EndpointError(
            f"{self.server.host}: {status}: {text}{hint}",
            retryable=(status in _PASSING or status < 300) and not for_all,
            status=status,
        )
        return Failed(error, for_all=for_all)

    def _hint(self, status: int) -> str:
        stage, name = self.options.stage, self.server.key_name
        if status == 401:
            sent = f"the key in {name} was refused" if name else "no key was sent"
            return f"; {sent}: name its environment variable with {stage}.api_key_env"
        if status == 404:
            return f"; check {stage}.model, and that {stage}.base_url ends as the server's does"
        if 300 <= status < 400:
            return f"; set {stage}.base_url to it if you trust it"
        return ""

    def _unreached(self, error: Exception) -> Failed:
        """Understand silence."""
        host, options = self.server.host, self.options
        cause = error.__cause__
        if isinstance(error, TimeoutError):
            why = f"no whole answer within {options.timeout:g} s ({options.stage}.timeout)"
            return Failed(EndpointError(f"{host}: {why}", retryable=True), billed=True)
        if isinstance(cause, httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ConnectError):
            why = self.server.scrub(" ".join(str(cause).split())) or "it does not pick up"
            error_ = EndpointError(
                f"{host}: cannot be reached ({why}); is the server running, and is "
                f"{options.stage}.base_url right?",
                retryable=True,
            )
            return Failed(error_, away=True)
        if isinstance(error, openai.APITimeoutError):
            why = f"silent for {options.read_timeout:g} s ({options.stage}.read_timeout)"
            return Failed(EndpointError(f"{host}: {why}", retryable=True), billed=True)
        if isinstance(cause, door.TooLarge):
            return Failed(EndpointError(f"{host}: {cause}", retryable=False), billed=True)
        why = self.server.scrub(" ".join(str(cause or error).split()))
        dropped = EndpointError(f"{host}: broke off ({why})", retryable=True)
        return Failed(dropped, billed=True)

    async def _until(self, then: float) -> None:
        left = then - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)


def _asked_to_wait(headers: httpx2.Headers) -> float | None:
    """The seconds of Retry-After, given as such or as a date; None where there is none."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds == seconds else None  # NaN is not itself
