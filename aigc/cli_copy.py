"""`aigc learn copy`: which copy draws clicks, from logs of tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from aigc.cli_lists import as_json, shown

if TYPE_CHECKING:
    from aigc.rank.clicks.learned import Learned, Voice

_SHOWN = 6  # traits for and against


@click.command("copy")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where the weights go (JSON).")
@click.option("--test", metavar="COLUMN", help="Column with the test's id.")
@click.option("--text", metavar="COLUMN", help="Column with the text.")
@click.option("--impressions", metavar="COLUMN", help="Column with how often it was shown.")
@click.option("--clicks", metavar="COLUMN", help="Column with how often it was clicked.")
@click.option("--segment", metavar="COLUMN", help="Column with who saw it, key=value; key=value.")
@click.option("--note", default="", help="What else is to be known of the logs; kept in the file.")
@as_json
def learn_copy(
    logs: tuple[str, ...], output: str, note: str, as_json: bool, **columns: str | None
) -> None:
    """Learn from click logs which copy draws clicks: CSV, TSV, JSONL or Parquet.

    Texts are compared inside a test. Columns are found by their names, or named by options.
    """
    from aigc.rank.clicks import learned, log

    with shown():
        read = log.read(logs, {field: name for field, name in columns.items() if name})
        found = learned.learn(read, note)
        found.save(output)
    skipped = {"rows_skipped": read.wrong, "tests_without_evidence": read.silent}
    if as_json:
        voices = [voice._asdict() for voice in found.voices()]
        head = found.head.model_dump(mode="json", exclude={"features"})
        said = {"weights": output, **head, **skipped, "traits": voices}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    _print(found, skipped)
    click.echo(f"weights    {output}")


def _print(found: Learned, skipped: dict[str, int]) -> None:
    """Say what was learned, how well it foretells, and where it is not to be trusted."""
    head = found.head
    evidence = ", ".join(f"{count:,} {name}" for name, count in head.evidence.items())
    without = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in skipped.items())
    click.echo(f"evidence   {evidence}\n           {without}")
    if head.score is None:
        click.echo("score      no pair of texts was decided; nothing says how well this foretells")
    else:
        score = head.score
        click.echo(
            f"score      {score.value:.3f} ({score.low:.3f} to {score.high:.3f}) of "
            f"{head.facts['pairs']:,} decided pairs in held-out tests; 0.5 is a coin"
        )
    click.echo("calibration: of pairs in held-out tests, how often the likelier one was ahead")
    for pairs, said, seen in head.facts["reliability"]:
        click.echo(f"  said {said:>4.0%}, was {seen:>4.0%}  of {pairs:,} pairs")
    voices = found.voices()
    click.echo("traits: clicks more or less for a usual amount of each, 95 % sure of the range")
    for sign in (1, -1):
        own = [voice for voice in voices if sign * voice.effect > 2 * voice.error][:_SHOWN]
        if not own:
            click.echo(f"  none is surely {'for' if sign > 0 else 'against'}")
        for voice in own:
            click.echo(f"  {_odds(voice)}  {voice.label}")
    click.echo(f"trust      {_trust(found)}")


def _odds(voice: Voice) -> str:
    """How much more clicks a usual amount of a trait means, in percent of the odds."""
    return f"{100 * voice.effect:+5.1f} % ± {200 * voice.error:.1f}"


def _trust(found: Learned) -> str:
    """Where not to trust weights."""
    score = found.head.score
    if score is None or score.low <= 0.5:
        return "not at all yet: no better than a coin where it can be checked; add logs"
    return (
        "texts like the log's only: of others ranking warns, and their clicks count for less; "
        "a score foretells clicks, not sales, and says nothing of what is true"
    )
