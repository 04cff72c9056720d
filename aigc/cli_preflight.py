"""The command that checks print PDFs as a printer's prepress does."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aigc.cli_lists import as_json

_SIGNS = {"pass": "ok", "warn": "!", "fail": "--"}


@click.command()
@click.argument("path", metavar="FILE.pdf|DIR", type=click.Path(path_type=Path))
@as_json
def preflight(path: Path, as_json: bool) -> None:
    """Check print PDFs: bleed, resolution, safe area, fonts, spot colours; exit 1 if one fails."""
    from aigc.typeset.print.preflight import files

    found = files(path)
    if as_json:
        rows = {name: [each.model_dump() for each in checks] for name, checks in found.items()}
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for name, checks in found.items():
            click.echo(name)
            for each in checks:
                click.echo(f"  {_SIGNS[each.level]:<3} {each.check:<13} {each.found}")
                if each.remedy:
                    click.echo(f"      → {each.remedy}")
    if any(each.level == "fail" for checks in found.values() for each in checks):
        raise click.exceptions.Exit(1)


def failing(report: Path) -> list[str]:
    """What a report beside a PDF says must be mended before printing, a line each."""
    if report.suffix != ".json":
        return []
    rows = json.loads(report.read_text("utf-8"))
    return [
        f"{row['check']}: {row['found']} → {row['remedy']}"
        for row in rows
        if row["level"] == "fail"
    ]
