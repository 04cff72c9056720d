"""Pictures from the images API: whatever shape a server paints, the one that was wanted."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any, ClassVar

import loopback
import mischief
import numpy as np
import pytest
from loopback import Loopback
from PIL import Image

from aigc import events
from aigc._engines.endpoint import dialect, images, post
from aigc._engines.endpoint.images import Order
from aigc.endpoint import Endpoint
from aigc.errors import AigcError, EndpointError


class Asker(Endpoint):
    """A backend's options, without a backend."""

    stage: ClassVar[str] = "scene"


ORDER = Order((96, 80), "a bare wall", "letters", 3)


@pytest.fixture(autouse=True)
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for milliseconds; learn anew; paint few pixels."""
    monkeypatch.setattr(post, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(images, "_AREA", 128 * 128)
    monkeypatch.setattr(images, "_GRID", 16)
    dialect.forget()


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Give a server."""
    with Loopback() as one:
        yield one


def paint(server: Loopback, *orders: Order, sizes: Any = (), **options: Any) -> list[Any]:
    """Have pictures painted."""
    asked = Asker(base_url=server.url, model=loopback.MODEL, **options)
    return images.paint(asked, orders or [ORDER], sizes)


def png(pixels: np.ndarray, kind: str = "PNG") -> str:
    """A picture in base64."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


def test_pictures_come_in_their_size_and_order(server: Loopback) -> None:
    orders = [Order((96 + 8 * n, 80), "a wall", "", n) for n in range(4)]
    server.rule = lambda seen: mischief.late(0.15 - 0.04 * seen.body["seed"])
    together = paint(server, *orders, parallel=4)
    assert [each.shape for each in together] == [(80, 96 + 8 * n, 3) for n in range(4)]
    server.rule = None
    for order, pixels in zip(orders, together, strict=True):
        assert np.array_equal(paint(server, order)[0], pixels)
    assert server.wrong == []
    first = server.asked[0].body
    assert (first["negative_prompt"], first["seed"]) == ("", server.asked[0].body["seed"])
    assert "x" in first["size"]


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_every_seed_is_one_that_servers_take(server: Loopback, seed: int) -> None:
    paint(server, ORDER._replace(seed=seed))
    assert server.asked[0].body["seed"] == seed & 0x7FFFFFFF


def test_a_server_names_its_sizes_once() -> None:
    heard: list[str] = []
    with Loopback(sizes=("128x128", "192x128", "128x192")) as server:
        with events.listening(lambda event: heard.append(event.message)):
            wide, tall, square = paint(
                server,
                *(ORDER._replace(size=size) for size in ((300, 200), (200, 330), (100, 100))),
                parallel=1,
            )
        assert (wide.shape, tall.shape, square.shape) == (
            (200, 300, 3), (330, 200, 3), (100, 100, 3),
        )  # fmt: skip
        assert [each.body["size"] for each in server.asked[1:]] == ["192x128", "128x192", "128x128"]
    assert any("gets pictures of 128×128, 192×128, 128×192" in line for line in heard)


def test_sizes_may_be_given(server: Loopback) -> None:
    paint(server, sizes=[(128, 128), (256, 64)])
    assert server.asked[0].body["size"] == "128x128"


def test_what_no_images_api_must_know_is_put_otherwise() -> None:
    refuses = ("seed", "negative_prompt", "response_format")
    with Loopback(refuses=refuses, by_url=True) as server:
        (pixels,) = paint(server)
        assert pixels.shape == (80, 96, 3)
        last = server.asked[-1].body
        assert not set(refuses) & set(last)
        assert last["prompt"] == "a bare wall. Leave out: letters."
        assert server.seen[-1].method == "GET"
        server.seen.clear()
        paint(server)
        assert len(server.asked) == 1


def test_a_picture_is_cut_from_its_middle_never_squeezed(server: Loopback) -> None:
    painted = np.zeros((100, 300, 3), np.uint8)
    painted[:, 100:200] = 200
    server.rule = lambda _: mischief.replaced(data=[{"b64_json": png(painted)}])
    (pixels,) = paint(server, ORDER._replace(size=(50, 50)))
    assert pixels.min() > 180  # but for a little ringing along the cut


@pytest.mark.parametrize("size", [(1080, 1350), (728, 90), (160, 600), (1080, 1920), (300, 250)])
def test_sizes_to_ask_for(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_AREA", 1024 * 1024)
    monkeypatch.setattr(images, "_GRID", 64)
    wide, tall = images.nearest(size, ())
    assert wide % 64 == tall % 64 == 0
    assert 0.8 < wide * tall / 1024**2 < 1.2
    if 1 / 3 < size[0] / size[1] < 3:
        assert wide / tall == pytest.approx(size[0] / size[1], rel=0.08)
    openai = [(1024, 1024), (1536, 1024), (1024, 1536)]
    best = openai[0] if size == (300, 250) else openai[1 if size[0] > size[1] else 2]
    assert images.nearest(size, openai) == best


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_kinds_of_pictures_are_read(server: Loopback, kind: str) -> None:
    pixels = np.full((64, 64, 3), 120, np.uint8)
    server.rule = lambda _: mischief.replaced(
        data=[{"b64_json": f"data:image/x;base64,{png(pixels, kind)}"}]
    )
    assert abs(int(paint(server)[0].mean()) - 120) <= 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "without a picture"),
        ([{}], "without a picture"),
        ([{"b64_json": "!!!"}], "no picture"),
        ([{"b64_json": base64.b64encode(b"<svg/>").decode()}], "no picture"),
        ([{"b64_json": png(np.zeros((64, 64, 3), np.uint8))[:-60]}], "no picture"),
        ([{"b64_json": png(np.zeros((64, 64, 3), np.uint8), "GIF")}], "no picture"),
        ([{"b64_json": png(np.zeros((1, 65_000_000), np.uint8))}], "too many"),
        ([{"url": "http://169.254.169.254/latest/meta-data"}], "neither its own address"),
        ([{"url": "file:///etc/passwd"}], "neither its own address"),
        ([{"url": "http://[broken"}], "no picture"),
        ([{"url": "data:image/png;base64,AAAA"}], "no picture"),
    ],
)
def test_what_is_no_picture_is_told(server: Loopback, data: Any, words: str) -> None:
    server.plan = [mischief.replaced(data=data)]
    error, other = paint(server, ORDER, ORDER._replace(seed=9), parallel=1)
    assert isinstance(error, EndpointError)
    assert words in str(error)
    assert other.shape == (80, 96, 3)


def test_a_picture_that_is_gone(server: Loopback) -> None:
    there = f"{server.url.removesuffix('/v1')}/gone.png"
    server.plan = [mischief.replaced(data=[{"url": there}])]
    (error,) = paint(server, retries=0)
    assert isinstance(error, AigcError)
    assert "404" in str(error)


def test_a_moderated_prompt_is_that_items_own_trouble(server: Loopback) -> None:
    server.plan = [mischief.status(400, "Your request was rejected by our safety system")]
    error, other = paint(server, ORDER, ORDER._replace(seed=9), parallel=1)
    assert "rejected by our safety system" in str(error)
    assert other.shape == (80, 96, 3)
