"""rank: candidate copies → scores with their parts, best first.

A backend is a file in this folder with `class Backend(Ranker)`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from aigc.campaign import Brief, Caption, Copy, Photo, Score, Value
from aigc.channels import TextLimits
from aigc.stage import Stage


class RankRequest(Value):
    """The candidates for one photo and brief."""

    photo: Photo
    caption: Caption
    brief: Brief
    copies: tuple[Copy, ...]
    limits: TextLimits


class Ranker(Stage):
    """Orders candidate copies and says why."""

    stage: ClassVar[str] = "rank"

    @abstractmethod
    def score(self, requests: Sequence[RankRequest]) -> list[list[Score]]:
        """Score every copy of each request; each inner list is best first."""
