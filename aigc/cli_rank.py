"""`aigc rank` beside a campaign's copy: its posters, or any texts against any photo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from aigc.cli_lists import shown
from aigc.errors import BriefError

if TYPE_CHECKING:
    from aigc.stage import Stage


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


def print_texts(photo: str, texts: str, ranker: Stage, as_json: bool) -> None:
    """Rank the lines of a file, or of stdin, against a photo."""
    from aigc import photo as photos

    rank = getattr(ranker, "rank_texts", None)
    if rank is None:
        raise click.UsageError(f"rank {ranker.backend} ranks campaigns only; use --rank builtin")
    try:
        with click.open_file(texts, encoding="utf-8") as stream:
            lines = [line.strip() for line in stream if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BriefError(f"--texts {texts}: cannot be read as UTF-8 text ({error})") from error
    if not lines:
        raise BriefError(f"--texts {texts}: holds no text; write one a line")
    with shown():
        scores = rank(photos.load(photo), lines)
    by_id = {str(number): line for number, line in enumerate(lines)}
    rows = [{"text": by_id[score.candidate_id], **score.model_dump()} for score in scores]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['total']:.3f}  {row['text']}\n       {row['reason']}")
