"""The picture under the type at final size: enlarged strip by strip, on into the bleed."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from aigc.campaign import Box, Pixels
from aigc.prints import MM

STRIP = 256  # rows at a time: only the finished bytes are ever there in full
GRAIN = 1.6  # levels; without it an enlarged backdrop looks like plastic, and bands
_TILE = 1024  # px of grain, repeated
_DEEP = 30.0  # mm
_FLOOR = 8  # px: the lowest rows, which then go on
_ENLARGED = 1.3  # beyond it the painted grain would grow into spots, and is smoothed away


class Face(NamedTuple):
    """What one layout fills on the sheet, as raster layers."""

    place: Box  # mm from the trim's top left
    bleed: Box  # how far it goes on at the left, top, right and bottom, mm
    backdrop: Pixels  # (h, w, 3)
    cutout: Pixels | None = None  # (h, w, 4), as sharp as there is
    product: Box = (0.0, 0.0, 1.0, 1.0)  # where the cut-out stands on the face


def paint(face: Face, canvas: Pixels, dpi: float, origin: tuple[float, float], seed: int) -> None:
    """Paint a face with its bleed into (H, W, 3), whose top left lies at `origin`, in mm.

    The backdrop goes on as its mirror image; so does a cut-out that touches an edge.
    """
    scale = dpi / MM
    left, top, right, bottom = face.place
    outer = (
        left - face.bleed[0],
        top - face.bleed[1],
        right + face.bleed[2],
        bottom + face.bleed[3],
    )
    x0, x1 = (round((edge - origin[0]) * scale) for edge in (outer[0], outer[2]))
    y0, y1 = (round((edge - origin[1]) * scale) for edge in (outer[1], outer[3]))
    ground, source = _extended(face, scale)
    laid, box = _cut(face, scale, (x0, y0), outer)
    grain = np.random.default_rng(seed).normal(0, GRAIN, (_TILE, _TILE, 1))
    grain = np.rint(grain).astype(np.int16)
    for row in range(y0, y1, STRIP):
        end = min(row + STRIP, y1)
        high = source[3] - source[1]
        window = (
            source[0],
            source[1] + (row - y0) / (y1 - y0) * high,
            source[2],
            source[1] + (end - y0) / (y1 - y0) * high,
        )
        strip = ground.resize((x1 - x0, end - row), Image.Resampling.BICUBIC, box=window)
        strip = _grained(strip, grain, row - y0)
        if laid is not None:
            _lay(laid, box, strip, (x0, row))
        canvas[row:end, x0:x1] = np.asarray(strip)


def _extended(face: Face, scale: float) -> tuple[Image.Image, Box]:
    """The backdrop with a mirrored border, and the window of it that the face with bleed shows."""
    height, width = face.backdrop.shape[:2]
    across = width / (face.place[2] - face.place[0])  # px a mm
    down = height / (face.place[3] - face.place[1])
    backdrop = face.backdrop
    if scale / across > _ENLARGED:
        backdrop = cv2.bilateralFilter(backdrop, 5, 12, 2)
    border = [
        int(np.ceil(mm * per)) + 2 for mm, per in zip(face.bleed, (across, down) * 2, strict=True)
    ]
    low = border[3]
    if face.bleed[3] > _DEEP:  # so far down, its mirror image would show the product's shadow
        border[3] = 0
    padded = cv2.copyMakeBorder(
        backdrop, border[1], border[3], border[0], border[2], cv2.BORDER_REFLECT_101
    )
    if face.bleed[3] > _DEEP:
        floor = cv2.blur(padded[-_FLOOR:], (4 * _FLOOR + 1, 1)).mean(axis=0, keepdims=True)
        floor = np.repeat(np.rint(floor).astype(np.uint8), low, axis=0)
        padded = np.vstack([padded, floor])
    window = (
        border[0] - face.bleed[0] * across,
        border[1] - face.bleed[1] * down,
        border[0] + width + face.bleed[2] * across,
        border[1] + height + face.bleed[3] * down,
    )
    return Image.fromarray(padded), window


def _cut(
    face: Face, scale: float, corner: tuple[int, int], outer: Box
) -> tuple[Image.Image | None, tuple[int, int, int, int]]:
    """The cut-out, premultiplied and mirrored beyond edges it touches, and its box in px."""
    if face.cutout is None:
        return None, (0, 0, 0, 0)
    wide, high = face.place[2] - face.place[0], face.place[3] - face.place[1]
    sides = (wide, high, wide, high)
    box = [
        face.place[0] + face.product[0] * wide,
        face.place[1] + face.product[1] * high,
        face.place[0] + face.product[2] * wide,
        face.place[1] + face.product[3] * high,
    ]
    height, width = face.cutout.shape[:2]
    per = (width / (box[2] - box[0]), height / (box[3] - box[1]))
    border = [0, 0, 0, 0]
    for i, sign in enumerate((-1, -1, 1, 1)):
        inset = sign * (face.place[i] - box[i])
        if inset < 0.001 * sides[i]:  # it touches
            border[i] = int(np.ceil((face.bleed[i] - inset) * per[i % 2])) if face.bleed[i] else 0
            box[i] += sign * border[i] / per[i % 2]
    padded = cv2.copyMakeBorder(
        face.cutout, border[1], border[3], border[0], border[2], cv2.BORDER_REFLECT
    )
    edges = [corner[i % 2] + round((edge - outer[i % 2]) * scale) for i, edge in enumerate(box)]
    return Image.fromarray(padded).convert("RGBa"), (edges[0], edges[1], edges[2], edges[3])


def _lay(
    laid: Image.Image, box: tuple[int, int, int, int], strip: Image.Image, at: tuple[int, int]
) -> None:
    """Resample what a strip shows of the cut-out, from its own pixels, and lay it on."""
    left, top, right, bottom = box
    first, last = max(top, at[1]), min(bottom, at[1] + strip.height)
    if first >= last:
        return
    per = laid.height / (bottom - top)
    window = (0.0, (first - top) * per, laid.width, min((last - top) * per, laid.height))
    # Lanczos keeps what is there; far enlarged, its ripples would show.
    way = Image.Resampling.LANCZOS if per > 0.5 else Image.Resampling.BICUBIC
    part = laid.resize((right - left, last - first), way, box=window)
    part = part.convert("RGBA")
    strip.paste(part, (left - at[0], first - at[1]), part)


def _grained(strip: Image.Image, grain: np.ndarray, row: int) -> Image.Image:
    pixels = np.asarray(strip)
    height, width = pixels.shape[:2]
    rows = (np.arange(row, row + height)) % _TILE
    columns = np.arange(width) % _TILE
    noisy = cv2.add(pixels.astype(np.int16), np.broadcast_to(grain[rows][:, columns], pixels.shape))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
