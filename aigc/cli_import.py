"""`aigc feedback import`: what the ad platforms' logs say, into the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aigc.cli_lists import as_json as with_json
from aigc.cli_lists import shown
from aigc.errors import BriefError

if TYPE_CHECKING:
    from aigc.feedback.store import Imported

_TOLD = 20  # skipped rows of a file, unknown creatives of all


@click.command("import")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("-o", "--output", default="outputs", show_default=True, help="Where campaigns are.")
@click.option("--creative", metavar="COLUMN", help="Ad's name, id or link that holds our id.")
@click.option("--channel", metavar="COLUMN", help="Platform or placement; =taobao for all rows.")
@click.option(
    "--segment",
    multiple=True,
    metavar="[KEY=]COLUMN",
    help="Traits of those who saw it; repeatable; '' for none. Age, gender, region, device and "
    "audience are found by name.",
)
@click.option("--day", metavar="COLUMN", help="Day; =2026-11-22 for all rows.")
@click.option("--impressions", metavar="COLUMN", help="How often it was shown.")
@click.option("--clicks", metavar="COLUMN", help="How often it was clicked.")
@click.option("--conversions", metavar="COLUMN", help="How often something was bought.")
@click.option("--cost", metavar="COLUMN", help="What it cost.")
@click.option("--day-format", metavar="FORMAT", default="", help="How days are written: %d/%m/%Y.")
@click.option(
    "--source",
    default="",
    metavar="NAME",
    help="Whose figures: give each account its own, where two count the same creatives.",
)
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave it unread; repeatable.")
@click.option("--afresh", is_flag=True, help="Drop first what this source said before.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@with_json
def import_logs(
    logs: tuple[str, ...],
    output: str,
    segment: tuple[str, ...],
    day_format: str,
    source: str,
    ignore: tuple[str, ...],
    afresh: bool,
    dry_run: bool,
    as_json: bool,
    **columns: str | None,
) -> None:
    """Import ad platforms' logs: CSV, TSV, JSONL, Parquet; .gz too.

    A creative is known by its id, which is in each poster's metadata and may stand anywhere in an
    ad's name or link: "Autumn | teapot-1a2b3c4d.taobao-main | v2". Columns are found by the names
    that the platforms give them, in English and Chinese; the options name others.

    The same rows again change nothing. A later log that has other figures for the same source,
    creative, channel, segment and day replaces them, for the platforms restate their days. Rows
    of one log that agree in all of these are added up. A bad row is named and skipped.

    No personal identifiers are stored. A log with a column that looks like them (e-mail, phone,
    user id, device id, IP address, name ...) is refused, unless each value of it is a digest
    (SHA-256 or another of 16 to 64 bytes, hexadecimal or Base64) or --ignore leaves it unread. Rows
    whose creative, channel or segment looks like one are skipped, and a segment with so many
    values that it singles out people is refused. Columns that are not named above are never
    stored.
    """
    from aigc.feedback import store

    given: dict[str, str | tuple[str, ...]] = {
        name: column for name, column in columns.items() if column is not None
    }
    if segment:
        given["segment"] = tuple(each for each in segment if each)
    with shown():
        imported = store.import_logs(
            logs,
            output,
            given,
            source=source,
            day_format=day_format,
            ignore=ignore,
            afresh=afresh,
            dry_run=dry_run,
        )
    if as_json:
        click.echo(imported.model_dump_json(indent=2))
    else:
        _print(imported)
    if not imported.stored:
        raise BriefError(f"no row could be imported; {_first(imported)}")


def _first(imported: Imported) -> str:
    for file in imported.files:
        for line, reason in file.reasons:
            return f"'{file.file}', line {line}: {reason}"
    return "the logs have none"


def _print(imported: Imported) -> None:
    for file in imported.files:
        click.echo(file.file)
        named = (f"{field} = {column.removeprefix('=')}" for field, column in file.columns.items())
        click.echo(f"  {', '.join(named)}")
        click.echo(
            f"  {file.rows} rows; added up: {file.new} new, {file.known} known, "
            f"{file.replaced} replaced; {file.skipped} skipped"
        )
        for line, reason in file.reasons[:_TOLD]:
            click.echo(f"  line {line}: {reason}")
        if file.skipped > _TOLD:
            click.echo(f"  and {file.skipped - _TOLD} more")
    ours = imported.creatives - len(imported.unknown)
    click.echo(f"creatives {ours} of {imported.creatives} are of campaigns there")
    if imported.unknown:
        more = " ..." if len(imported.unknown) > _TOLD else ""
        click.echo(f"unknown   {', '.join(imported.unknown[:_TOLD])}{more}")
    source = f", source {imported.source}" if imported.source else ""
    click.echo(f"database  {imported.database}{source}")
    if imported.dry_run:
        click.echo("tried     nothing was written")
