"""Describes the product with any vision-language model of transformers, as JSON that is checked."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Caption
from aigc.caption import Captioner, CaptionRequest, told
from aigc.chat import Answer, Question


class Backend(Captioner):
    """Says category, material, colour, pattern, use and merits, and one sentence."""

    model: str = Field(
        "Qwen/Qwen3-VL-4B-Instruct",
        min_length=1,
        description="Vision-language model: org/name[@revision] of the hub, or file:/folder",
    )
    temperature: float = Field(
        0.0, ge=0, le=2, description="Freedom of words; 0 takes the likeliest"
    )
    max_tokens: int = Field(400, ge=64, le=4096, description="Longest answer, tokens")
    device: str = Field("auto", description="Where it runs: auto, cuda, cuda:N or cpu")
    dtype: str = Field(
        "auto", description="Numbers of the weights: auto, bfloat16, float16, float32"
    )
    batch: int = Field(8, ge=1, le=256, description="Photos described at once")
    compile: bool = Field(
        False, description="Compile the decoding: minutes first, then faster; for many photos"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("torch", "transformers", "llguidance", "opencv-contrib-python-headless", "numpy")

    @property
    def materials(self) -> dict[str, str]:
        """The model, and which version of it."""
        from aigc._engines import store

        return {self.model: store.version_of(self.model)}

    def describe(self, requests: Sequence[CaptionRequest]) -> list[Caption]:
        """Caption each photo; an answer that cannot be used is asked for once more."""
        from aigc._engines import chat

        if not requests:
            return []

        def answer(questions: Sequence[Question]) -> Sequence[Answer]:
            return chat.answer(
                self.model,
                questions,
                stage=self.stage,
                device=self.device,
                dtype=self.dtype,
                batch=self.batch,
                compiled=self.compile,
            )

        way = told.Way(
            matte=self.matte,
            min_confidence=self.min_confidence,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            plain=chat.only_captions(self.model, stage=self.stage, device=self.device),
        )
        return told.describe(requests, answer, way)
