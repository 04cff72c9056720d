"""Draws the examples' product photos: a small renderer in NumPy, by sphere tracing.

    python examples/render.py [teapot lamp speaker] [--size 1200] [--samples 2]

A shape is a signed distance function: points (N, 3) → distances (N,), negative inside. One unit
is a decimetre, y points up, and the table is the plane y = 0. Colours are linear sRGB.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from film import busy, develop
from numpy.typing import NDArray
from PIL import Image
from products import PRODUCTS
from scipy.ndimage import map_coordinates
from shapes import Array
from studio import Light, Product

HERE = Path(__file__).parent
CELLS = 240  # of the grid that holds the distances, along its longest side
CHUNK = 1 << 17  # rays at a time: small enough for the processor's cache
FAR = 60.0


def unit(v: Array) -> Array:
    """Scale vectors (…, 3) to length 1."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


@dataclass
class Grid:
    """Distances at the cells of a box, which make every step of a ray equally cheap."""

    low: Array
    cell: float
    values: NDArray[np.float32]

    @classmethod
    def of(cls, product: Product) -> Grid:
        """Sample the product's distance function over its bounds."""
        low, high = (np.asarray(corner, np.float32) for corner in product.bounds)
        cell = float((high - low).max()) / CELLS
        axes = [np.arange(low[i], high[i] + cell, cell, dtype=np.float32) for i in range(3)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
        slabs = [product.distance(slab.reshape(-1, 3)).reshape(slab.shape[:2]) for slab in points]
        return cls(low, cell, np.stack(slabs).astype(np.float32))

    def at(self, points: Array) -> Array:
        """Distances at points; beyond the box, at its nearest cell."""
        where = ((points - self.low) / self.cell).T
        return map_coordinates(self.values, where, order=1, mode="nearest", prefilter=False)

    def crossing(self, origin: Array, way: Array) -> tuple[Array, Array]:
        """Where each ray enters and leaves the box: (N,), (N,); it misses where leave < enter."""
        high = self.low + self.cell * (np.array(self.values.shape, np.float32) - 1)
        safe = np.where(np.abs(way) < 1e-8, 1e-8, way)
        a, b = (self.low - origin) / safe, (high - origin) / safe
        return np.minimum(a, b).max(-1).clip(0), np.maximum(a, b).min(-1)

    def trace(self, origin: Array, way: Array, steps: int = 110) -> Array:
        """Distance along each ray to the surface; FAR where it misses."""
        t, leave = self.crossing(origin, way)
        found = np.full(len(t), FAR, np.float32)
        alive = np.flatnonzero(t < leave)
        for _ in range(steps):
            d = self.at(origin[alive] + way[alive] * t[alive, None])
            hit = d < 0.0008
            found[alive[hit]] = t[alive[hit]]
            t[alive] += np.maximum(d * 0.9, 0.0008)
            alive = alive[~hit & (t[alive] < leave[alive])]
            if not len(alive):
                break
        return found

    def shade(self, origin: Array, way: Array, softness: float) -> Array:
        """How much of a light of this angular radius is seen: 0 in shadow, 1 in the open."""
        t, leave = self.crossing(origin, way)
        open_, alive = np.ones(len(t), np.float32), np.flatnonzero(t < leave)
        t = np.maximum(t, 0.02)
        for _ in range(70):
            d = self.at(origin[alive] + way[alive] * t[alive, None])
            open_[alive] = np.minimum(open_[alive], 0.5 + 0.5 * d / (softness * t[alive]))
            t[alive] += np.clip(np.abs(d) * 0.7, 0.008, 0.12)
            alive = alive[(open_[alive] > 0) & (t[alive] < leave[alive])]
            if not len(alive):
                break
        smooth = open_.clip(0, 1)
        return smooth * smooth * (3 - 2 * smooth)

    def openness(self, points: Array, normals: Array) -> Array:
        """Ambient occlusion: 1 in the open, less in creases and where object meets table."""
        dark = np.zeros(len(points), np.float32)
        for height, weight in ((0.03, 0.9), (0.08, 0.7), (0.18, 0.55), (0.4, 0.4)):
            probe = points + normals * height
            inside = ((probe - self.low) / self.cell).clip(0, np.array(self.values.shape) - 1)
            beyond = np.linalg.norm((probe - self.low) / self.cell - inside, axis=-1) * self.cell
            d = np.minimum(self.at(probe) + beyond, probe[:, 1].clip(0))
            dark += weight * (height - d).clip(0) / height
        return np.exp(-0.55 * dark)


def normals(distance: Callable[[Array], Array], points: Array, step: float = 0.004) -> Array:
    """Surface normals by differences on the four corners of a tetrahedron."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    return unit(sum(corner * distance(points + corner * step)[:, None] for corner in corners))


def studio(way: Array, lights: tuple[Light, ...], rough: Array | float, sky: Array) -> Array:
    """What a reflection sees away from everything: soft boxes over a graded room."""
    height = way[:, 1:2] * 0.5 + 0.5
    seen = sky * (0.25 + 0.75 * height**1.5)
    for light in lights:
        along, across, up = (way @ axis for axis in light.frame())
        ahead = along.clip(1e-3)
        soft = 0.03 + 0.9 * np.asarray(rough)
        edge = np.maximum(np.abs(across / ahead) / light.width, np.abs(up / ahead) / light.height)
        glow = 1 / (1 + np.exp(((edge - 1) / soft).clip(-30, 30)))
        glow = np.where(along > 0, glow, 0) / (1 + 6 * np.asarray(rough))
        seen = seen + glow[:, None] * light.colour * light.gloss
    return seen


class Render:
    """One product, lit and seen."""

    def __init__(self, product: Product) -> None:
        self.product, self.grid = product, Grid.of(product)

    def table(self, points: Array) -> Array:
        """Light that the table sends up: its colour under lights and shadows, (N, 3)."""
        product = self.product
        ground = product.table(points)
        up = np.broadcast_to(np.array([0, 1, 0], np.float32), points.shape)
        light = product.sky * 0.75 * self.grid.openness(points, up)[:, None]
        for lamp in product.lights:
            way = np.broadcast_to(lamp.way(), points.shape)
            seen = self.grid.shade(points + up * 0.004, way, lamp.softness)
            light = light + (lamp.way()[1].clip(0) * seen)[:, None] * lamp.colour
        return ground * (light + product.glow(points))

    def surface(self, points: Array, way: Array) -> Array:
        """Light that the product sends along −way from its surface, (N, 3)."""
        product, grid = self.product, self.grid
        for _ in range(2):  # the grid brings a ray near; the true distance brings it home
            points = points + way * product.distance(points)[:, None] * 0.9
        normal = normals(product.distance, points)
        skin = product.material(points, normal)
        normal = unit(normal + skin.bump)
        facing = (-(way * normal).sum(-1)).clip(0, 1)
        openness = grid.openness(points, normal)
        height = normal[:, 1:2] * 0.5 + 0.5
        around = product.sky * height + product.bounce * (1 - height)
        light = around * openness[:, None]
        for lamp in product.lights:
            toward = np.broadcast_to(lamp.way(), points.shape)
            cosine = (normal @ lamp.way() + skin.wrap) / (1 + skin.wrap)
            seen = grid.shade(points + normal * 0.012, toward, lamp.softness)
            light = light + (cosine.clip(0) * seen)[:, None] * lamp.colour
        mirrored = unit(way - 2 * (way * normal).sum(-1, keepdims=True) * normal)
        fresnel = skin.shine + (1 - skin.shine) * ((1 - facing) ** 5)[:, None] * (
            1 - skin.rough[:, None]
        )
        seen = self.reflection(points + normal * 0.02, mirrored, skin.rough)
        occluded = (0.25 + 0.75 * openness)[:, None]
        matte = skin.colour * light * (1 - skin.metal[:, None])
        return matte * (1 - fresnel) + seen * fresnel * occluded + skin.glow

    def reflection(self, points: Array, way: Array, rough: Array) -> Array:
        """What mirrored rays see: the studio, the table, or the product's own other side."""
        product = self.product
        seen = studio(way, product.lights, rough, product.sky)
        down = np.flatnonzero((way[:, 1] < -0.01) & (points[:, 1] > 0))
        if len(down) and product.on_table:
            t = -points[down, 1] / way[down, 1]
            there = points[down] + way[down] * t[:, None]
            fade = np.exp(-t / 14)[:, None]
            seen[down] = self.table(there) * fade + product.sky * 0.5 * (1 - fade)
        own = self.grid.trace(points, way, 50) < FAR
        seen[own] = seen[own] * 0.25 + product.bounce * 0.18
        return seen

    def rays(self, origin: Array, way: Array) -> tuple[Array, Array, Array]:
        """Follow rays: colours (N, 3), share of product (N,), distance (N,)."""
        product = self.product
        colour = product.backdrop(way)
        depth = self.grid.trace(origin, way)
        on = depth < FAR
        with np.errstate(divide="ignore"):
            ground = np.where(way[:, 1] < -1e-4, -origin[:, 1] / way[:, 1], FAR)
        seen = np.flatnonzero(~on & (ground < FAR)) if product.on_table else np.array([], int)
        if len(seen):
            there = origin[seen] + way[seen] * ground[seen, None]
            light = self.table(there)
            if product.polish:
                # Oiled wood is no mirror: each ray strays, so that reflections blur.
                stray = np.random.default_rng(len(seen)).normal(0, 0.035, there.shape)
                mirrored = unit(way[seen] * np.array([1, -1, 1]) + stray).astype(np.float32)
                near = self.grid.trace(there, mirrored, 60)
                other = product.backdrop(mirrored)
                hit = near < FAR
                if hit.any():
                    other[hit] = self.surface(
                        there[hit] + mirrored[hit] * near[hit, None], mirrored[hit]
                    )
                shine = product.polish * (0.04 + 0.96 * (1 + way[seen, 1:2]) ** 5)
                light = light * (1 - shine) + other * shine
            haze = (1 - np.exp(-(np.maximum(ground[seen] - 9, 0) / product.haze)))[:, None]
            colour[seen] = light * (1 - haze) + colour[seen] * haze
        if on.any():
            colour[on] = self.surface(origin[on] + way[on] * depth[on, None], way[on])
        return colour, on.astype(np.float32), np.where(on, depth, ground.clip(0, FAR))

    def picture(self, size: int, samples: int) -> Image.Image:
        """Photograph the product: RGB, or RGBA where it stands on nothing."""
        product = self.product
        eye, look = (np.asarray(v, np.float32) for v in (product.eye, product.look))
        ahead = unit(look - eye)
        right = unit(np.cross(ahead, [0, 1, 0]))
        above = np.cross(right, ahead)

        def seen(x: Array, y: Array) -> Array:  # pixels → colour, share of product, distance
            found = np.empty((len(x), 5), np.float32)
            for start in range(0, len(x), CHUNK):
                part = slice(start, start + CHUNK)
                across, up = x[part, None] / size * 2 - 1, 1 - y[part, None] / size * 2
                way = unit(ahead + product.zoom * (across * right + up * above)).astype(np.float32)
                colour, on, depth = self.rays(np.broadcast_to(eye, way.shape), way)
                found[part] = np.concatenate([colour, on[:, None], depth[:, None]], 1)
            return found

        y, x = np.mgrid[0:size, 0:size].astype(np.float32).reshape(2, -1)
        image = seen(x + 0.5, y + 0.5)
        if samples > 1:  # look again, closer, wherever neighbours differ
            rough = np.flatnonzero(busy(image.reshape(size, size, 5)).ravel())
            again = np.zeros((len(rough), 5), np.float32)
            for i, j in np.ndindex(samples, samples):
                again += seen(x[rough] + (i + 0.5) / samples, y[rough] + (j + 0.5) / samples)
            image[rough] = again / samples**2
        image = image.reshape(size, size, 5)
        return develop(image, product)


def main() -> None:
    """Draw the named products."""
    parser = argparse.ArgumentParser(description="Draw the examples' product photos")
    parser.add_argument("names", nargs="*", default=list(PRODUCTS), help=", ".join(PRODUCTS))
    parser.add_argument("--size", type=int, default=1200, help="side in pixels")
    parser.add_argument("--samples", type=int, default=2, help="samples along a pixel's side")
    parser.add_argument("--to", type=Path, default=HERE, help="folder")
    options = parser.parse_args()
    for name in options.names:
        image = Render(PRODUCTS[name]()).picture(options.size, options.samples)
        if image.mode == "RGBA":
            image.save(options.to / f"{name}.png", optimize=True)
        else:
            image.save(options.to / f"{name}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
