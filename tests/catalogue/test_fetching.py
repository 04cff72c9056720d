"""Photos on the web: fetched where asked for, patiently, never from where they should not be."""

from __future__ import annotations

import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pictures import mug

from aigc import catalogue
from aigc._engines import fetching
from aigc.batches import Entry


class Shop(ThreadingHTTPServer):
    """A web server with one photo under every name, and tricks by the path's first part."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        stream = io.BytesIO()
        mug(60).save(stream, "PNG")
        self.photo = stream.getvalue()
        self.asked: Counter[str] = Counter()
        self.hosts: set[str] = set()
        self.now = self.most = 0
        self.lock = threading.Lock()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Shop

    def do_GET(self) -> None:
        """Answer as the path wants it."""
        shop, (trick, *_) = self.server, self.path.strip("/").split("/")
        with shop.lock:
            shop.asked[self.path] += 1
            shop.hosts.add(self.headers["host"])
            shop.now += 1
            shop.most = max(shop.most, shop.now)
        try:
            time.sleep(0.02)
            getattr(self, f"trick_{trick}", self.good)()
        finally:
            with shop.lock:
                shop.now -= 1

    def good(self, data: bytes | None = None, status: int = 200, **headers: str) -> None:
        """Send the photo, or what is given."""
        data = self.server.photo if data is None else data
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def trick_page(self) -> None:
        """A page that says why there is no photo."""
        self.good(b"<html>Sold out</html>", content_type="text/html")

    def trick_gone(self) -> None:
        """Not there."""
        self.good(b"", 404)

    def trick_shaky(self) -> None:
        """Too busy at first."""
        first = self.server.asked[self.path] == 1
        self.good(b"", 503) if first else self.good()

    def trick_busy(self) -> None:
        """Too busy."""
        self.good(b"", 503)

    def trick_endless(self) -> None:
        """More than anyone has room for, with no size announced."""
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def trick_half(self) -> None:
        """Half of what was announced."""
        self.good(self.server.photo[:200], content_length=str(len(self.server.photo)))

    def trick_moved(self) -> None:
        """Somewhere else."""
        self.good(b"", 302, location="/good/moved.png")

    def trick_circle(self) -> None:
        """Here again."""
        self.good(b"", 302, location=self.path)

    def trick_broken(self) -> None:
        """Nowhere."""
        self.good(b"", 302, location="https://[")

    def trick_file(self) -> None:
        """A file of whoever asks."""
        self.good(b"", 302, location="file:///etc/passwd")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Give a server, asked without long waits."""
    monkeypatch.setattr(fetching, "_WAIT", 0.01)
    monkeypatch.setattr(fetching, "LARGEST", 2**20)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def entries(tmp_path: Path, addresses: list[str], **options: Any) -> list[Entry]:
    path = tmp_path / "list.jsonl"
    rows = [{"name": f"Mug {n}", "photo": each} for n, each in enumerate(addresses)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"fetch": tmp_path / "photos", "private": True} | options
    return list(catalogue.read(path, **options).entries())


def says(entry: Entry) -> str:
    return " ".join(wrong.says for wrong in entry.wrong)


def test_photos_come_a_few_at_a_time_and_once(shop, tmp_path):
    addresses = [shop.url(f"good/{n}.png?v={n}") for n in range(30)]
    found = entries(tmp_path, addresses)
    assert not any(each.wrong for each in found)
    assert len({each.fields["photo"] for each in found}) == 30
    assert all(Path(each.fields["photo"]).read_bytes() == shop.photo for each in found)
    assert 2 <= shop.most <= 8
    assert entries(tmp_path, addresses) == found
    assert set(shop.asked.values()) == {1}
    assert shop.hosts == {f"127.0.0.1:{shop.server_address[1]}"}


def test_what_goes_wrong_is_said_of_its_own_product(shop, tmp_path):
    paths = (
        "good/a.png",
        "page/a",
        "gone/a",
        "endless/a",
        "half/a",
        "circle/a",
        "file/a",
        "moved/a",
    )
    good, page, gone, endless, half, circle, file, moved = entries(
        tmp_path, [shop.url(path) for path in paths]
    )
    assert good.wrong == moved.wrong == ()
    assert "holds no picture; the server says it is text/html" in says(page)
    assert shop.url("gone/a") in says(gone)
    assert "the server answers 404" in says(gone)
    assert "is larger than 1 MiB" in says(endless)
    assert "cannot be fetched" in says(half)
    assert "redirects more than 5 times" in says(circle)
    assert "is no http or https address" in says(file)
    for each in entries(tmp_path, [shop.url("broken/a"), "https://[", "http://", "https://a b/c"]):
        assert (
            "is no address" in says(each) or "no machine" in says(each) or "no http" in says(each)
        )
    assert shop.asked["/gone/a"] == 1
    assert shop.asked["/half/a"] == 3
    assert len([*(tmp_path / "photos").iterdir()]) == 2


def test_a_busy_server_is_asked_again_and_given_up_in_the_end(shop, tmp_path):
    assert entries(tmp_path, [shop.url("shaky/a.png")])[0].wrong == ()
    found = entries(tmp_path, [shop.url(f"busy/{n}.png") for n in range(70)])
    assert "503" in says(found[0])
    assert "not tried: 20 photos" in says(found[-1])
    assert shop.asked["/busy/69.png"] == 0


def test_machines_of_this_network_are_left_alone_unless_allowed(shop, tmp_path):
    port = shop.server_address[1]
    addresses = [
        f"http://127.0.0.1:{port}/good/a.png",
        f"http://localhost:{port}/good/a.png",
        f"http://[::ffff:127.0.0.1]:{port}/good/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/a.png",
        "http://0.0.0.0/a.png",
    ]
    for each in entries(tmp_path, addresses, private=False):
        assert "--fetch-private" in says(each)
    assert not shop.asked
    assert not entries(tmp_path, addresses[1:2])[0].wrong


def test_nothing_is_fetched_unasked_or_when_photos_are_not_checked(shop, tmp_path):
    address = shop.url("good/a.png")
    assert "--fetch-photos" in says(entries(tmp_path, [address], fetch=None)[0])
    (unchecked,) = entries(tmp_path, [address], check_photos=False)
    assert unchecked.wrong == ()
    assert not shop.asked
    assert entries(tmp_path, [address])[0] == unchecked


def test_a_folder_that_cannot_be_written_fails_that_photo(shop, tmp_path):
    (tmp_path / "photos").write_text("a file")
    assert "cannot write" in says(entries(tmp_path, [shop.url("good/a.png")])[0])
