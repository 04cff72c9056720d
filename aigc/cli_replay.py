"""`aigc feedback replay`: what another division of impressions would have earned."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from aigc.cli_lists import as_json, shown
from aigc.errors import BriefError

READ = """\
Right where a channel showed its creatives at random to one audience on one day; where it chose whom
to show which, this compares audiences too. A division that was made from these very clicks looks
better than it is: replay it on days after."""


@click.command()
@click.argument("folder", metavar="DIR")
@click.argument("division", metavar="FILE")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only this day and later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only this day and before.")
@click.option(
    "-k",
    "--min-impressions",
    "least",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Show no channel of fewer.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@as_json
def replay(
    folder: str,
    division: str,
    since: datetime | None,
    until: datetime | None,
    least: int,
    seed: int,
    as_json: bool,
) -> None:
    """Say what a campaign would have earned by another division of its impressions.

    FILE has columns channel, creative and give, as `aigc next DIR --csv` prints; imported logs say
    what was clicked. By inverse propensity, self-normalised (Dudik et al. 2011), 95 % interval.
    """
    from aigc import export
    from aigc.feedback import replay as replays
    from aigc.feedback import store

    with shown():
        campaign = export.load(folder)
        shares = replays.given(division)
        rows = [
            row
            for row in store.read(Path(folder).resolve().parent, campaign.id)
            if (not since or (row.day and row.day >= since.date()))
            and (not until or (row.day and row.day <= until.date()))
        ]
        found = replays.replay(rows, shares, least=least, seed=seed)
    if not found:
        raise BriefError(
            f"'{campaign.id}': no channel of '{division}' has {least} impressions of these days in "
            "the logs; import some with `aigc feedback import`"
        )
    if as_json:
        click.echo(json.dumps([each.model_dump() for each in found], ensure_ascii=False, indent=2))
        return
    wide = max(len(each.channel) for each in found)
    click.echo(f"{'':<{wide}} {'shown':>9} {'clicks':>7} {'rate':>8}  {'would be (95 %)':<24}")
    for each in found:
        would = f"{each.would:.3%} ({each.low:.3%}..{each.high:.3%})"
        click.echo(
            f"{each.channel:<{wide}} {each.impressions:>9,} {each.clicks:>7,} {each.rate:>8.3%}"
            f"  {would:<24}  worth {each.effective:,.0f} impressions"
            + (f"; {each.uncovered:.0%} was never shown then" if each.uncovered > 0.005 else "")
        )
    click.echo(READ)
