"""Ranks by a judge on any OpenAI-compatible chat server; the gate of compliance stays ours."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Score
from aigc.endpoint import Endpoint
from aigc.rank import Ranker, RankRequest, told


class Backend(Endpoint, Ranker):
    """A model judges relevance, fluency, tone and appeal; length and likeness are measured."""

    look: bool = Field(False, description="Show the judge the photo too; the model must have eyes")

    def score(self, requests: Sequence[RankRequest]) -> list[list[Score]]:
        """Score every copy of each request; raises EndpointError where the server fails."""
        with self.asking(bool(requests)) as answer:
            return told.score(requests, answer, look=self.look)
