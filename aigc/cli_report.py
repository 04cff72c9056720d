"""`aigc feedback report`: what was clicked, on one page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aigc import cli_lists
from aigc.cli_lists import as_json


@click.command()
@click.argument("folder", metavar="[DIR]", default="outputs")
@click.option("--to", metavar="FILE", help="The page to write; else feedback.html in DIR.")
@click.option(
    "--min-impressions",
    "least",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Smaller groups are not shown.",
)
@as_json
def report(folder: str, to: str | None, least: int, as_json: bool) -> None:
    """Say what was clicked and what to make more of, of all campaigns in DIR or of one."""
    from aigc.disk import write
    from aigc.feedback import report as page
    from aigc.feedback import summary

    with cli_lists.shown():
        found, known = summary.of_folder(folder, least)
        path = Path(to).expanduser() if to else Path(folder) / page.FILE
        write(path, page.render(found, known).encode())
    if as_json:
        table = {"file": str(path), **found.model_dump(mode="json")}
        click.echo(json.dumps(table, ensure_ascii=False, indent=2))
        return
    click.echo(page.text(found))
    click.echo(path)
