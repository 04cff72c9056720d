"""Light on a studio set: the shot's geometry, soft light fields, and the way back to sRGB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from coloraide import Color
from numpy.typing import NDArray

from aigc.campaign import Caption, Pixels, pixel_box
from aigc.scene import SceneRequest
from aigc.scene.colours import Theme, oklch, theme
from aigc.styles import Style

Field = NDArray[np.floating[Any]]  # (h, w) or (h, w, 3), linear light, float32 where it is large
SMOOTH_AREA = 130_000  # px; light has no detail finer than this grid shows
CRISP_AREA = 520_000  # px; for shapes with an edge, still softer than the product's


@dataclass(frozen=True)
class Grid:
    """A coarse grid over the picture: coordinates in the picture's own pixels."""

    x: Field
    y: Field
    scale: float  # grid cells a pixel
    size: tuple[int, int]  # of the picture

    def blur(self, field: Field, sigma: float) -> Field:
        """Blur by `sigma` picture pixels; the border repeats, so light does not fade there."""
        return soften(field, sigma * self.scale)

    def grow(self, field: Field) -> Field:
        """Bring a field to the picture's size."""
        if (field.shape[1], field.shape[0]) == self.size:
            return field
        grown: Field = cv2.resize(field, self.size, interpolation=cv2.INTER_CUBIC)
        return grown


@dataclass(frozen=True)
class Shot:
    """Where product, floor, light and text stand on one picture, in pixels."""

    width: int
    height: int
    box: tuple[int, int, int, int]  # left, top, right, bottom of the product
    floor: float | None  # y of the product's base; None: no floor, it lies or hangs
    side: int  # the key light comes from the left (-1) or the right (1)
    quiet: tuple[tuple[int, int, int, int], ...]
    dark: bool
    depth: float  # 0 for a bright or vivid set, 1 for one that is nearly black but for its lamps
    gloss: float
    warmth: float  # light of candles 1, of day 0, of the moon -1
    colours: Theme
    palette: tuple[str, ...]  # the style's own hues, vivid, for painted shapes
    rng: np.random.Generator

    @property
    def centre(self) -> float:
        """The product's middle, x."""
        return (self.box[0] + self.box[2]) / 2

    @property
    def middle(self) -> float:
        """The product's middle, y."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def product(self) -> tuple[int, int]:
        """Width and height of the product."""
        return self.box[2] - self.box[0], self.box[3] - self.box[1]

    @property
    def unit(self) -> float:
        """The product's size, between its width and height: what shadows and props scale by."""
        return float(np.sqrt(self.product[0] * self.product[1]))

    def clear(self, reach: float, margin: float = 0.0) -> tuple[float, float, float, float]:
        """How far a shape may reach left, up, right, down from the product's middle, in pixels.

        Each way at most `reach`, and never into text that stands beside or above the product.
        """
        left = up = right = down = reach
        for x0, y0, x1, y1 in self.quiet:
            if y1 <= self.box[1] + 0.1 * self.product[1]:
                up = min(up, self.middle - y1 - margin)
            elif y0 >= self.box[3] - 0.1 * self.product[1]:
                down = min(down, y0 - self.middle - margin)
            elif x1 <= self.box[0] + 0.1 * self.product[0]:
                left = min(left, self.centre - x1 - margin)
            elif x0 >= self.box[2] - 0.1 * self.product[0]:
                right = min(right, x0 - self.centre - margin)
        return left, up, right, down

    @property
    def horizon(self) -> float:
        """Where floor turns to wall: behind the product, somewhat above its base."""
        if self.floor is None:
            return float(self.height)
        return self.floor - 0.16 * min(self.product[1], 1.3 * self.unit)

    def grid(self, area: int = SMOOTH_AREA) -> Grid:
        """A grid of about `area` cells, never finer than the picture."""
        scale = min(1.0, float(np.sqrt(area / (self.width * self.height))))
        columns = max(2, round(self.width * scale))
        rows = max(2, round(self.height * scale))
        x = (np.arange(columns, dtype=np.float32) + 0.5) * (self.width / columns)
        y = (np.arange(rows, dtype=np.float32) + 0.5) * (self.height / rows)
        across, down = np.meshgrid(x, y)
        return Grid(across, down, scale, (self.width, self.height))

    def busy(self, grid: Grid, least: float = 0.0) -> Field:
        """How much pattern is welcome, 1 down to `least` where text will stand."""
        field = np.ones_like(grid.x)
        margin = 0.05 * float(np.sqrt(self.width * self.height))
        for left, top, right, bottom in self.quiet:
            inside = (grid.x > left - margin) & (grid.x < right + margin)
            field[inside & (grid.y > top - margin) & (grid.y < bottom + margin)] = 0
        soft = grid.blur(field, 0.8 * margin)
        return (least + (1 - least) * soft).astype(np.float32)


def shot(request: SceneRequest, side: int, rng: np.random.Generator) -> Shot:
    """Read a request as a photographer reads a call sheet."""
    width, height = request.size
    slots = request.slots
    standing = slots.floor is not None and not cut_off(request.caption)
    colours = theme(request.style, request.caption, request.brief.brand.colours)
    luminance = float(linear(colours.wall) @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return Shot(
        width=width,
        height=height,
        box=pixel_box(slots.product, request.size),
        floor=slots.floor * height if standing and slots.floor is not None else None,
        side=side,
        quiet=tuple(pixel_box(box, request.size) for box in slots.quiet),
        dark=request.style.mode == "dark",
        depth=float(np.clip((0.12 - luminance) / 0.1, 0, 1)) if luminance < 0.12 else 0.0,
        gloss=request.style.gloss,
        warmth=request.style.warmth,
        colours=colours,
        palette=_vivid(request.style),
        rng=rng,
    )


def _vivid(style: Style) -> tuple[str, ...]:
    """The accent's hue, then the style's own: as light and vivid as each can be painted."""
    hues = dict.fromkeys((style.accent_hue, *style.hues))
    tones = ((hue, 0.8 if 60 < hue < 115 else 0.66) for hue in hues)
    return tuple(oklch(lightness, style.accent_chroma, hue) for hue, lightness in tones)


def cut_off(caption: Caption) -> bool:
    """Whether the photo's lower edge cuts the product, so that it has no base to stand on.

    A packshot may touch the edge too, but its base is rounded or in perspective: its last row is
    narrower than those above.
    """
    solid = (caption.cutout[..., 3] > 127).sum(axis=1)
    above = solid[-max(2, len(solid) // 25)]
    return bool(caption.subject[3] > 0.995 and solid[-1] > 0.85 * above > 0)


def linear(colour: str) -> Field:
    """#rrggbb as linear RGB, (3,)."""
    return np.array(Color(colour).convert("srgb-linear").coords(), dtype=np.float32)


def pool(grid: Grid, centre: Sequence[float], radius: Sequence[float], edge: float = 2.0) -> Field:
    """A pool of light, 1 in its middle; `edge` 2 is a soft box, 4 and more a focused lamp."""
    across = (grid.x - centre[0]) / radius[0]
    down = (grid.y - centre[1]) / radius[1]
    distance = np.sqrt(across * across + down * down)
    lit: Field = np.exp(-(distance**edge)).astype(np.float32)
    return lit


def step(field: Field, at: float, width: float) -> Field:
    """A smooth step from 0 to 1 around `at`, as a seamless sweep bends from wall to floor."""
    bent: Field = (0.5 + 0.5 * np.tanh((field - at) / max(width, 1e-3))).astype(np.float32)
    return bent


def lay(under: Field, over: Field, cover: Field) -> Field:
    """Lay a colour (3,) or a picture over another where `cover` (h, w) is 1."""
    mixed: Field = under + (over - under) * cover[..., None]
    return mixed


def stamp(light: Field, over: Field, cover: Field) -> None:
    """Lay a colour (3,) or a picture over another, in place, touching only where it covers."""
    part = _extent(cover)
    below = light[part]
    below += ((over if over.ndim == 1 else over[part]) - below) * cover[part][..., None]


def dim(light: Field, shade: Field) -> None:
    """Take light away, in place, where `shade` (h, w) is above 0."""
    part = _extent(shade > 0.002)
    light[part] *= 1 - shade[part][..., None]


def _extent(mask: NDArray[Any]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def soften(field: Field, sigma_x: float, sigma_y: float | None = None) -> Field:
    """Gaussian blur, on a coarser grid where it is wide; the border repeats."""
    sigma_x, sigma_y = max(sigma_x, 0.3), max(sigma_x if sigma_y is None else sigma_y, 0.3)
    height, width = field.shape[:2]
    less_x, less_y = max(1.0, sigma_x / 3), max(1.0, sigma_y / 3)
    small = max(2, round(width / less_x)), max(2, round(height / less_y))
    if small == (width, height):
        less_x = less_y = 1.0
    else:
        field = cv2.resize(field, small, interpolation=cv2.INTER_AREA)
    blurred: Field = cv2.GaussianBlur(
        field, (0, 0), sigma_x / less_x, sigmaY=sigma_y / less_y, borderType=cv2.BORDER_REPLICATE
    )
    if small == (width, height):
        return blurred
    grown: Field = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_CUBIC)
    return grown


def shoulder(light: Field) -> Field:
    """Bend what is brighter than paper white, as film does, instead of clipping it."""
    knee = np.float32(0.86)
    over = np.maximum(light - knee, 0)
    bent: Field = np.minimum(light, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    return bent


def develop(light: Field, grain: float, rng: np.random.Generator) -> Pixels:
    """Turn linear light to sRGB bytes with film grain of `grain` levels, so nothing bands."""
    light = np.clip(light, 0, 1)
    srgb = cv2.pow(light, 1 / 2.4)
    srgb *= 1.055 * 255
    srgb -= 0.055 * 255
    dim = light < 0.0031308
    if dim.any():
        srgb[dim] = light[dim] * np.float32(12.92 * 255)
    noise = rng.standard_normal(light.shape[:2], dtype=np.float32) * np.float32(grain)
    srgb += noise[..., None]
    pixels: Pixels = np.clip(np.rint(srgb), 0, 255).astype(np.uint8)
    return pixels
