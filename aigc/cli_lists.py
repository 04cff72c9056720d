"""The commands that say what there is: backends, channels, styles, models, and the machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from aigc.events import Listener

STAGES = ("caption", "copywrite", "rank", "scene", "typeset")
MARKETS = ("china", "southeast-asia", "worldwide")
Command = Callable[..., Any]


def as_json(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def shown() -> AbstractContextManager[Listener]:
    """Show progress while a command runs; rich is imported only then."""
    from aigc import progress

    return progress.shown()


@click.command()
@as_json
def backends(as_json: bool) -> None:
    """List the backends of each stage."""
    from aigc import stage

    table = {
        name: {each: stage.describe(name, each) for each in stage.backends(name)} for name in STAGES
    }
    if as_json:
        click.echo(json.dumps(table, ensure_ascii=False, indent=2))
        return
    for name, rows in table.items():
        for each, says in rows.items():
            click.echo(f"{name:<10} {each:<12} {says}")


@click.command()
@click.option("--market", type=click.Choice(MARKETS), help="Only those of this market.")
@as_json
def channels(market: str | None, as_json: bool) -> None:
    """List the sales channels by platform, what they take and what they refuse."""
    from aigc.channels import all_channels

    rows = [row for row in all_channels().values() if market in (None, row.market)]
    if as_json:
        dumped = [row.model_dump(mode="json") for row in rows]
        click.echo(json.dumps(dumped, ensure_ascii=False, indent=2))
        return
    for platform, own in groupby(rows, key=lambda row: row.platform):
        click.echo(platform)
        for row in own:
            (width, height), unit = (row.print.trim, " mm") if row.print else (row.size, "")
            most = "PDF" if row.print else f"{row.max_bytes // 1000:>6} kB"
            size = f"{width:g}×{height:g}{unit}"
            click.echo(f"  {row.name:<24} {size:<13} {most:>9}  {row.title}")
            if row.forbids:
                click.echo(f"      refuses {row.forbids}")


@click.command()
@as_json
def styles(as_json: bool) -> None:
    """List the style packs: tones, occasions and markets, categories."""
    from aigc import seasons
    from aigc.styles import all_styles

    if as_json:
        rows = [row.model_dump(mode="json") for row in all_styles().values()]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in all_styles().values():
        what = f"{row.title} (tones: {', '.join(row.tones)})"
        click.echo(f"{row.name:<16} {what}")
        if row.occasions:
            when = ", ".join(seasons.festivals()[each].title for each in row.occasions)
            where = ", ".join(seasons.all_markets()[each].title for each in row.markets)
            click.echo(f"{'':<16} for {when} in {where}")
        if row.categories:
            click.echo(f"{'':<16} suits {', '.join(row.categories)}")


@click.group()
def models() -> None:
    """The models and fonts of the builtin backends, and the hub's models that others take."""


@models.command("list")
@as_json
def models_list(as_json: bool) -> None:
    """List them: size, licence, whether it allows commercial use, and whether they are here."""
    from aigc._engines import hub, store

    own = [
        {**model._asdict(), "commercial": "yes", "present": store.present(model.name)}
        for model in store.models().values()
    ]
    here = hub.cached()
    theirs = [
        {"name": model.ref, **model._asdict(), "present": model.ref in here}
        for model in hub.known().values()
    ]
    if as_json:
        click.echo(json.dumps([*own, *theirs], ensure_ascii=False, indent=2))
        return
    click.echo("builtin: pinned, fetched with pip or npm, free for commercial use")
    for row in own:
        absent = "optional" if row["optional"] else "not fetched"
        state = "here" if row["present"] else absent
        megabytes = f"{row['bytes'] / 1e6:.1f} MB"
        click.echo(
            f"  {row['name']:<25} {megabytes:>9}  {state:<11} {row['licence']:<11} {row['use']}"
        )
    for stage, rows in groupby(theirs, key=lambda row: row["stage"]):
        click.echo(f"{stage}: from the model hub (* is the default)")
        for row in rows:
            mark = "*" if row["default"] else " "
            state = "here" if row["present"] else "not fetched"
            may = {"yes": "", "no": "NOT FOR COMMERCIAL USE", "limited": "on conditions"}
            takes = f"takes {row['vram']:g} GB of graphics memory" if row["vram"] else ""
            said = (may[row["commercial"]], takes, row["note"])
            notes = "; ".join(part for part in said if part)
            gigabytes = f"{row['gigabytes']:.1f} GB"
            click.echo(f"{mark} {row['name']:<50} {gigabytes:>8}  {state:<11} {row['licence']}")
            if notes:
                click.echo(f"      {notes}")


@models.command("pull")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def models_pull(names: tuple[str, ...]) -> None:
    """Fetch those named, or all builtin ones, and check them; OWNER/NAME is one of the hub."""
    from aigc.doctor import prepare

    with shown():
        for name, path in prepare(names):
            click.echo(f"{name}: {path}")


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Say what works on this machine, and how to make the rest work."""
    from aigc.doctor import check

    checks = check()
    if as_json:
        click.echo(json.dumps([row._asdict() for row in checks], ensure_ascii=False, indent=2))
        return
    for row in checks:
        click.echo(f"{'ok' if row.ok else '--':<3} {row.name:<18} {row.says}")
        if row.remedy:
            click.echo(f"    → {row.remedy}")
