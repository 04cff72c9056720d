"""Grounds that no painter is needed for: pure white, and the bare wall behind a whole photo."""

from __future__ import annotations

import numpy as np

from aigc.campaign import Pixels
from aigc.scene import Painting, SceneRequest, light, shadow
from aigc.scene.light import Shot

# Of half a side: a marketplace's border, which must be 255 after JPEG too, and the way to it.
_PURE, _FADE = 0.05, 0.25


def is_plain(request: SceneRequest) -> bool:
    """Whether a request asks for no scene: the photo is shown whole, or its ground is white."""
    return request.caption.whole or request.background == "white"


def shot(request: SceneRequest) -> Shot:
    """The shot as builtin sees it: plain grounds are the same to the bit."""
    look, placing, *_ = rngs(request)
    return light.shot(request, -1 if placing.random() < 0.6 else 1, look)


def rngs(request: SceneRequest) -> list[np.random.Generator]:
    """What is drawn by lot, apart: the look, the placing, the grain, what hangs."""
    return np.random.default_rng(request.seed).spawn(4)


def painting(request: SceneRequest) -> Painting:
    """The plain ground that a request asks for, for painters that need a model for others."""
    return Painting(pixels=ground(request, shot(request)), seed=request.seed)


def ground(request: SceneRequest, shot: Shot) -> Pixels:
    """The plain ground that a request asks for."""
    if request.caption.whole:
        return _bare(shot, request.background)
    return _on_white(shot, shadow.Outline(shot, request.caption.cutout))


def _bare(shot: Shot, background: str) -> Pixels:
    """A plain wall: a whole photo throws no shadow and stands on no floor."""
    colour = "#ffffff" if background == "white" else shot.colours.wall
    levels = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)
    return np.tile(levels, (shot.height, shot.width, 1))


def _on_white(shot: Shot, outline: shadow.Outline) -> Pixels:
    """Pure white with a soft shadow under the product that is gone before it reaches the edge.

    None is thrown across the floor: marketplaces look for white beside the product.
    """
    shade = 0.5 * shadow.drop(outline) if shot.floor is None else 0.6 * shadow.contact(outline)
    across = np.linspace(-1, 1, shot.width, dtype=np.float32)
    down = np.linspace(-1, 1, shot.height, dtype=np.float32)
    edge = np.maximum(np.abs(across)[None], np.abs(down)[:, None])
    inside = np.clip((1 - edge - _PURE) / _FADE, 0, 1)
    shade = np.maximum(shade - 0.006, 0) * inside**2 * (3 - 2 * inside)
    grey = np.rint(255 * (1 - shade) ** (1 / 2.2)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
