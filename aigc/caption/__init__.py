"""caption: photo → what is in it (sentence, visual words, palette, cut-out).

A backend is a file in this folder with `class Backend(Captioner)`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from aigc.campaign import Brief, Caption, Photo, Value
from aigc.stage import Stage


class CaptionRequest(Value):
    """A photo, and the brief that says what it shows."""

    photo: Photo
    brief: Brief
    seed: int


class Captioner(Stage):
    """Says what a photo shows and cuts the product out of it."""

    stage: ClassVar[str] = "caption"

    matte: str = Field(
        "net",
        description="How the product is cut out: net (our own), grabcut, rembg:MODEL, "
        "or a transformers model as hf:OWNER/NAME or a folder",
    )
    min_confidence: float = Field(
        0.82,
        ge=0,
        le=1,
        description="Confidence below which a cut-out is dropped and the whole photo is shown",
    )

    @abstractmethod
    def describe(self, requests: Sequence[CaptionRequest]) -> list[Caption]:
        """Caption each photo; as many captions as requests, in their order."""
