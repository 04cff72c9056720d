"""The command that makes a whole catalogue."""

from __future__ import annotations

import contextlib
import json
import shlex
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from aigc import cli_check, cli_estimate, cli_recipe
from aigc.cli_lists import as_json

if TYPE_CHECKING:
    from aigc.batches import Snapshot
    from aigc.batches.log import Log
    from aigc.cli_check import Products
    from aigc.recipe import Recipe

_OF_CATALOGUES = ("columns", "defaults", "channels", "currency")
_NOT_AGAIN = {*_OF_CATALOGUES, "output", "dry_run", "strict", "retry_failed", "log_json", "as_json"}


@click.command()
@click.argument("source", metavar="[CATALOGUE]", required=False)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default="outputs",
    show_default=True,
    help="Where campaigns go: a folder, or s3://, gs://, oss://.",
)
@click.option("--dry-run", is_flag=True, help="Say what it would make and take; make nothing.")
@click.option("--strict", is_flag=True, help="Make nothing where any row is wrong.")
@click.option("--retry-failed", is_flag=True, help="Only what DIR/failed.jsonl lists, as it reads.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="The column that holds a field, where its name does not say so; repeatable.",
)
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field where a row leaves it empty, e.g. language=zh-CN, brand.name=Alder; repeatable.",
)
@click.option(
    "--channel",
    "channels",
    multiple=True,
    help="A channel for rows that name none, see `aigc channels`; repeatable.",
)
@click.option("--currency", default="", help="Put to prices that are bare numbers: $, EUR, {} kr.")
@click.option("--photos", metavar="DIR", help="Folder to look for photos in, by file name.")
@click.option(
    "--fetch-photos", is_flag=True, help="Download photos that are web addresses, and keep them."
)
@click.option(
    "--fetch-private", is_flag=True, help="With --fetch-photos: also from machines of this network."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as cores, if not.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This machine, or a Ray cluster.",
)
@click.option(
    "--gpus",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of a graphics card for each Ray actor that paints.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="What one product may take.",
)
@click.option("--recipe", metavar="FILE", help="Recipe file (TOML).")
@cli_recipe.backend_options
@click.option("--log-json", metavar="FILE", help="Write what happens as JSON lines; - is stdout.")
@as_json
@click.pass_context
def batch(context: click.Context, /, source: str | None, as_json: bool, **options: Any) -> None:
    """Make a campaign of every product in a catalogue.

    CATALOGUE is a folder of photos, a table of briefs (CSV, TSV, Excel, JSONL, Parquet), or an
    export of Shopify, WooCommerce or the Taobao assistant.

    All rows are checked first. Wrong ones are shown and left out; they end in DIR/failed.jsonl with
    whatever else fails, and do not stop the others. The same command goes on where a stopped or
    killed one ended. DIR/index.html shows what was made.

    Exit codes: 0 all made, 1 nothing could begin, 2 wrong usage, 3 some failed, 130 stopped.
    """
    _check_usage(source, as_json, options)
    from aigc.batches import log

    recipe = cli_recipe.recipe(options)
    with log.opened(options["log_json"]) as told:
        products = _products(source, options, told)
        if options["dry_run"]:
            cli_estimate.dry_run(products, recipe, options, told, as_json=as_json)
            return
        if products.total:
            cli_check.check(products, told, strict=options["strict"])
            summary = _made(products, recipe, source, options, told)
        else:
            click.echo(
                "nothing to make" if source else "nothing failed, nothing to retry", err=True
            )
            summary = _summary(options["output"], Counter(), 0.0)
        summary |= {"retry": _retry(context, options)} if summary["failed"] else {}
        told.write("ended", summary)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    elif options["log_json"] != "-":
        _print_summary(summary)
    if summary["failed"]:
        context.exit(3)


def _check_usage(source: str | None, as_json: bool, options: dict[str, Any]) -> None:
    if options["retry_failed"] == bool(source):
        raise click.UsageError("give a CATALOGUE, or --retry-failed")
    if not source and any(options[name] for name in _OF_CATALOGUES):
        raise click.UsageError(
            "--retry-failed takes briefs as failed.jsonl has them; mend them there"
        )
    if as_json and options["log_json"] == "-":
        raise click.UsageError("--log-json - prints JSON already; give --json, or a file")


def _products(source: str | None, options: dict[str, Any], told: Log) -> Products:
    """What to make; of a catalogue, what was recognised in it is shown."""
    from aigc.batches import PRIVATE
    from aigc.batches.storage import place
    from aigc.catalogue import cells

    kept = place(options["output"]).root() / PRIVATE / "photos"
    fetch = kept if options["fetch_photos"] else None
    photos, private = options["photos"], options["fetch_private"]
    if source is None:
        from aigc.batches.retry import Failed

        return Failed(options["output"], photos=photos, fetch=fetch, private=private)
    from aigc.catalogue import read

    given = _pairs("--default", options["defaults"])
    defaults: dict[str, Any] = {}
    for field, value in given.items():
        head, dot, tail = field.partition(".")
        if dot:
            defaults.setdefault(head, {})[tail] = cells.meant(field, value)
        else:
            defaults[field] = cells.meant(field, value)
    if options["channels"]:
        defaults["channels"] = options["channels"]
    found = read(
        source,
        columns=_pairs("--column", options["columns"]),
        defaults=defaults,
        photos=photos,
        currency=options["currency"],
        fetch=fetch,
        private=private,
    )
    for line in found.mapping.lines():
        click.echo(line, err=True)
    told.write("mapping", found.mapping.model_dump(mode="json"))
    return found


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for each in given:
        field, equals, value = each.partition("=")
        if not equals or not field.strip():
            raise click.UsageError(f"{option} {each}: write FIELD=...")
        pairs[field.strip()] = value.strip()
    return pairs


def _made(
    products: Products,
    recipe: Recipe,
    source: str | None,
    options: dict[str, Any],
    told: Log,
) -> dict[str, Any]:
    """Make them, and sum up."""
    from aigc.batches import live, run

    output = options["output"]
    told.write("started", {"catalogue": source, "outputs": output, "total": products.total})
    began = time.monotonic()
    ends: Counter[str] = Counter()
    title = f"aigc batch: {source or 'what failed'} → {output}"
    with live.shown(title) as table:

        def listen(snapshot: Snapshot) -> None:
            table(snapshot)
            told(snapshot)

        made = run.batch(
            products.entries(),
            recipe=recipe,
            outputs=output,
            workers=options["workers"],
            engine=options["engine"],
            gpus=options["gpus"],
            listener=listen,
            timeout=options["timeout"],
            total=products.total,
            retry=source is None,
        )
        with contextlib.closing(made):  # Ctrl-C: workers end before anything is said
            for result in made:
                ends[result.status] += 1
    return _summary(output, ends, time.monotonic() - began)


def _summary(output: str, ends: Counter[str], seconds: float) -> dict[str, Any]:
    """How many ended how, and where to look."""
    from aigc.batches.run import FAILED
    from aigc.batches.storage import place

    where = place(output)
    names = {"open": "index.html", "index": "index.parquet"}
    names |= {"failures": FAILED} if ends["failed"] else {}
    return {
        **{status: ends[status] for status in ("done", "kept", "failed")},
        "seconds": round(seconds, 1),
        "rate": round(60 * ends["done"] / seconds, 2) if seconds else 0.0,
        **{what: where.shown(name) for what, name in names.items() if where.exists(name)},
    }


def _retry(context: click.Context, options: dict[str, Any]) -> str:
    """The command that tries again what failed, in the same way."""
    said = ["aigc", "batch", "--retry-failed", "-o", options["output"]]
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if not given or name not in options or name in _NOT_AGAIN:
            continue
        values = options[name] if isinstance(options[name], tuple) else (options[name],)
        for value in values:
            said += [option.opts[0]] if value is True else [option.opts[0], str(value)]
    return shlex.join(said)


def _print_summary(summary: dict[str, Any]) -> None:
    from aigc.batches import pace

    for status in ("done", "kept", "failed"):
        click.echo(f"{status:<9} {summary[status]:,}")
    rate = f", {pace.number(summary['rate'])} products/minute" if summary["done"] else ""
    click.echo(f"took      {pace.span(summary['seconds'])}{rate}")
    for what in ("open", "index", "failures", "retry"):
        if what in summary:
            click.echo(f"{what:<9} {summary[what]}")
