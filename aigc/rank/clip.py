"""Builtin's scores, but relevance as CLIP, SigLIP and their relatives see it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from aigc.campaign import Brief, Photo, Score
from aigc.rank import Ranker, RankRequest
from aigc.rank.builtin import Job, bare, jobs_of, message, weigh, weights_of
from aigc.rank.contrast import View, relevance
from aigc.stage import FilePath


class Backend(Ranker):
    """Scores by builtin's parts; a model of pictures and texts judges the first."""

    model: str = Field(
        "google/siglip2-base-patch16-224",
        description="Dual encoder of CLIP's family: hub name, file:/path or pypi: reference",
    )
    device: str = Field("auto", description="auto (a graphics card), cuda, cuda:N, mps or cpu")
    weights: FilePath = Field(
        "",
        description="File of weights: what `aigc learn copy` made, or TOML in place of the shipped "
        "prompts/rank/weights.toml",
    )
    segment: str = Field(
        "",
        description="For whom to rank, `key=value; key=value`, where the learned weights know it",
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("torch", "transformers", "ctranslate2", "pillow")

    @property
    def materials(self) -> dict[str, str]:
        """The model, and which version of it."""
        from aigc._engines import store

        return {self.model: store.version_of(self.model)}

    def ready(self) -> None:
        """Raise where the device is not there, or the file of weights cannot be used."""
        super().ready()
        weights_of(self.weights)

    def score(self, requests: Sequence[RankRequest]) -> list[list[Score]]:
        """Score every copy of each request; each inner list is best first."""
        return self._weigh(jobs_of(requests))

    def rank_texts(
        self, photo: Photo, texts: Sequence[str], brief: Brief | None = None
    ) -> list[Score]:
        """Rank any texts against any photo, best first; ids are their places in `texts`."""
        return self._weigh([bare(photo, texts, brief)])[0]

    def _weigh(self, jobs: Sequence[Job]) -> list[list[Score]]:
        weights = weights_of(self.weights, self.segment)
        if not jobs:
            return []
        from aigc._engines import clip

        encoder = clip.load(
            self.model, self.device, option="rank.device", instead="use --rank builtin"
        )
        views = [View(job.photo, job.caption) for job in jobs]
        texts = [[message(copy) for copy in job.copies] for job in jobs]
        return weigh(jobs, weights, relevance(encoder, views, texts))
