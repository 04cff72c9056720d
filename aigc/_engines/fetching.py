"""Downloads photos by their addresses, where the caller asked for it: nothing else goes out.

Addresses come from tables that others wrote. So only http and https are followed, five redirects
at most, and not to this machine or its neighbours, unless the caller allows those; the host's name
is looked up once and that address is connected to, or a name could mean another the second time.
"""

from __future__ import annotations

import asyncio
import io
import ipaddress
import socket
import ssl
import urllib.request
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

import httpx2
from PIL import Image

from aigc import __version__, events
from aigc._engines.endpoint import beside
from aigc.disk import write
from aigc.errors import ExportError

LARGEST = 50 * 2**20  # bytes of a photo
_REDIRECTS = 5
_TRIES = 3
_WAIT = 0.5  # seconds before the second try; then twice that
_LONGEST = 120.0  # seconds for one photo, however steadily it drips
_GIVE_UP = 20  # failures in a row, from which on a host is not asked any more
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_HEADERS = {
    "user-agent": f"aigc/{__version__}",
    "accept": "image/*",
    "accept-encoding": "identity",  # or little data might unpack to a lot
}


class Failed(Exception):  # noqa: N818
    """Why a photo cannot be had; `passing` if it may be the next time."""

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


class Fetcher:
    """Downloads photos, a few at a time, and remembers which could not be had."""

    def __init__(self, *, private: bool = False, parallel: int = 8, longest: float = 20.0) -> None:
        """`private` allows addresses of this network; `longest` is seconds without an answer."""
        self._private, self._parallel, self._longest = private, parallel, longest
        self._refused: dict[str, str] = {}
        self._in_a_row: Counter[str] = Counter()  # by host

    def fetch(self, wanted: dict[str, Path]) -> dict[str, str]:
        """Download each address to its file, unless that is there; gives why not, by address."""
        missing = [
            each for each in wanted if each not in self._refused and not wanted[each].exists()
        ]
        if missing:
            done = 0

            async def work(tell: beside.Tell) -> None:
                few = asyncio.Semaphore(self._parallel)
                # No connection is used again: two names may share a machine, and a certificate
                # was shown for one of them.
                limits = httpx2.Limits(max_keepalive_connections=0)
                async with httpx2.AsyncClient(
                    timeout=self._longest, verify=_trusted(), follow_redirects=False, limits=limits
                ) as client:

                    async def one(address: str) -> None:
                        nonlocal done
                        async with few:
                            await self._keep(client, address, wanted[address])
                        done += 1
                        tell(tick)

                    await asyncio.gather(*map(one, missing))

            def tick() -> None:
                events.report("fetch", done, len(missing), "downloading photos")

            beside.run(work, tick)
        return {each: self._refused[each] for each in wanted if each in self._refused}

    async def _keep(self, client: httpx2.AsyncClient, address: str, path: Path) -> None:
        host = address.split("/")[2]
        try:
            if self._in_a_row[host] >= _GIVE_UP:
                raise Failed(f"not tried: {_GIVE_UP} photos of {host} in a row could not be had")
            data, kind = await self._patiently(client, address)
            _check(data, kind)
            write(path, data)
        except (Failed, ExportError) as failed:
            self._refused[address] = str(failed)
            self._in_a_row[host] += isinstance(failed, Failed) and failed.passing
        else:
            self._in_a_row[host] = 0

    async def _patiently(self, client: httpx2.AsyncClient, address: str) -> tuple[bytes, str]:
        wait = _WAIT
        for left in reversed(range(_TRIES)):
            try:
                return await asyncio.wait_for(self._get(client, address), _LONGEST)
            except Failed as failed:
                if not (failed.passing and left):
                    raise
            except ValueError as error:  # a redirect to https://[
                raise Failed(f"is no address ({error})") from error
            except (httpx2.HTTPError, TimeoutError, OSError) as error:
                if not left:
                    why = str(error) or "no answer in time"
                    raise Failed(f"cannot be fetched ({why})", passing=True) from error
            await asyncio.sleep(wait)
            wait *= 2
        raise AssertionError

    async def _get(self, client: httpx2.AsyncClient, address: str) -> tuple[bytes, str]:
        """The bytes at an address, and what kind they are said to be."""
        for _ in range(_REDIRECTS + 1):
            request = await self._request(client, address)
            response = await client.send(request, stream=True)
            try:
                if response.is_redirect and "location" in response.headers:
                    address = urljoin(address, response.headers["location"])
                    continue
                if response.status_code != 200:
                    raise Failed(
                        f"the server answers {response.status_code} {response.reason_phrase}",
                        passing=response.status_code in _PASSING,
                    )
                data = bytearray()
                async for part in response.aiter_raw():
                    data += part
                    if len(data) > LARGEST:
                        raise Failed(f"is larger than {LARGEST >> 20} MiB")
                return bytes(data), response.headers.get("content-type", "")
            finally:
                await response.aclose()
        raise Failed(f"redirects more than {_REDIRECTS} times")

    async def _request(self, client: httpx2.AsyncClient, address: str) -> httpx2.Request:
        """Ask the machine that the name stands for just now, once that is known to be allowed."""
        try:
            url = httpx2.URL(address)
        except (httpx2.InvalidURL, ValueError) as error:
            raise Failed(f"is no address ({error})") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise Failed("is no http or https address")
        headers = _HEADERS | {"host": url.netloc.decode("ascii")}
        if _has_proxy(url):  # it looks names up itself, and says where one may go
            self._allow(url.host, url.host)
            return client.build_request("GET", url, headers=headers)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise Failed(f"no machine is called {url.host}", passing=True) from error
        machine = str(found[0][4][0])
        self._allow(url.host, machine)
        extensions = {"sni_hostname": url.host}
        pinned = url.copy_with(host=machine)
        return client.build_request("GET", pinned, headers=headers, extensions=extensions)

    def _allow(self, host: str, machine: str) -> None:
        try:
            at = ipaddress.ip_address(machine.split("%")[0])
        except ValueError:  # a name, for a proxy
            inside = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
        else:
            at = getattr(at, "ipv4_mapped", None) or at
            inside = not at.is_global or at.is_multicast
        if inside and not self._private:
            raise Failed(
                f"{host} is a machine of this network; --fetch-private allows photos from there"
            )


def _has_proxy(url: httpx2.URL) -> bool:
    proxies = urllib.request.getproxies()
    named = url.scheme in proxies or "all" in proxies
    return named and not urllib.request.proxy_bypass(url.host)


def _check(data: bytes, kind: str) -> None:
    """Raise Failed for bytes that are no picture: a page that says why there is none."""
    try:
        with Image.open(io.BytesIO(data)):
            return
    except Exception as error:  # each format has its own way to fail
        said = f"; the server says it is {kind}" if kind else ""
        raise Failed(f"holds no picture{said}") from error


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; SSL_CERT_FILE is heeded."""
    return httpx2.create_ssl_context()
