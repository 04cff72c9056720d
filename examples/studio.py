"""What a photograph is taken of and with: lights, surfaces, and the product in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from shapes import Array


@dataclass
class Light:
    """A soft box: where it stands (direction), its colour, and how large it looks."""

    at: tuple[float, float, float]
    colour: Array
    width: float = 0.35
    height: float = 0.5
    softness: float = 0.16
    gloss: float = 3.0

    def way(self) -> Array:
        """Direction towards it."""
        return (np.array(self.at) / np.linalg.norm(self.at)).astype(np.float32)

    def frame(self) -> tuple[Array, Array, Array]:
        """Directions towards it, across it and up it."""
        along = self.way()
        across = np.cross(along, [0, 1, 0]).astype(np.float32)
        across /= np.linalg.norm(across)
        return along, across, np.cross(across, along)


@dataclass
class Skin:
    """What a surface looks like at N points."""

    colour: Array  # (N, 3)
    shine: Array  # (N, 3): reflectance seen head-on
    rough: Array  # (N,)
    metal: Array  # (N,)
    bump: Array | float = 0.0
    glow: Array | float = 0.0
    wrap: float = 0.12  # how far light creeps round the edge


@dataclass
class Product:
    """Something to photograph, and its studio."""

    bounds: tuple[tuple[float, float, float], tuple[float, float, float]]
    parts: tuple[Callable[[Array], Array], ...]
    material: Callable[[Array, Array], Skin]
    lights: tuple[Light, ...]
    eye: tuple[float, float, float]
    look: tuple[float, float, float]
    zoom: float
    sky: Array
    bounce: Array
    table: Callable[[Array], Array]
    backdrop: Callable[[Array], Array]
    glow: Callable[[Array], Array] = field(default=lambda points: np.zeros_like(points))
    on_table: bool = True
    polish: float = 0.0
    focus: float = 0.0
    haze: float = 20.0
    vignette: float = 0.15
    exposure: float = 1.0

    def distance(self, points: Array) -> Array:
        """Signed distance to the nearest part."""
        return np.minimum.reduce([part(points) for part in self.parts])
