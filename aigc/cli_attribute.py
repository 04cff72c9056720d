"""`aigc feedback attribute`: share each conversion among the touches that led to it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigc.cli_lists import as_json as with_json
from aigc.cli_lists import shown

if TYPE_CHECKING:
    from aigc.feedback.attribution import Touch

PARTS = ("creative", "channel", "touch")
READ = """\
markov: the share of conversions lost if journeys ended there; shapley: each conversion in equal
parts to the touches it met. Both say what was on the way, not what caused it: who would have
bought anyway is counted too. Only a randomised test tells that."""


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="PATHS...")
@click.option(
    "--by", "parts", multiple=True, type=click.Choice(PARTS), help="Default: creative and channel."
)
@click.option("--path", metavar="COLUMN", help="The path, in a table of paths.")
@click.option("--conversions", metavar="COLUMN", help="How many journeys of a path converted.")
@click.option("--others", metavar="COLUMN", help="How many did not.")
@click.option("--journey", metavar="COLUMN", help="Whose touch it is: a hash, no one's id.")
@click.option("--time", metavar="COLUMN", help="When a touch was: ISO 8601, or seconds.")
@click.option("--creative", metavar="COLUMN", help="What was shown.")
@click.option("--channel", metavar="COLUMN", help="Where.")
@click.option("--converted", metavar="COLUMN", help="If the journey, or at this touch, converted.")
@click.option("--value", metavar="COLUMN", help="What the conversions were worth.")
@click.option("--separator", default=">", show_default=True, help="Between the touches of a path.")
@click.option(
    "-k",
    "least",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Show no touch of fewer journeys than this.",
)
@click.option(
    "--resamples",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    help="For the intervals; 0 leaves them out.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the resamples."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Also write a CSV file.")
@with_json
def attribute(
    files: tuple[str, ...],
    parts: tuple[str, ...],
    separator: str,
    least: int,
    resamples: int,
    seed: int,
    output: str | None,
    as_json: bool,
    **columns: str | None,
) -> None:
    """Share each conversion among the touches that led to it, by creative and by channel.

    PATHS are tables (CSV, TSV, JSONL, Parquet) with a row a path, `a > b > c` and how many journeys
    took it, or a row a touch. A touch is creative@channel, creative, or @channel. Journeys that did
    not convert belong in them too. Columns are found by their usual names; the options name others.

    Journeys' ids only hold touches together; they are neither kept nor shown. What looks like a
    person's (e-mail, phone, IP address, or a column so called that is not hashed) is refused.
    """
    from aigc import disk
    from aigc.feedback import attribution, paths

    given = {field: column for field, column in columns.items() if column is not None}
    with shown():
        found = paths.read(files, given, separator)
        tables = {
            part: attribution.attribute(own, least=least, resamples=resamples, seed=seed)
            for part in parts or PARTS[:2]
            if (own := paths.by(found, part))
        }
    journeys = sum(path.conversions + path.others for path in found)
    conversions = sum(path.conversions for path in found)
    if output:
        disk.write(Path(output), _csv(tables).encode())
    if as_json:
        dumped = {part: [_row(touch) for touch in rows] for part, rows in tables.items()}
        result = {"journeys": journeys, "conversions": conversions, "k": least, **dumped}
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    click.echo(f"{journeys:,} journeys, {conversions:,} conversions")
    for part, rows in tables.items():
        click.echo("\n".join(_table(part, rows)))
        if not rows:
            click.echo(f"fewer than {least} journeys: none is shown (--min-journeys)")
    click.echo(READ)


def _table(part: str, rows: list[Touch]) -> Iterable[str]:
    from aigc.feedback.attribution import MODELS

    width = max([len(part), *(len(row.name) for row in rows)])
    ranged, plain = MODELS[:2], MODELS[2:]
    yield ""
    yield (
        f"{part:<{width}} {'journeys':>9} {'converted':>9}"
        + "".join(f"  {model + ' (95 %)':<19}" for model in ranged)
        + "".join(f"{model:>8}" for model in plain)
    )
    for row in rows:
        line = f"{row.name:<{width}} {row.journeys:>9,} {row.converted:>9,}"
        for model in ranged:
            own = row.credits[model]
            line += f"  {own.share:>6.1%} {f'{own.low:.1%}..{own.high:.1%}':<12}"
        yield line + "".join(f"{row.credits[model].share:>8.1%}" for model in plain)


def _row(touch: Touch) -> dict[str, Any]:
    owed = {model: each._asdict() for model, each in touch.credits.items()}
    return touch._asdict() | {"credits": owed}


def _csv(tables: dict[str, list[Touch]]) -> str:
    stream = io.StringIO()
    rows = [
        {"by": part, **touch._asdict()}
        | {
            f"{model}_{key}": of
            for model, each in touch.credits.items()
            for key, of in each._asdict().items()
        }
        for part, touches in tables.items()
        for touch in touches
    ]
    for row in rows:
        del row["credits"]
    writer = csv.DictWriter(stream, list(rows[0]) if rows else ["by"])
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
