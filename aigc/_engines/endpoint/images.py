"""Pictures from the images API, brought to the size that was asked for."""

from __future__ import annotations

import base64
import io
import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from aigc._engines.endpoint.chat import each, learning
from aigc._engines.endpoint.dialect import Dialect
from aigc._engines.endpoint.post import Failed, Refused, Session
from aigc._engines.endpoint.said import Reply
from aigc.campaign import Pixels, Size
from aigc.endpoint import Endpoint
from aigc.errors import AigcError, EndpointError

_PATH = "images/generations"
_AREA = 1024 * 1024  # px that most models were trained at
_GRID = 64  # px that sizes are multiples of, where the server names none
_WIDEST = 3.0  # width by height, or height by width
_LARGEST = 64_000_000  # px of a picture that is worth decoding
_KINDS = ("PNG", "JPEG", "WEBP")


class Order(NamedTuple):
    """One picture to paint."""

    size: Size
    prompt: str
    negative: str
    seed: int


def paint(
    options: Endpoint, orders: Sequence[Order], sizes: Sequence[Size] = ()
) -> list[Pixels | AigcError]:
    """Paint each, (H, W, 3) at its own size, or give its error; `sizes` are all the server has."""

    async def one(session: Session, order: Order) -> Pixels:
        def put(known: Dialect, model: str) -> tuple[dict[str, Any], int]:
            return _body(order, nearest(order.size, sizes or known.sizes), known, model), 0

        reply = await learning(session, _PATH, put, lambda reply, _: reply)
        return fitted(await _pixels(session, reply), order.size)

    return each(options, orders, one, "the prompt")


def nearest(size: Size, sizes: Sequence[Size]) -> Size:
    """The size to ask for: of those that there are, the one that loses least; else about 1 MP."""
    if sizes:
        return max(sizes, key=lambda own: (round(_kept(own, size), 2), -abs(math.log(_area(own)))))
    shape = min(max(size[0] / size[1], 1 / _WIDEST), _WIDEST)
    wide = math.sqrt(_AREA * shape)
    return _GRID * round(wide / _GRID), _GRID * round(wide / shape / _GRID)


def _kept(own: Size, wanted: Size) -> float:
    """The share of a picture that is left when it is cut to another shape."""
    a, b = own[0] / own[1], wanted[0] / wanted[1]
    return min(a / b, b / a)


def _area(size: Size) -> float:
    """How far from what models were trained at."""
    return math.exp(abs(math.log(size[0] * size[1] / _AREA)))


def fitted(pixels: Pixels, size: Size) -> Pixels:
    """Enlarge or reduce a picture until it covers `size`, and cut off what stands over."""
    width, height = size
    tall, wide = pixels.shape[:2]
    scale = max(width / wide, height / tall)
    left, top = (wide - width / scale) / 2, (tall - height / scale) / 2
    box = (left, top, wide - left, tall - top)
    if (wide, tall) == size:
        return pixels
    made = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=box)
    return np.asarray(made)


def _body(order: Order, size: Size, known: Dialect, model: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "prompt": order.prompt,
        "negative_prompt": order.negative,
        "n": 1,
        "size": f"{size[0]}x{size[1]}",
        "response_format": "b64_json",
        "seed": order.seed & 0x7FFFFFFF,
    }
    if "negative_prompt" in known.without and order.negative:
        body["prompt"] = f"{order.prompt}. Leave out: {order.negative}."
    return {name: value for name, value in body.items() if name not in known.without}


async def _pixels(session: Session, reply: Reply) -> Pixels:
    rows = reply.rows("data") or [{}]
    packed, url = rows[0].get("b64_json"), rows[0].get("url")
    try:
        if isinstance(packed, str) and packed:
            data = base64.b64decode(packed.split(",", 1)[-1], validate=True)
        elif isinstance(url, str) and url.startswith("data:"):
            data = base64.b64decode(url.split(",", 1)[-1], validate=True)
        elif isinstance(url, str) and url:
            data = await session.fetch(url)
        else:
            raise _not_one(session, "answers without a picture")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of size; we check
            with Image.open(io.BytesIO(data), formats=_KINDS) as image:
                if image.width * image.height > _LARGEST:
                    raise _not_one(session, f"paints {image.width}×{image.height} px, too many")
                return np.asarray(image.convert("RGB"))
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        kind = type(error).__name__
        raise _not_one(session, f"answers with what is no picture ({kind})") from None


def _not_one(session: Session, why: str) -> Refused:
    error = EndpointError(f"{session.server.host}: {why}", retryable=False, status=200)
    return Refused(Failed(error))
