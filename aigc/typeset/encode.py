"""Encodes a poster in its channel's format, as well as its byte limit allows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aigc.campaign import Pixels
from aigc.errors import BriefError

XMP = "XML:com.adobe.xmp"  # this key of the metadata is an XMP packet, in either format
BEST = 93  # JPEG quality beyond which files grow and nothing is seen
_PALETTES = (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)  # colours of a smaller PNG
LEAST_FULL = 60  # below it, halving the colour resolution costs less than more quantising


def encode(
    pixels: Pixels, kind: Literal["jpg", "png"], max_bytes: int, metadata: Mapping[str, str]
) -> bytes:
    """Encode (H, W, 3) sRGB with the metadata in it; the best quality of at most `max_bytes`.

    JPEG: XMP in its own segment, the rest as JSON in the comment. PNG: an iTXt chunk a key.
    Raises BriefError where even the worst quality is too large.
    """
    image = Image.fromarray(pixels)
    data = (_jpeg if kind == "jpg" else _png)(image, max_bytes, metadata)
    if data is None:
        raise BriefError(
            f"channels: {image.width}×{image.height} {kind} does not fit into {max_bytes} bytes"
        )
    return data


def _jpeg(image: Image.Image, max_bytes: int, metadata: Mapping[str, str]) -> bytes | None:
    plain = {key: value for key, value in metadata.items() if key != XMP}
    extra: dict[str, Any] = {"xmp": metadata[XMP].encode()} if XMP in metadata else {}
    if plain:
        extra["comment"] = json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()

    # Packing tightly takes six times as long and saves a tenth: only where bytes are short.
    first = _save(image, "JPEG", quality=BEST, subsampling="4:4:4", **extra)
    if len(first) <= max_bytes:
        return first

    def save(quality: int, sampling: str) -> bytes:
        plain_file = {"quality": quality, "subsampling": sampling, **extra}
        try:
            return _save(image, "JPEG", optimize=True, progressive=True, **plain_file)
        except OSError:  # more than a byte a pixel overruns Pillow's buffer for these two
            return _save(image, "JPEG", **plain_file)

    def largest(low: int, high: int, sampling: str) -> bytes | None:
        return _bisect(lambda quality: save(quality, sampling), low, high, max_bytes)

    return largest(LEAST_FULL, BEST, "4:4:4") or largest(1, BEST, "4:2:0")


def _png(image: Image.Image, max_bytes: int, metadata: Mapping[str, str]) -> bytes | None:
    info = PngInfo()
    info.add(b"sRGB", b"\0")
    for key, value in metadata.items():
        info.add_itxt(key, value)
    full = _save(image, "PNG", optimize=True, pnginfo=info)
    if len(full) <= max_bytes:
        return full

    def save(step: int) -> bytes:
        palette = image.quantize(_PALETTES[step], Image.Quantize.MEDIANCUT)
        return _save(palette, "PNG", optimize=True, pnginfo=info)

    return _bisect(save, 0, len(_PALETTES) - 1, max_bytes)


def _bisect(save: Callable[[int], bytes], low: int, high: int, max_bytes: int) -> bytes | None:
    """Find the highest setting whose file is small enough; the top one is tried first."""
    best = None
    middle = high
    while low <= high:
        data = save(middle)
        if len(data) <= max_bytes:
            best, low = data, middle + 1
        else:
            high = middle - 1
        middle = (low + high) // 2
    return best


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
