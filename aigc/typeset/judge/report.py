"""What the judge found in whole campaigns: who passes, what failed, and the mean of the metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from aigc.campaign import Campaign, Poster, Verdict


class Judged(NamedTuple):
    """A poster and its verdict."""

    campaign: str
    poster: Poster
    tried: tuple[str, ...]  # layouts that were turned down before
    verdict: Verdict

    @property
    def passed_first(self) -> bool:
        """Whether it passed as it was first laid out."""
        return self.verdict.passed and not self.tried

    def row(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "campaign": self.campaign,
            "poster": self.poster.id,
            "channel": self.poster.channel,
            "layout": self.poster.layout,
            "tried": list(self.tried),
            "passed": self.verdict.passed,
            "passed_first": self.passed_first,
            **self.verdict.model_dump(mode="json"),
        }


def judged(campaign: Campaign) -> list[Judged]:
    """The posters of a campaign with the verdicts that they were saved with."""
    tried = {scene.id: scene.tried for scene in campaign.scenes}
    return [
        Judged(campaign.id, poster, tried.get(poster.scene_id, ()), poster.verdict)
        for poster in campaign.posters
        if poster.verdict is not None
    ]


def shares(rows: Iterable[Judged]) -> dict[str, int]:
    """How many posters there are, and how many passed at first and at last."""
    posters = list(rows)
    return {
        "posters": len(posters),
        "first": sum(row.passed_first for row in posters),
        "last": sum(row.verdict.passed for row in posters),
    }


def said(shares: dict[str, int]) -> str:
    """The shares in words."""
    of = shares["posters"]
    if not of:
        return "no poster was judged"
    first, last = (f"{shares[name]} ({shares[name] / of:.0%})" for name in ("first", "last"))
    return f"of {of} posters {first} passed at first, {last} at last"


def failures(rows: Iterable[Judged], level: str = "fail") -> list[str]:
    """A line for each check that failed, with the poster's name and what to do."""
    return [f"{row.poster.id}: {mark.remedy}" for row in rows for mark in row.verdict.at(level)]


def means(rows: Iterable[Judged]) -> dict[str, float | None]:
    """The mean of each metric over the posters that have it."""
    posters = list(rows)
    names = posters[0].verdict.metrics if posters else {}
    values = {
        name: [
            row.verdict.metrics[name] for row in posters if row.verdict.metrics[name] is not None
        ]
        for name in names
    }
    return {
        name: round(sum(value for value in each if value is not None) / len(each), 5)
        if each
        else None
        for name, each in values.items()
    }
