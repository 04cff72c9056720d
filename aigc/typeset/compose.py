"""Puts a poster's layers together: backdrop, what calms it, the cut-out, and the type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aigc.campaign import Box, Pixels, Size, pixel_box
from aigc.typeset import contrast
from aigc.typeset.sheet import Element

PixelBox = tuple[int, int, int, int]
_Levels = NDArray[np.int32]
# How strongly the ground behind a text is covered, weakest first: up to `_SOFT` by a gradient
# that comes in from the near edges, which looks like light; then by a panel, which looks meant.
_COVERS = (0.12, 0.24, 0.36, 0.48, 0.6, 0.72, 0.86, 0.93, 1.0)
_SOFT = 0.72
_VISIBLE = 1.8  # contrast of a logo as a whole with what is behind it
EASY = 5.5  # a colour that is liked, not needed, must read with ease
_NEAR = 0.3  # of the picture: an edge so near to a text that the gradient runs up to it


class Inks(NamedTuple):
    """What the contrast check decided: the calmed backdrop, an ink a text, and its contrast."""

    backdrop: Pixels
    picture: Pixels  # the backdrop with the cut-out on it
    ink: dict[str, str]
    contrast: dict[str, float]
    panels: dict[str, Box]  # what was put behind texts, by name


def resized(cutout: Pixels, size: Size) -> Pixels:
    """Resample a cut-out (h, w, 4) once, premultiplied: by Lanczos, or bicubic to enlarge."""
    height, width = cutout.shape[:2]
    if (width, height) == size:
        return cutout
    if size[0] > width and size[1] > height:
        return _enlarged(cutout, size)
    # Pillow premultiplies RGBA.
    return np.asarray(Image.fromarray(cutout).resize(size, Image.Resampling.LANCZOS))


def _enlarged(cutout: Pixels, size: Size) -> Pixels:
    """Enlarge by OpenCV's bicubic: without Lanczos' ripples, and in a third of the time."""
    layer = np.where(cutout[..., 3:] > 0, cutout, 0).astype(np.uint8)
    _at_edges(layer, lambda colour, alpha: (colour * alpha + 127) // 255)
    layer = cv2.resize(layer, size, interpolation=cv2.INTER_CUBIC)
    _at_edges(layer, lambda colour, alpha: np.minimum((colour * 255 + alpha // 2) // alpha, 255))
    return np.asarray(layer)


def _at_edges(layer: Pixels, change: Callable[[_Levels, _Levels], _Levels]) -> None:
    """Change the colour (n, 3) of partly transparent pixels by their alpha (n, 1), in place."""
    flat = layer.reshape(-1, 4)
    edge = np.flatnonzero((flat[:, 3] > 0) & (flat[:, 3] < 255))
    levels = flat[edge].astype(np.int32)
    flat[edge, :3] = change(levels[:, :3], levels[:, 3:])


def over(ground: Pixels, layer: Pixels, place: tuple[int, int] = (0, 0)) -> Pixels:
    """Lay (h, w, 4) on (H, W, 3) at a place (left, top); what sticks out is cut off."""
    picture, laid = Image.fromarray(ground), Image.fromarray(layer)
    picture.paste(laid, place, laid)
    return np.array(picture)


def marked(ground: Pixels, logo: Pixels, box: Box, level: int | None) -> Pixels:
    """Put a logo into its box, on a plate of a grey `level` where there must be one."""
    left, top, right, bottom = pixel_box(box, (ground.shape[1], ground.shape[0]))
    if level is not None:
        height, width = ground.shape[:2]
        pad = max(3, (bottom - top) // 5)
        edges = (left - pad, top - pad, right + pad, bottom + pad)
        layer = np.full((height, width, 4), level, np.uint8)
        layer[..., 3] = 255 * _rounded(width, height, edges, pad)
        ground = over(ground, layer)
    return over(ground, resized(logo, (right - left, bottom - top)), (left, top))


def plate(ground: Pixels, logo: Pixels, box: Box) -> int | None:
    """The grey of the plate that a logo needs, black or white; None where it is seen without."""
    left, top, right, bottom = pixel_box(box, (ground.shape[1], ground.shape[0]))
    logo = resized(logo, (right - left, bottom - top))
    seen = contrast.luminance(logo[logo[..., 3] > 127][:, :3])
    behind = contrast.luminance(_under(ground, box)).mean()
    if not seen.size or _ratio(seen.mean(), behind) >= _VISIBLE:
        return None
    return 0 if _ratio(seen.mean(), 0.0) > _ratio(seen.mean(), 1.0) else 255


def _ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def inked(
    backdrop: Pixels,
    cutout: Pixels,
    place: tuple[int, int],
    elements: Iterable[Element],
    inks: dict[str, str],
    liked: dict[str, str],
) -> Inks:
    """Give each text an ink that reaches 4.5:1 on the pixels behind it.

    A stack gets the first of `inks` in which all its texts read, and an element its `liked`
    colour if that reads too. Where no ink does, the backdrop behind the stack is covered with
    the colour that `inks` names for the first one, no more than needed.
    """
    chosen: dict[str, str] = {}
    reached: dict[str, float] = {}
    panels: dict[str, Box] = {}
    stacks: dict[str, list[Element]] = {}
    for element in elements:
        stacks.setdefault(element.stack, []).append(element)
    picture = over(backdrop, cutout, place)
    for stack in stacks.values():
        grounds = _grounds(picture, stack)
        ink = next((ink for ink in inks if _reads(ink, grounds)), None)
        if ink is None:
            ink, cover = next(iter(inks.items()))
            backdrop, strength = _calmed(backdrop, stack, ink, cover)
            if strength > _SOFT:
                panels[f"cover-{stack[0].name}"] = _panel(stack, strength, backdrop)
            picture = over(backdrop, cutout, place)
            grounds = _grounds(picture, stack)
        for element, ground in zip(stack, grounds, strict=True):
            own = liked.get(element.name, ink)
            own = own if ground.least(own) >= EASY else ink
            chosen[element.name], reached[element.name] = own, ground.least(own)
    return Inks(backdrop, picture, chosen, reached, panels)


def _grounds(picture: Pixels, stack: Iterable[Element]) -> list[contrast.Ground]:
    return [contrast.ground(_under(picture, element.box)) for element in stack]


def _under(behind: Pixels, box: Box) -> Pixels:
    left, top, right, bottom = pixel_box(box, (behind.shape[1], behind.shape[0]))
    return behind[max(top, 0) : bottom, max(left, 0) : right]


def _reads(ink: str, grounds: Iterable[contrast.Ground]) -> bool:
    return all(ground.least(ink) >= contrast.ENOUGH for ground in grounds)


def _calmed(backdrop: Pixels, stack: list[Element], ink: str, cover: str) -> tuple[Pixels, float]:
    """Cover the ground behind a stack, as lightly as lets the ink read; say how strongly."""
    for strength in _COVERS:
        calmed = _covered(backdrop, stack, cover, strength)
        if _reads(ink, _grounds(calmed, stack)):
            break
    return calmed, strength


def _panel(stack: list[Element], strength: float, backdrop: Pixels) -> Box:
    """Where a panel stands, as a box of fractions."""
    height, width = backdrop.shape[:2]
    (left, top, right, bottom), _ = _around(stack, strength, width, height)
    return (
        max(left / width, 0.0),
        max(top / height, 0.0),
        min(right / width, 1.0),
        min(bottom / height, 1.0),
    )


def _around(stack: list[Element], strength: float, width: int, height: int) -> tuple[PixelBox, int]:
    """A stack's pixels with a pad around them, and that pad."""
    boxes = np.array([pixel_box(element.box, (width, height)) for element in stack])
    pad = round((0.09 if strength <= _SOFT else 0.025) * (width * height) ** 0.5) + 2
    left, top = (int(edge) for edge in boxes[:, :2].min(axis=0) - pad)
    right, bottom = (int(edge) for edge in boxes[:, 2:].max(axis=0) + pad)
    return (left, top, right, bottom), pad


def _covered(backdrop: Pixels, stack: list[Element], cover: str, strength: float) -> Pixels:
    height, width = backdrop.shape[:2]
    (left, top, right, bottom), pad = _around(stack, strength, width, height)
    if strength <= _SOFT:
        left, right = _reach(left, right, width)
        top, bottom = _reach(top, bottom, height)
        mask = np.outer(_ramp(top, bottom, height, pad), _ramp(left, right, width, pad))
    else:
        mask = _rounded(width, height, (left, top, right, bottom), pad // 2)
    layer = np.empty((height, width, 4), np.uint8)
    layer[..., :3] = contrast.rgb(cover)
    layer[..., 3] = np.round(255 * strength * mask)
    return over(backdrop, layer)


def _reach(low: int, high: int, side: int) -> tuple[int, int]:
    """Stretch an interval over the picture's edges that it comes near."""
    return (
        -side if low < _NEAR * side else low,
        2 * side if high > (1 - _NEAR) * side else high,
    )


def _ramp(low: int, high: int, side: int, soft: int) -> NDArray[np.float64]:
    """1 inside an interval, falling smoothly to 0 across its `soft` outermost pixels."""
    at = np.arange(side) + 0.5
    inside = np.clip(np.minimum(at - low, high - at) / soft, 0, 1)
    return np.asarray(inside**2 * (3 - 2 * inside))


def _rounded(width: int, height: int, box: PixelBox, radius: int) -> NDArray[np.float64]:
    mask = Image.new("L", (width * 2, height * 2))
    edges = tuple(int(edge) * 2 for edge in box)
    ImageDraw.Draw(mask).rounded_rectangle(edges, radius * 2, fill=255)
    return np.asarray(mask.resize((width, height), Image.Resampling.BOX), np.float64) / 255
