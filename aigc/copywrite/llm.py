"""Writes copy with any instruct model of transformers, in any language that it knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from pydantic import Field

from aigc.campaign import Copy
from aigc.chat import Answer, Question
from aigc.copywrite import CopyRequest, Copywriter, told


class Backend(Copywriter):
    """Candidates by a language model, each checked before it is kept."""

    model: str = Field(
        "Qwen/Qwen3-4B-Instruct-2507",
        min_length=1,
        description="Instruct model: org/name[@revision] of the hub, or file:/folder",
    )
    candidates: int = Field(12, ge=8, le=32, description="Candidates to ask for, for each brief")
    rounds: int = Field(
        3, ge=1, le=8, description="Times to ask, while fewer than 8 can be used; each repairs once"
    )
    temperature: float = Field(
        0.8, ge=0, le=2, description="Freedom of words; 0 takes the likeliest"
    )
    max_tokens: int = Field(320, ge=64, le=4096, description="Longest answer, tokens")
    fill: bool = Field(
        True, description="Let the builtin grammar write what is missing of 8, and say so"
    )
    device: str = Field("auto", description="Where it runs: auto, cuda, cuda:N or cpu")
    dtype: str = Field(
        "auto", description="Numbers of the weights: auto, bfloat16, float16, float32"
    )
    batch: int = Field(32, ge=1, le=1024, description="Questions answered at once")
    compile: bool = Field(
        False, description="Compile the decoding: minutes first, then faster; for many briefs"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the copy."""
        return ("torch", "transformers", "llguidance")

    @property
    def materials(self) -> dict[str, str]:
        """The model, and which version of it."""
        from aigc._engines import store

        return {self.model: store.version_of(self.model)}

    def write(self, requests: Sequence[CopyRequest]) -> list[list[Copy]]:
        """Write the candidates of each request; the same request and seed, the same copy."""
        from aigc._engines import chat

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
            source=f"llm:{PurePath(self.model).name}",
            candidates=self.candidates,
            rounds=self.rounds,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            fill=self.fill,
        )
        return told.write(requests, answer, way)
