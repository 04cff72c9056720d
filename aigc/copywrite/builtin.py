"""Writes copy by a grammar for each language, and a little English with a small model."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Copy
from aigc.copywrite import CopyRequest, Copywriter, grammar


class Backend(Copywriter):
    """Grammar in English and Chinese, plus the small instruct model in English."""

    candidates: int = Field(12, ge=8, le=16, description="Candidates to write for each brief")
    model_candidates: int = Field(
        8, ge=0, le=32, description="Sentences to draw from the small model; few pass its filter"
    )

    def write(self, requests: Sequence[CopyRequest]) -> list[list[Copy]]:
        """Write the candidates of each request; the same request and seed, the same copy."""
        return [self._write(request) for request in requests]

    def _write(self, request: CopyRequest) -> list[Copy]:
        known = grammar.know(request)
        texts = grammar.write(request, known, self.candidates)
        return [
            Copy(id=f"c{number:02d}", source="builtin:grammar", **text._asdict())
            for number, text in enumerate(texts, start=1)
        ]
