"""What became of campaigns: performance logs, and what they say of the next.

A log counts, for a creative on a channel, in a segment, on a day, how often it was shown, clicked
and bought from, and what that cost. A creative is a poster or a copy; its id is
`Campaign.creative(part)`, which stands in the poster's metadata and in the campaign's files.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field

from aigc.campaign import Value

DATABASE = "feedback.duckdb"  # beside the campaigns


class Performance(Value):
    """How a creative did on one channel, in one segment, on one day."""

    creative: str = Field(min_length=1, max_length=200)
    channel: str = ""
    segment: str = Field("", description="Traits of those who saw it, `key=value; key=value`")
    day: date | None = None
    impressions: int = Field(ge=0)
    clicks: int = Field(ge=0)
    conversions: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Platforms share one among several ads: 1.5"
    )
    cost: float = Field(0.0, ge=0, allow_inf_nan=False, description="In the account's currency")


def database(outputs: str | Path) -> Path:
    """Where the logs of the campaigns in a folder are kept."""
    return Path(outputs) / DATABASE
