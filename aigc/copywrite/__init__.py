"""copywrite: caption + brief → candidate copies (headline, body, call to action, hashtags).

A backend is a file in this folder with `class Backend(Copywriter)`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from aigc.campaign import Brief, Caption, Copy, Value
from aigc.channels import TextLimits
from aigc.stage import Stage


class CopyRequest(Value):
    """A brief, what its photo shows, and how long the texts may be."""

    brief: Brief
    caption: Caption
    limits: TextLimits  # of the channel with the most room
    short: TextLimits | None = None  # of the strictest channel, where that is another
    seed: int


class Copywriter(Stage):
    """Writes candidate copies that claim nothing the brief or the caption does not hold."""

    stage: ClassVar[str] = "copywrite"

    @abstractmethod
    def write(self, requests: Sequence[CopyRequest]) -> list[list[Copy]]:
        """Write at least 8 different candidates for each request, in their order.

        Every candidate keeps to the request's limits, and every second one, where the language
        has that many, to the short ones too; ids are unique within a request. The brief's own
        texts come first, as they are, with the source `own`; where the backend does not know the
        language they are all there is. Raises BriefError where there is none, ModelError or
        EndpointError where a model gives too little, PartlyFailed where only some requests fail.
        """
