"""Small solid things, drawn: outlines are rounded into a relief and lit from the key's side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.scene.light import Field, linear, soften
from aigc.scene.shapes import FIXED, Points
from aigc.scene.sprites import Sprite

GOLD = np.array([0.76, 0.46, 0.12], np.float32)  # linear RGB


class Mask(NamedTuple):
    """A part of a canvas, and the cover on it, 0..1."""

    part: tuple[slice, slice]
    cover: Field


class Canvas:
    """Where a thing is put together; lengths are fractions of its height, y runs down."""

    def __init__(self, height: int, aspect: float, side: int) -> None:
        """Take a height in pixels, the width as a share of it, and the key light's side."""
        shape = height, max(2, round(height * aspect))
        self.height, self.side = height, side
        self.light = np.zeros((*shape, 3), np.float32)
        self.cover = np.zeros(shape, np.float32)

    def mask(self, *outlines: Points) -> Mask:
        """The union of filled outlines."""
        part, moved = self._local(outlines, 1)
        cover = np.zeros([each.stop - each.start for each in part], np.uint8)
        for points in moved:
            cv2.fillPoly(cover, [points], 255, cv2.LINE_AA, FIXED)
        return Mask(part, cover.astype(np.float32) / 255)

    def stroke(self, points: Points, width: float, *, closed: bool = False) -> Mask:
        """A line along points."""
        return self.strokes([points], width, closed=closed)

    def strokes(self, lines: Sequence[Points], width: float, *, closed: bool = False) -> Mask:
        """Many lines at once."""
        thick = max(1, round(width * self.height))
        part, moved = self._local(lines, thick)
        cover = np.zeros([each.stop - each.start for each in part], np.uint8)
        cv2.polylines(cover, moved, closed, 255, thick, cv2.LINE_AA, FIXED)
        return Mask(part, cover.astype(np.float32) / 255)

    def _local(
        self, outlines: Sequence[Points], pad: int
    ) -> tuple[tuple[slice, slice], list[NDArray[np.int32]]]:
        """The part of the canvas that outlines need, and the outlines there, in fixed point."""
        every = np.vstack(outlines) * self.height
        rows, columns = self.cover.shape
        left, top = np.clip(np.floor(every.min(axis=0)) - pad, 0, (columns - 1, rows - 1))
        right, bottom = np.ceil(every.max(axis=0)) + pad + 1
        part = (
            slice(int(top), int(np.clip(bottom, top + 1, rows))),
            slice(int(left), int(np.clip(right, left + 1, columns))),
        )
        corner = np.array([left, top])
        fixed = [
            np.round((points * self.height - corner) * 2**FIXED).astype(np.int32)
            for points in outlines
        ]
        return part, fixed

    def both(self, one: Mask, other: Mask) -> Mask:
        """Where both are."""
        whole = np.zeros_like(self.cover)
        whole[other.part] = other.cover
        return Mask(one.part, one.cover * whole[one.part])

    def without(self, one: Mask, other: Mask) -> Mask:
        """Where one is and the other is not."""
        whole = np.zeros_like(self.cover)
        whole[other.part] = other.cover
        return Mask(one.part, one.cover * (1 - whole[one.part]))

    def inside(self, mask: Mask) -> Mask:
        """Where a mask is on what is there already."""
        return Mask(mask.part, mask.cover * self.cover[mask.part])

    def solid(self, mask: Mask, colour: Field, *, bulge: float = 1.0, gloss: float = 0.3) -> None:
        """Lay a rounded body over what is there; `bulge` 1 rounds it whole, less only its edge."""
        lit, gleam = _relief(mask.cover, bulge, self.side)
        # shade keeps its colour: what light is lost is lost least where the body is most coloured
        tone = colour * lit[..., None] ** (1.25 - 0.5 * colour / max(float(colour.max()), 1e-3))
        self._lay(np.minimum(tone + gloss * gleam[..., None], 1), mask)

    def flat(self, mask: Mask, colour: Field, share: float = 1.0) -> None:
        """Lay paint over what is there."""
        self._lay(colour, Mask(mask.part, mask.cover * np.float32(share)))

    def paint(self, mask: Mask, colour: Field, share: float = 1.0) -> None:
        """Tint what is there, and nothing beside it."""
        below = self.light[mask.part]
        below += (colour - below) * (mask.cover * np.float32(share))[..., None]

    def _lay(self, light: Field, mask: Mask) -> None:
        below = self.cover[mask.part]
        total = mask.cover + below * (1 - mask.cover)
        share = np.divide(mask.cover, total, out=np.zeros_like(total), where=total > 1e-4)
        self.light[mask.part] += (light - self.light[mask.part]) * share[..., None]
        self.cover[mask.part] = total

    def shine(self, x: float, y: float, radius: float, colour: Field, power: float) -> None:
        """Light from within, in place."""
        rows, columns = np.indices(self.cover.shape, dtype=np.float32) / self.height
        away = np.hypot(columns - x, rows - y) / radius
        self.light += (power * np.exp(-(away**2)))[..., None].astype(np.float32) * colour
        np.minimum(self.light, 1, out=self.light)

    def sprite(self, glow: float = 0.0) -> Sprite:
        """What was put together."""
        return Sprite(np.clip(self.light, 0, 1), self.cover, glow)


def _relief(mask: Field, bulge: float, side: int) -> tuple[Field, Field]:
    """Light and gleam on a body whose height is rounded up from its outline."""
    solid = (mask > 0.5).astype(np.uint8)
    inner = cv2.distanceTransform(np.pad(solid, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    radius = max(1.0, bulge * float(inner.max()))
    level = np.clip(inner / radius, 0, 1)
    height = soften(radius * np.sqrt(np.clip(1 - (1 - level) ** 2, 0, 1)), 0.09 * radius + 0.4)
    slope_y, slope_x = np.gradient(height)
    length: Field = np.sqrt(slope_x**2 + slope_y**2 + 1)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(length)], -1) / length[..., None]
    key = np.array([0.5 * side, -0.62, 0.6], np.float32)
    half = np.array([0.3 * side, -0.4, 0.87], np.float32)
    back = np.array([-0.75 * side, 0.5, 0.25], np.float32)
    facing = np.clip(normal @ (key / np.linalg.norm(key)), 0, 1)
    bounce = np.clip(normal @ (back / np.linalg.norm(back)), 0, 1) ** 2
    lit: Field = (0.3 + 0.82 * facing + 0.16 * bounce).astype(np.float32)
    gleam: Field = (np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** 42).astype(np.float32)
    return lit, gleam


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """An ellipse's outline, turned by radians."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    across, down = rx * np.cos(angle), ry * np.sin(angle)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.stack([x + across * cos - down * sin, y + across * sin + down * cos], 1)


def block(left: float, top: float, right: float, bottom: float, corner: float = 0.0) -> Points:
    """A box's outline, with rounded corners."""
    corner = max(min(corner, (right - left) / 2, (bottom - top) / 2), 1e-4)
    quarter = np.linspace(0, np.pi / 2, 8)
    arc = np.stack([np.cos(quarter), np.sin(quarter)], 1) * corner
    corners = (
        arc + np.array([right - corner, bottom - corner]),
        (arc * [-1, 1])[::-1] + np.array([left + corner, bottom - corner]),
        arc * [-1, -1] + np.array([left + corner, top + corner]),
        (arc * [1, -1])[::-1] + np.array([right - corner, top + corner]),
    )
    return np.vstack(corners)


def blade(start: Points, end: Points, wide: float, fullest: float = 0.45) -> Points:
    """A leaf's or petal's outline from its foot to its tip."""
    along = np.linspace(0, 1, 14)
    power = np.log(0.5) / np.log(fullest)
    across = wide * np.sin(np.pi * along**power)
    way = np.asarray(end) - np.asarray(start)
    normal = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-6)
    spine = np.asarray(start) + np.outer(along, way)
    return np.vstack([spine + np.outer(across, normal), (spine - np.outer(across, normal))[::-1]])


def around(x: float, y: float, points: Points, turn: float) -> Points:
    """Turn points about the origin by radians, then move them to (x, y)."""
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]) + [x, y])


def mixed(colour: Field, other: Field | str, share: float) -> Field:
    """A colour some way to another."""
    target = linear(other) if isinstance(other, str) else other
    return np.asarray(colour + (target - colour) * share, np.float32)
