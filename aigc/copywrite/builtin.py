"""Writes copy by a grammar for each language, and a little English with a small model."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Copy
from aigc.copywrite import CopyRequest, Copywriter, grammar, instruct, own, words
from aigc.errors import BriefError


class Backend(Copywriter):
    """Grammar in English and Chinese, plus the small instruct model in English."""

    candidates: int = Field(12, ge=8, le=16, description="Candidates to write for each brief")
    model_candidates: int = Field(
        8, ge=0, le=32, description="Sentences to draw from the small model; few pass its filter"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the copy."""
        return ("ctranslate2", "tokenizers") if self.model_candidates else ()

    def write(self, requests: Sequence[CopyRequest]) -> list[list[Copy]]:
        """Write the candidates of each request; the same request and seed, the same copy."""
        return [self._write(request) for request in requests]

    def _write(self, request: CopyRequest) -> list[Copy]:
        brief, given = request.brief, own.copies(request.brief)
        if given and not words.is_known(brief.language):
            return given
        known = grammar.know(request)
        texts: list[grammar.Text] = []
        if request.short is not None:
            short = request.model_copy(update={"limits": request.short})
            texts = grammar.write(short, grammar.know(short), self.candidates // 2)
        texts = grammar.write(request, known, self.candidates, texts)
        drawn: list[str] = []
        if self.model_candidates and known.tongue == "en" and known.noun.word:
            drawn = instruct.lines(request, known.noun, self.model_candidates)
        # A drawn line takes the place of the scene in one of the last bodies.
        told = [grammar.with_scene(request, known, line) for line in drawn]
        bodies = [body for body in told if body and body not in {text.body for text in texts}]
        first = len(texts) - len(bodies)
        if not texts and not given:
            raise BriefError(
                f"brand.avoid = {list(brief.brand.avoid)}: leaves no text that fits the channels; "
                "shorten the list, or give `texts` of your own"
            )
        return given + [
            Copy(
                id=f"c{number + 1:02d}",
                source="builtin:model" if number >= first else "builtin:grammar",
                headline=text.headline,
                body=bodies[number - first] if number >= first else text.body,
                cta=text.cta,
                hashtags=text.hashtags,
            )
            for number, text in enumerate(texts)
        ]
