"""The contact sheet: a campaign on one page that opens from disk, without a server."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from aigc import channels
from aigc.campaign import Campaign


@cache
def _template() -> jinja2.Template:
    # Merchants' words are text, never markup: everything is escaped.
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((Path(__file__).parent / "sheet.html.j2").read_text("utf-8"))


def render(campaign: Campaign) -> str:
    """Show photo, caption, ranked copy with its parts, and posters as one HTML page."""
    copies = {copy.id: copy for copy in campaign.copies}
    return _template().render(
        campaign=campaign,
        brief=campaign.brief,
        ranked=[(score, copies[score.candidate_id]) for score in campaign.ranking],
        titles={name: row.title for name, row in channels.all_channels().items()},
        used={poster.copy_id for poster in campaign.posters},
    )
