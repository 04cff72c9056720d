"""What of a poster's texts is printed: nobody clicks on paper, and a pack outlives its price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigc.campaign import Brief
from aigc.channels import Channel, columns
from aigc.typeset import scripts

_END = " .。"


def printed(channel: Channel, brief: Brief, said: Mapping[str, str]) -> dict[str, str]:
    """Pick the texts of a channel by element; those of screens stay as they are."""
    if channel.print is None:
        return dict(said)
    if not channel.print.packs:
        return {name: text for name, text in said.items() if name != "cta" or brief.link}
    points = [point.rstrip(_END) for point in brief.features]
    claims = [*(_sentences(points[:most]) for most in (2, 1) if points), said.get("headline", "")]
    fits = (each for each in claims if columns(each) <= channel.text.body and each != brief.name)
    kept = {name: text for name, text in said.items() if name.startswith(("brand", "badge-"))}
    return {**kept, "headline": brief.name, "body": next(fits, "")}


def _sentences(points: Sequence[str]) -> str:
    return "，".join(points) if scripts.is_cjk("".join(points)) else ". ".join(points) + "."
