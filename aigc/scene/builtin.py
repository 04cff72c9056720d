"""Lit studio sets, drawn on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from aigc.campaign import Pixels
from aigc.scene import Painter, SceneRequest, sets, shadow
from aigc.scene import light as lighting
from aigc.styles import SetName

BOUNCE = 0.14  # light that the floor throws back into a shadow, in the floor's colour


class Backend(Painter):
    """Draws a studio set in the style's and the product's colours, with the product's shadow."""

    set: Literal["auto"] | SetName = Field(
        "auto", description="Studio set; auto takes one of the style's that suits the picture"
    )
    light: Literal["auto", "left", "right"] = Field(
        "auto", description="Side that the key light comes from"
    )
    grain: float = Field(
        1.1, ge=0, le=8, description="Film grain, in levels of 255; 0 lets soft gradients band"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("numpy", "opencv-contrib-python-headless", "coloraide")

    def paint(self, requests: Sequence[SceneRequest]) -> list[Pixels]:
        """Paint each backdrop, (H, W, 3) uint8 sRGB at its request's size."""
        return [self._paint(request) for request in requests]

    def _paint(self, request: SceneRequest) -> Pixels:
        look, placing, noise = np.random.default_rng(request.seed).spawn(3)
        side = -1 if placing.random() < 0.6 else 1
        if self.light != "auto":
            side = -1 if self.light == "left" else 1
        shot = lighting.shot(request, side, look)
        if request.caption.whole:
            return _bare(shot, request.background)
        outline = shadow.Outline(shot, request.caption.cutout)
        if request.background == "white":
            return _on_white(shot, outline)
        name = _choose(request, shot) if self.set == "auto" else self.set
        stage = sets.SETS[name](shot)
        picture = stage.light
        if shot.floor is None:
            shade = shadow.drop(outline)
        else:
            picture = shadow.reflection(outline, picture, shot.gloss)
            thrown = shadow.cast(outline)
            if stage.catches is not None:
                thrown = thrown * stage.catches
            shade = 1 - (1 - shadow.contact(outline)) * (1 - 0.6 * thrown)
        tint = lighting.linear(shot.colours.floor)
        keep = BOUNCE * tint / max(float(tint.max()), 1e-6)
        return lighting.develop(picture * (1 - shade[..., None] * (1 - keep)), self.grain, noise)


def _choose(request: SceneRequest, shot: lighting.Shot) -> str:
    """Take the first of the style's sets that suits the shot."""
    return next((name for name in request.style.sets if sets.suits(name, shot)), "studio")


def _bare(shot: lighting.Shot, background: str) -> Pixels:
    """A plain wall: a whole photo throws no shadow and stands on no floor."""
    colour = "#ffffff" if background == "white" else shot.colours.wall
    levels = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)
    return np.tile(levels, (shot.height, shot.width, 1))


def _on_white(shot: lighting.Shot, outline: shadow.Outline) -> Pixels:
    """Pure white with a soft shadow that is gone before it reaches the edge."""
    if shot.floor is None:
        shade = 0.5 * shadow.drop(outline)
    else:
        shade = 1 - (1 - 0.7 * shadow.contact(outline)) * (1 - 0.12 * shadow.cast(outline))
    across = np.linspace(-1, 1, shot.width, dtype=np.float32)
    down = np.linspace(-1, 1, shot.height, dtype=np.float32)
    edge = np.maximum(np.abs(across)[None], np.abs(down)[:, None])
    shade = np.maximum(shade - 0.006, 0) * np.clip((1 - edge) / 0.08, 0, 1)
    grey = np.rint(255 * (1 - shade) ** (1 / 2.2)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
