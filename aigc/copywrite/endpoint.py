"""Copy by any OpenAI-compatible chat server: vLLM, llama.cpp, Ollama, a cloud."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Copy
from aigc.copywrite import CopyRequest, Copywriter, told
from aigc.endpoint import Endpoint


class Backend(Endpoint, Copywriter):
    """Sends brief and caption, not the photo; each candidate is checked before it is kept."""

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

    def write(self, requests: Sequence[CopyRequest]) -> list[list[Copy]]:
        """Write the candidates of each request; raises EndpointError where the server fails."""
        way = told.Way(
            source=":".join(filter(None, ("endpoint", self.model.rsplit("/", 1)[-1]))),
            candidates=self.candidates,
            rounds=self.rounds,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            fill=self.fill,
        )
        with self.asking(bool(requests)) as answer:
            return told.write(requests, answer, way)
