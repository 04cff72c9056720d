"""`aigc learn`: weights of a ranker, learned from evidence and kept in a small file."""

from __future__ import annotations

import json

import click

from aigc import cli_copy
from aigc.cli_lists import as_json, shown


@click.group()
def learn() -> None:
    """Learn weights from evidence: click logs, or references of captions."""


@learn.command()
@click.argument("data", metavar="DATA")
@click.option("-o", "--output", default="weights.json", show_default=True, help="The weights file.")
@click.option("--photo", metavar="COLUMN", help="Column of the photo's path.")
@click.option("--reference", metavar="COLUMN", help="Column of what was written about it.")
@click.option("--name", metavar="COLUMN", help="Column of the name it is sold by.")
@click.option("--product", metavar="COLUMN", help="Column of what it is, in a word or two.")
@click.option("--language", default="en", show_default=True, help="Language of the references.")
@click.option("--metric", type=click.Choice(["chrf", "bleu"]), default="chrf", show_default=True)
@click.option("--candidates", type=click.IntRange(0, 32), help="caption.candidates, as it will be.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the fit.")
@as_json
def caption(
    data: str,
    output: str,
    language: str,
    metric: str,
    candidates: int | None,
    seed: int,
    as_json: bool,
    **columns: str | None,
) -> None:
    """Tune the order of caption sentences on photos with references (CSV, JSONL, Parquet).

    Use the file with `--set caption.weights=FILE`. The score is that of photos held out: each is
    captioned once with weights that were tuned on the others. Read the sentences that are shown
    before you use them: a higher score means words like the references', not better captions.
    """
    from aigc.caption import tune

    given = {field: name for field, name in columns.items() if name}
    with shown():
        outcome = tune.learn(
            data,
            output,
            columns=given,
            language=language,
            measure="bleu" if metric == "bleu" else "chrf",
            candidates=candidates,
            seed=seed,
        )
    if as_json:
        click.echo(json.dumps(outcome.plain() | {"file": output}, ensure_ascii=False, indent=2))
        return
    for line in outcome.table():
        click.echo(line)
    click.echo(f"weights   {output}")


learn.add_command(cli_copy.learn_copy)
