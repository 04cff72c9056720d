"""scene: layout slots + style + caption → backdrop, without product and text.

A backend is a file in this folder with `class Backend(Painter)`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

from aigc.campaign import Brief, Caption, Pixels, Size, Slots, Value
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


class Painter(Stage):
    """Paints the world around a product, its shadow included; never the product, never text."""

    stage: ClassVar[str] = "scene"

    @abstractmethod
    def paint(self, requests: Sequence[SceneRequest]) -> list[Pixels]:
        """Paint each backdrop at its own size, (H, W, 3); picture i depends on request i only."""
