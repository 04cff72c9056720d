"""`aigc rank --posters`: which posters of a campaign people would choose."""

from __future__ import annotations

import json

import click

from aigc.cli_lists import shown


def print_posters(folder: str, reward: str | None, device: str | None, as_json: bool) -> None:
    """Order a saved campaign's posters by a reward model, channel by channel."""
    from aigc.rank.posters import REWARD, rank_posters

    with shown():
        found = rank_posters(folder, reward or REWARD, device or "auto")
    if as_json:
        click.echo(json.dumps([each._asdict() for each in found], ensure_ascii=False, indent=2))
        return
    for channel in dict.fromkeys(each.channel for each in found):
        click.echo(channel)
        for each in found:
            if each.channel == channel:
                click.echo(f"  {each.chance:>4.0%}  {each.reward:8.3f}  {each.poster_id}")
