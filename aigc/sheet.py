"""The contact sheet: a campaign on one page that opens from disk, without a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2

from aigc import adtexts
from aigc.campaign import Campaign, Poster
from aigc.channels import Channel, channel


class Shown(NamedTuple):
    """A poster with what its channel asks of it."""

    poster: Poster
    channel: Channel
    variant: str  # 1 of 2; empty where there is one

    @property
    def aspect(self) -> float:
        """Width / height."""
        return self.poster.size[0] / self.poster.size[1]


@cache
def _template() -> jinja2.Template:
    # Merchants' words are text, never markup: everything is escaped.
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["bytes"] = _bytes
    return environment.from_string((Path(__file__).parent / "sheet.html.j2").read_text("utf-8"))


def render(campaign: Campaign, zips: Collection[str] = ()) -> str:
    """Show photo, caption, posters by platform, and ranked copy with its parts as one HTML page.

    `zips` are the names of the files in the campaign's `zips` folder, which it links.
    """
    copies = {copy.id: copy for copy in campaign.copies}
    return _template().render(
        campaign=campaign,
        brief=campaign.brief,
        ranked=[(score, copies[score.candidate_id]) for score in campaign.ranking],
        platforms=_platforms(campaign),
        scenes={scene.id: scene for scene in campaign.scenes},
        styles=dict.fromkeys((scene.style, scene.why) for scene in campaign.scenes),
        used={poster.copy_id for poster in campaign.posters},
        zips=zips,
        ads=adtexts.GOOGLE if adtexts.google(campaign) is not None else "",
    )


def _platforms(campaign: Campaign) -> dict[str, list[Shown]]:
    """The posters by platform, in the order in which the brief first names each."""
    found: dict[str, list[Shown]] = {}
    many = Counter(poster.channel for poster in campaign.posters)
    seen: Counter[str] = Counter()
    for poster in campaign.posters:
        row = channel(poster.channel)
        seen[row.name] += 1
        variant = f"{seen[row.name]} of {many[row.name]}" if many[row.name] > 1 else ""
        found.setdefault(row.platform, []).append(Shown(poster, row, variant))
    return found


def _bytes(count: int) -> str:
    """A file's size as people say it: 214 kB, 3 MB."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f}".rstrip("0").rstrip(".") + " MB"
