"""Lit studio sets, drawn on the CPU."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from aigc import events
from aigc.campaign import Pixels
from aigc.scene import Painter, Painting, SceneRequest, objects, plain, sets, shadow
from aigc.scene import light as lighting
from aigc.scene.decorate import decorate
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
    ornaments: Literal["auto", "objects", "drawn", "none"] = Field(
        "auto",
        description="Where a style's ornaments come from: packaged 3D objects, which auto takes "
        "where they were fetched, drawn shapes, or nowhere",
    )
    grain: float = Field(
        1.1, ge=0, le=8, description="Film grain, in levels of 255; 0 lets soft gradients band"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("numpy", "opencv-contrib-python-headless", "coloraide")

    @property
    def materials(self) -> dict[str, str]:
        """The package of 3D objects, where they are taken."""
        return objects.version() if self._with_objects() else {}

    def paint(self, requests: Sequence[SceneRequest]) -> list[Painting]:
        """Paint each backdrop, (H, W, 3) uint8 sRGB at its request's size."""
        with_objects = self._with_objects()
        named = any(each.object for request in requests for each in request.style.decoration)
        if self.ornaments == "auto" and named and not with_objects:
            remedy = f"`aigc models pull {objects.PACKAGE}` fetches 3D objects, with npm"
            events.report("scene", 0, 0, f"ornaments are drawn; {remedy}")
        return [
            Painting(pixels=self._paint(request, with_objects), seed=request.seed)
            for request in requests
        ]

    def _with_objects(self) -> bool:
        """Whether 3D objects are taken; raises ModelError where they must be and cannot be had."""
        if self.ornaments == "objects":
            return objects.folder().exists()
        return self.ornaments == "auto" and objects.present()

    def _paint(self, request: SceneRequest, with_objects: bool) -> Pixels:
        look, placing, noise, hanging = np.random.default_rng(request.seed).spawn(4)
        side = -1 if placing.random() < 0.6 else 1
        if self.light != "auto":
            side = -1 if self.light == "left" else 1
        shot = lighting.shot(request, side, look)
        if plain.is_plain(request):
            return plain.ground(request, shot)
        outline = shadow.Outline(shot, request.caption.cutout)
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
        picture = picture * (1 - shade[..., None] * (1 - keep))
        if self.ornaments != "none":
            picture = decorate(
                shot,
                dataclasses.replace(stage, light=picture),
                outline.pixels,
                request.style.decoration,
                hanging,
                with_objects=with_objects,
            )
        return lighting.develop(picture, self.grain, noise)


def _choose(request: SceneRequest, shot: lighting.Shot) -> str:
    """Take the first of the style's sets that suits the shot."""
    return next((name for name in request.style.sets if sets.suits(name, shot)), "studio")
