"""Where on a picture an ornament may stand: off the product, off the text, off the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.scene.light import Field, Shot

CELLS = 144  # of the longer side
Edges = tuple[float, float, float, float]
Grain = NDArray[np.uint8]


class Spots(NamedTuple):
    """Every place of a coarse raster where a thing would touch nothing: its upper left, in px."""

    x: Field  # (columns,)
    y: Field  # (rows,)
    open: NDArray[np.bool_]  # (rows, columns)


class Room:
    """A coarse map of what is taken; lengths are in the picture's pixels."""

    def __init__(self, shot: Shot, product: Field, blocks: Iterable[Edges] = ()) -> None:
        """Start with the product's cover (h, w) in its box, the text, and what stands there."""
        self.cell = max(shot.width, shot.height) / CELLS
        self.picture = shot.width, shot.height
        shape = int(np.ceil(shot.height / self.cell)), int(np.ceil(shot.width / self.cell))
        self.taken = np.zeros(shape, np.uint8)
        self._mark(self._coarse(product), shot.box[0], shot.box[1])
        margin = 0.016 * min(shot.width, shot.height) + self.cell
        around = int(np.ceil(margin / self.cell))
        self.taken = _spread(self.taken, around + 1)
        for left, top, right, bottom in (*shot.quiet, *blocks):
            rows = slice(self._at(top - margin), self._at(bottom + margin) + 1)
            self.taken[rows, self._at(left - margin) : self._at(right + margin) + 1] = 1
        # Shade and glow must be gone where text and product begin, a margin inside the map.
        away = cv2.distanceTransform(1 - self.taken, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        ramp = np.clip(away / 7, 0, 1)
        self._free = ramp * ramp * (3 - 2 * ramp)

    def _at(self, pixels: float) -> int:
        return max(0, int(np.floor(pixels / self.cell)))

    def _coarse(self, cover: Field, scale: float = 1.0) -> Grain:
        """The cells that a cover, `scale` times as large, touches, wherever in a cell it starts."""
        height, width = cover.shape
        cell = self.cell / scale
        size = int(np.ceil(width / cell)) + 1, int(np.ceil(height / cell)) + 1
        move = np.array([[1 / cell, 0, 0], [0, 1 / cell, 0]], np.float32)
        step = max(1, int(cell))
        solid = cv2.blur((cover > 0.04).astype(np.float32), (step + 1, step + 1))
        small = cv2.warpAffine(solid, move, size, flags=cv2.INTER_LINEAR)
        return _spread((small > 0.01).astype(np.uint8), 1)

    def _mark(self, coarse: Grain, x: float, y: float, gap: int = 0) -> None:
        left, top = int(np.floor(x / self.cell)), int(np.floor(y / self.cell))
        part, place = self._within(coarse, left, top)
        fresh = np.zeros_like(self.taken)
        fresh[place] = part
        self.taken |= _spread(fresh, gap) if gap else fresh

    def _within(self, coarse: Grain, left: int, top: int) -> tuple[Grain, tuple[slice, slice]]:
        rows, columns = self.taken.shape
        high, wide = coarse.shape
        x0, y0, x1, y1 = (
            max(0, -left),
            max(0, -top),
            min(wide, columns - left),
            min(high, rows - top),
        )
        if x1 <= x0 or y1 <= y0:
            return coarse[:0, :0], (slice(0, 0), slice(0, 0))
        return coarse[y0:y1, x0:x1], (slice(top + y0, top + y1), slice(left + x0, left + x1))

    def fits(self, cover: Field, scale: float, x: float, y: float, seen: float) -> bool:
        """Whether a cover, enlarged by `scale`, may stand at (x, y) with `seen` of it in sight."""
        coarse = self._coarse(cover, scale)
        part, place = self._within(
            coarse, int(np.floor(x / self.cell)), int(np.floor(y / self.cell))
        )
        if not part.size or (self.taken[place] & part).any():
            return False
        return float(part.sum()) >= seen * float(coarse.sum())

    def clear(self, x: float, y: float, wide: float, tall: float) -> bool:
        """Whether nothing is taken in a box, which may reach over the picture's edge."""
        rows = slice(self._at(y), max(0, self._at(y + tall) + 1))
        return not self.taken[rows, self._at(x) : max(0, self._at(x + wide) + 1)].any()

    def take(self, cover: Field, x: float, y: float, gap: float = 0.0) -> None:
        """Mark a cover's place as taken, and `gap` pixels around it."""
        self._mark(self._coarse(cover), x, y, int(gap / self.cell))

    def spots(self, cover: Field) -> Spots:
        """Find everywhere that a cover may stand whole, clear of the picture's edges."""
        coarse = self._coarse(cover)
        high, wide = coarse.shape
        rows, columns = self.taken.shape
        if high >= rows or wide >= columns:
            return Spots(np.zeros(0), np.zeros(0), np.zeros((0, 0), bool))
        touched = cv2.filter2D(
            self.taken.astype(np.float32), -1, coarse.astype(np.float32), anchor=(0, 0),
            borderType=cv2.BORDER_CONSTANT,
        )  # fmt: skip
        x, y = np.arange(columns - wide + 1) * self.cell, np.arange(rows - high + 1) * self.cell
        edge = 0.012 * min(self.picture)
        inside = (x >= edge) & (x + cover.shape[1] <= self.picture[0] - edge)
        open_ = (touched[: len(y), : len(x)] < 0.5) & inside
        return Spots(x, y, open_ & (y + cover.shape[0] <= self.picture[1] - edge)[:, None])

    def threads(self, spots: Spots, across: float) -> NDArray[np.bool_]:
        """At which spots a thread down from the upper edge, `across` px from x, crosses nothing."""
        columns = np.clip(((spots.x + across) / self.cell).astype(int), 0, self.taken.shape[1] - 1)
        above = np.cumsum(self.taken, axis=0)
        rows = np.clip((spots.y / self.cell).astype(int), 0, self.taken.shape[0] - 1)
        return np.asarray(above[np.ix_(rows, columns)] == 0)

    def free(self, left: int, top: int, right: int, bottom: int) -> Field:
        """How far shade and glow may fall on each pixel of a part of the picture, 1 to 0."""
        x = ((np.arange(left, right) + 0.5) / self.cell - 0.5).astype(np.float32)
        y = ((np.arange(top, bottom) + 0.5) / self.cell - 0.5).astype(np.float32)
        across, down = np.meshgrid(x, y)
        found: Field = cv2.remap(
            self._free, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return found


def _spread(cells: Grain, by: int) -> Grain:
    grown: Grain = cv2.dilate(cells, np.ones((2 * by + 1, 2 * by + 1), np.uint8))
    return grown
