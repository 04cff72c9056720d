"""`aigc feedback attribute`: share each conversion among the touches that led to it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigc.cli_lists import as_json, shown

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
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=NAME",
    help="The column of a field: path, conversions, others (those that did not convert), value; "
    "or journey (a hash, no one's id), time, creative, channel, converted, value.",
)
@click.option("--separator", default=">", show_default=True, help="Between the touches of a path.")
@click.option(
    "-k", "least", default=50, show_default=True, help="Show no touch of fewer journeys than this."
)
@click.option(
    "--resamples", default=200, show_default=True, help="For the intervals; 0 leaves them out."
)
@click.option("--seed", default=0, show_default=True, help="Of the resamples.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Also write a CSV file.")
@as_json
def attribute(
    files: tuple[str, ...],
    parts: tuple[str, ...],
    columns: tuple[str, ...],
    separator: str,
    least: int,
    resamples: int,
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Share each conversion among the touches that led to it, by creative and by channel.

    PATHS are tables (CSV, TSV, JSONL, Parquet) with a row a path, `a > b > c` and how many journeys
    took it, or a row a touch. A touch is creative@channel, creative, or @channel. Journeys that did
    not convert belong in them too.
    """
    from aigc import disk
    from aigc.feedback import attribution, paths

    with shown():
        found = paths.read(files, _fields(columns, paths.FIELDS), separator)
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
    click.echo(READ)


def _fields(columns: Iterable[str], fields: tuple[str, ...]) -> dict[str, str]:
    given = dict(each.split("=", 1) for each in columns if "=" in each)
    if wrong := [
        each for each in columns if each.partition("=")[0] not in fields or "=" not in each
    ]:
        raise click.UsageError(f"--column {wrong[0]}: FIELD=NAME, FIELD of {', '.join(fields)}")
    return given


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
