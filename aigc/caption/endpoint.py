"""Captions by any OpenAI-compatible chat server whose model sees: vLLM, Ollama, a cloud."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Caption
from aigc.caption import Captioner, CaptionRequest, told
from aigc.endpoint import Endpoint


class Backend(Endpoint, Captioner):
    """Sends photo and brief; the product is cut out here."""

    temperature: float = Field(
        0.0, ge=0, le=2, description="Freedom of words; 0 takes the likeliest"
    )
    max_tokens: int = Field(400, ge=64, le=4096, description="Longest answer, tokens")

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the cut-out."""
        return ("torch", "opencv-contrib-python-headless", "numpy")

    def describe(self, requests: Sequence[CaptionRequest]) -> list[Caption]:
        """Caption each photo; raises EndpointError where the server fails."""
        way = told.Way(
            matte=self.matte,
            min_confidence=self.min_confidence,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
        )
        with self.asking(bool(requests)) as answer:
            return told.describe(requests, answer, way)
