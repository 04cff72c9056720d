"""typeset: scene + cut-out + copy → the finished poster or banner.

A backend is a file in this folder with `class Backend(Typesetter)`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from aigc.campaign import Brief, Caption, Copy, Poster, Scene, Slots, Value
from aigc.channels import Channel
from aigc.stage import Stage
from aigc.styles import Style


class PlanRequest(Value):
    """A poster to come: what must fit on it."""

    channel: Channel
    variant: int
    style: Style
    brief: Brief
    caption: Caption
    copies: tuple[Copy, ...]  # best first
    seed: int
    avoid: tuple[str, ...] = ()  # layouts that were tried and failed
    # What the merchant changed on this poster alone:
    layout: str = ""  # the one to take; no other is tried
    product: tuple[float, float] = (0.0, 0.0)  # moved right and down, of the poster's sides
    scale: float = 1.0  # how much larger the product stands
    text: tuple[float, float] = (0.0, 0.0)  # the texts moved right and down, likewise

    @property
    def moved(self) -> bool:
        """Whether something is not to stand where its layout puts it."""
        return any(self.product) or any(self.text) or self.scale != 1.0


class SetRequest(Value):
    """A poster whose scene is painted: set this copy on it."""

    plan: PlanRequest
    scene: Scene
    poster_id: str
    metadata: dict[str, str]


class Typesetter(Stage):
    """Puts the merchant's own product pixels and real type on a scene."""

    stage: ClassVar[str] = "typeset"

    @abstractmethod
    def plan(self, requests: Sequence[PlanRequest]) -> list[Slots]:
        """Choose a layout for each poster and say where product and text will stand."""

    def reads(self, plan: PlanRequest) -> Any:
        """What a poster takes from a plan's copies, as JSON: where that is the same, so is it."""
        return [copy.model_dump(mode="json") for copy in plan.copies]

    @abstractmethod
    def set(self, requests: Sequence[SetRequest]) -> list[Poster]:
        """Set and encode each poster in its channel's format, under its byte limit."""
