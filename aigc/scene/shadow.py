"""The product's shadow and reflection, from the outline of its cut-out.

A standing product gets a dark seam where it touches the floor, ambient shade under what
overhangs, and a cast shadow that softens with height (area lights: soft shadows as sums of
blurred slices). A product without a floor gets a drop shadow on the surface behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import scipy.ndimage

from aigc.campaign import Pixels
from aigc.scene.light import Field, Shot, soften

LEAN = 0.5  # px a cast shadow moves sideways for each px of height
DEPTH = 0.15  # px it moves up the picture, back over the floor, for each px of height
WORKING_SIDE = 420  # px; outlines finer than this vanish in the blur
SLICES = ((0.0, 0.12), (0.12, 0.3), (0.3, 0.6), (0.6, 1.0))  # of the product's height


@dataclass(frozen=True)
class Outline:
    """The product as it stands on the picture: alpha and where it meets the floor."""

    shot: Shot
    cutout: Pixels  # (h, w, 4) as captioned

    @cached_property
    def pixels(self) -> Pixels:
        """The cut-out at the size that it will be pasted."""
        width, height = self.shot.product
        shrinks = width < self.cutout.shape[1]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        sized: Pixels = cv2.resize(self.cutout, (width, height), interpolation=way)
        return sized

    @cached_property
    def bottom(self) -> Field:
        """The lowest opaque row of each column, -1 where the column is empty."""
        solid = self.pixels[..., 3] > 127
        rows = solid.shape[0] - 1 - np.argmax(solid[::-1], axis=0)
        return np.where(solid.any(axis=0), rows, -1).astype(np.float32)

    @cached_property
    def touch(self) -> Field:
        """How surely each column touches the floor, 0 to 1: low, and not too steep."""
        width, height = self.shot.product
        reach = 0.13 * min(height, 1.5 * self.shot.unit)
        lift = self.bottom.max(initial=0) - self.bottom
        near = np.exp(-((lift / max(reach, 1.0)) ** 2))
        smooth = _along(self.bottom, 0.012 * width)
        slope = np.abs(np.gradient(smooth)) if width > 2 else np.zeros(width)
        firm = near / (1 + (slope / 0.75) ** 4) * (self.bottom >= 0)
        spread: Field = _along(firm, 0.01 * width) * near
        return spread

    @cached_property
    def ground(self) -> Field:
        """Where the floor is under each column: the touching columns' rows, carried on."""
        width = self.shot.product[0]
        weight = self.touch**2 + 1e-9
        rows = np.where(self.bottom >= 0, self.bottom, 0)
        found = np.full(width, self.bottom.max(initial=0), np.float32)
        for spread in (0.3, 0.1, 0.03):
            total = _along(weight, spread * width)
            local = _along(weight * rows, spread * width) / np.maximum(total, 1e-9)
            sure = total / (total + 0.04)
            found = (found * (1 - sure) + local * sure).astype(np.float32)
        return found


def _along(line: Field, sigma: float) -> Field:
    smooth: Field = scipy.ndimage.gaussian_filter1d(
        line.astype(np.float32), max(sigma, 0.01), mode="nearest"
    )
    return smooth


def contact(outline: Outline) -> Field:
    """The dark seam under the product and the shade around it, (H, W), 0 none to 1 black."""
    shot = outline.shot
    left, top, right, _ = shot.box
    width, unit = right - left, shot.unit
    reach = int(0.4 * unit) + 4
    x0, x1 = max(0, left - reach), min(shot.width, right + reach)
    lowest = top + float(outline.bottom.max(initial=0))
    y0, y1 = max(0, int(lowest - 0.7 * unit)), min(shot.height, int(lowest + 0.35 * unit) + 4)
    shade = np.zeros((shot.height, shot.width), np.float32)
    if x1 <= x0 or y1 <= y0:
        return shade
    columns = np.clip(np.arange(x0, x1) - left, 0, width - 1)
    inside = ((np.arange(x0, x1) >= left) & (np.arange(x0, x1) < right)).astype(np.float32)
    touch = outline.touch[columns] * inside
    under = (np.arange(y0, y1, dtype=np.float32) + 0.5 - top)[:, None]
    seam_below = np.maximum(under - outline.bottom[columns] - 1, 0)
    floor_off = under - outline.ground[columns]
    hidden = under < outline.bottom[columns] - 0.05 * unit  # behind the product, or above it
    seam = np.exp(-seam_below / (0.006 * unit + 0.8)) * touch
    near = np.exp(-((seam_below / (0.03 * unit + 1)) ** 2)) * touch
    overhang = np.maximum(outline.ground - outline.bottom, 0)[columns]
    shelter = inside * np.exp(-overhang / (0.25 * unit))
    around = np.exp(-((floor_off / (0.055 * unit + 1)) ** 2)) * shelter
    for part in (seam, near):
        part[hidden] = 0
    total = 1 - (
        (1 - 0.72 * soften(seam, 0.004 * unit + 0.4))
        * (1 - 0.5 * soften(near, 0.018 * unit + 0.5))
        * (1 - 0.55 * soften(around, 0.07 * unit, 0.022 * unit))
    )
    shade[y0:y1, x0:x1] = total
    return shade


def cast(outline: Outline) -> Field:
    """The shadow that the key light throws over the floor, away from it, (H, W)."""
    shot = outline.shot
    alpha = outline.pixels[..., 3].astype(np.float32) / 255
    scale = min(1.0, WORKING_SIDE / max(shot.width, shot.height))
    small = cv2.resize(
        alpha,
        (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale))),
        interpolation=cv2.INTER_AREA,
    )
    rows, columns = np.nonzero(small > 0.02)
    weight = small[rows, columns] * DEPTH
    ground = outline.ground[np.minimum((columns / scale).astype(int), alpha.shape[1] - 1)]
    height = np.maximum(ground - rows / scale, 0)
    x = shot.box[0] + columns / scale - shot.side * LEAN * height
    y = shot.box[1] + ground - DEPTH * height
    tall = max(float(height.max(initial=1.0)), 1.0)
    grid_w, grid_h = max(2, round(shot.width * scale)), max(2, round(shot.height * scale))
    column, row = np.floor(x * scale).astype(int), np.floor(y * scale).astype(int)
    total = np.zeros((grid_h, grid_w), np.float32)
    pad = int(0.25 * max(grid_w, grid_h))  # what falls outside still darkens the edge by its blur
    for low, high in SLICES:
        chosen = (height >= low * tall) & (height <= high * tall)
        chosen &= (column >= -pad) & (column < grid_w + pad) & (row >= -pad) & (row < grid_h + pad)
        index = (row[chosen] + pad) * (grid_w + 2 * pad) + column[chosen] + pad
        counted = np.bincount(
            index, weight[chosen], minlength=(grid_w + 2 * pad) * (grid_h + 2 * pad)
        )
        sheet = counted.reshape(grid_h + 2 * pad, grid_w + 2 * pad).astype(np.float32)
        sigma = (0.015 + 0.1 * (low + high) / 2) * shot.unit * scale
        sheet = soften(sheet, sigma, 0.45 * sigma)
        total += sheet[pad : pad + grid_h, pad : pad + grid_w] * (1 - 0.6 * (low + high) / 2)
    total = soften(np.minimum(total, 1), 0.01 * shot.unit * scale + 0.5)
    grown: Field = cv2.resize(total, (shot.width, shot.height), interpolation=cv2.INTER_CUBIC)
    return np.clip(grown, 0, 1)


def drop(outline: Outline) -> Field:
    """The soft shadow of something that lies on, or hangs before, the surface behind it."""
    shot = outline.shot
    alpha = np.zeros((shot.height, shot.width), np.float32)
    left, top, right, bottom = shot.box
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, shot.width), min(bottom, shot.height)
    alpha[y0:y1, x0:x1] = (
        outline.pixels[y0 - top : y1 - top, x0 - left : x1 - left, 3].astype(np.float32) / 255
    )
    scale = min(1.0, 2 * WORKING_SIDE / max(shot.width, shot.height))
    size = max(2, round(shot.width * scale)), max(2, round(shot.height * scale))
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    lit = np.ones_like(small)
    for away, sigma, strength in ((0.006, 0.006, 0.3), (0.03, 0.025, 0.32), (0.07, 0.07, 0.26)):
        move = np.array(
            [[1, 0, -shot.side * away * 0.7 * shot.unit * scale], [0, 1, away * shot.unit * scale]],
            np.float32,
        )
        moved = cv2.warpAffine(small, move, size)
        lit *= 1 - strength * soften(moved, sigma * shot.unit * scale + 0.3)
    grown: Field = cv2.resize(1 - lit, (shot.width, shot.height), interpolation=cv2.INTER_CUBIC)
    return np.clip(grown, 0, 1)


def reflection(outline: Outline, light: Field, gloss: float) -> Field:
    """Mirror the product in a glossy floor: strongest where it touches, gone a third below."""
    shot = outline.shot
    left, top, right, _ = shot.box
    x0, x1 = max(0, left), min(shot.width, right)
    lowest = top + int(outline.bottom.max(initial=0))
    y0, y1 = max(0, int(lowest - 0.3 * shot.unit)), min(shot.height, int(lowest + 0.5 * shot.unit))
    if x1 <= x0 or y1 <= y0 or gloss <= 0:
        return light
    columns = np.arange(x0, x1) - left
    mirror = outline.ground[columns]
    below = np.arange(y0, y1, dtype=np.float32)[:, None] - top - mirror
    source_y = (mirror - below).astype(np.float32)
    source_x = np.broadcast_to(columns.astype(np.float32), source_y.shape)
    seen = cv2.remap(
        outline.pixels,
        np.ascontiguousarray(source_x),
        np.ascontiguousarray(source_y),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    ).astype(np.float32)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.004 * shot.unit + 0.3, sigmaY=0.009 * shot.unit + 0.5)
    depth = np.maximum(below, 0) / shot.unit
    fade = np.exp(-depth / 0.16) * np.clip(1 - depth / 0.45, 0, 1) * (below > -1)
    grid = shot.grid()
    calm = grid.grow(shot.busy(grid))[y0:y1, x0:x1].clip(0, 1)  # no mirror image under text
    cover = (seen[..., 3] / 255 * fade * gloss * calm).astype(np.float32)
    colour = (seen[..., :3] / 255) ** 2.2
    out = light.copy()
    part = out[y0:y1, x0:x1]
    out[y0:y1, x0:x1] = part + (colour - part) * cover[..., None]
    return out
