"""`aigc next`: which creatives to show for the next impressions."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aigc.cli_lists import as_json, shown

if TYPE_CHECKING:
    from aigc.campaign import Campaign
    from aigc.feedback.arms import Judge
    from aigc.feedback.slots import Slot


@click.command("next")
@click.argument("folder", metavar="DIR")
@click.option(
    "--impressions",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="How many to divide, on each channel.",
)
@click.option(
    "--weights",
    metavar="FILE",
    help="What `aigc learn copy` learned; else those that the campaign was ranked with.",
)
@click.option("--channel", default="", help="Only this channel.")
@click.option("--segment", default="", help="For this audience: key=value; key=value.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@as_json
def upcoming(
    folder: str,
    impressions: int,
    weights: str | None,
    channel: str,
    segment: str,
    seed: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Say which posters to show for the next impressions, by Thompson sampling.

    What counts is what imported logs say of them, and of their texts on other channels and in
    other audiences, and what weights that were learned from clicks expect of the texts.
    """
    from aigc import export
    from aigc.feedback import slots, store

    if as_csv and as_json:
        raise click.UsageError("give --csv or --json")
    with shown():
        campaign = export.load(folder)
        logs = store.read(Path(folder).resolve().parent, campaign.id)
        judge = _judge(campaign, weights)
        found = slots.slots(
            campaign,
            logs,
            impressions,
            judge=judge,
            segment=segment,
            channel=channel,
            seed=seed,
        )
    if as_json:
        click.echo(json.dumps([each.model_dump() for each in found], ensure_ascii=False, indent=2))
    elif as_csv:
        _print_csv(found)
    else:
        _print(found)


def _judge(campaign: Campaign, weights: str | None) -> Judge | None:
    """The learned weights that are asked for, or that the campaign was ranked with."""
    from aigc import events
    from aigc.feedback.slots import texts_of
    from aigc.rank.clicks import learned
    from aigc.rank.clicks.weights import is_saved

    if not weights:
        ranked = next((step.options for step in campaign.steps if step.stage == "rank"), {})
        weights = str(ranked.get("weights") or "")
        if not weights or (Path(weights).exists() and not is_saved(weights)):
            return None  # the shipped weights, or a table, which say nothing of clicks
    model = learned.load(weights)
    unlike = model.unlike(list(texts_of(campaign).values()))
    if any(unlike):
        events.report(
            "next",
            0,
            0,
            f"{sum(unlike)} of {len(unlike)} texts are unlike those that the weights were learned "
            "from, so little is expected of them",
        )
    return model.appeal


def _print(found: list[Slot]) -> None:
    for slot in found:
        click.echo(slot.channel)
        wide = max(len(each.creative) for each in slot.choices)
        click.echo(
            f"  {'creative':<{wide}} {'shown':>9} {'clicks':>7}  {'click rate':<22}"
            f" {'best':>5} {'next':>8}  copy"
        )
        for each in slot.choices:
            rate = f"{each.rate:.2%} ({each.low:.2%}–{each.high:.2%})"
            click.echo(
                f"  {each.creative:<{wide}} {each.shown:>9} {each.clicks:>7}  {rate:<22}"
                f" {_chance(each.best):>5} {each.give:>8}  {each.copy_id}: {each.headline}"
            )
        click.echo(f"  {slot.why}")


def _chance(value: float) -> str:
    """Never 100 % of something that is not certain, nor 0 %."""
    if 0.995 <= value < 1:
        return ">99%"
    return "<1%" if 0 < value < 0.005 else f"{value:.0%}"


def _print_csv(found: list[Slot]) -> None:
    columns = ["channel", *type(found[0].choices[0]).model_fields]
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    for slot in found:
        for each in slot.choices:
            writer.writerow({"channel": slot.channel, **each.model_dump()})
