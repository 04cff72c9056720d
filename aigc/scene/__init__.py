"""scene: layout slots + style + caption → backdrop, without product and text.

A backend is a file in this folder with `class Backend(Painter)`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

from aigc.campaign import Brief, Caption, PixelField, Size, Slots, Value
from aigc.stage import Stage
from aigc.styles import Style


class SceneRequest(Value):
    """One backdrop: how large, where product and text will stand, in which style."""

    size: Size
    slots: Slots
    style: Style
    brief: Brief
    caption: Caption
    background: Literal["scene", "white"]
    seed: int


class Painting(Value):
    """A painted backdrop, and how it came about."""

    pixels: PixelField  # (H, W, 3) at the request's size
    seed: int  # of this picture: the request's own, or a later one where that gave none of use
    prompt: str = ""
    negative: str = ""
    repainted: int = 0  # pictures before it that could not be used


class Painter(Stage):
    """Paints the world around a product, its shadow included; never text.

    The product itself is never painted: where a picture shows it, these are its own pixels.
    """

    stage: ClassVar[str] = "scene"

    @abstractmethod
    def paint(self, requests: Sequence[SceneRequest]) -> list[Painting]:
        """Paint each backdrop at its own size; picture i depends on request i only."""
