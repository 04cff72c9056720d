"""What `aigc batch --dry-run` prints."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigc import cli_check

if TYPE_CHECKING:
    from aigc.batches.estimate import Estimate
    from aigc.batches.log import Log
    from aigc.cli_check import Products
    from aigc.recipe import Recipe

_BASIS = {
    "sample": "measured on {} of these products, which were made in a folder that is deleted again",
    "earlier": "measured on {} products that were made there before",
    "nothing": "",
}


def dry_run(
    products: Products, recipe: Recipe, options: dict[str, Any], told: Log, *, as_json: bool
) -> None:
    """Check the products, and print what they would make and take."""
    from aigc.batches.count import counting
    from aigc.batches.estimate import estimate

    with counting(recipe, options["output"]) as count:
        cli_check.check(products, told, strict=options["strict"], also=count.add)
        if options["engine"] == "local":
            for stage in recipe.values():
                stage.ready()
        found = estimate(count, recipe, options["workers"], lambda line: click.echo(line, err=True))
    told.write("estimate", found.model_dump(mode="json"))
    if as_json:
        click.echo(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2))
    elif options["log_json"] != "-":
        for what, says in _lines(found, options):
            click.echo(f"{what:<9} {says}")


def _lines(found: Estimate, options: dict[str, Any]) -> list[tuple[str, str]]:
    from aigc.batches.pace import span

    parts = {
        "finished before": found.whole,
        "the same as another": found.repeated,
        "wrong": found.wrong,
    }
    others = "".join(f", {count:,} {what}" for what, count in parts.items() if count)
    products = ("products", f"{found.products:,}: {found.make:,} to make{others}")
    if not found.make:
        return [products]
    workers = ", ".join(f"{count} {name}" for name, count in found.workers.items())
    lines = [
        products,
        ("makes", f"{found.posters:,} posters; {found.files:,} files{_size(found)}"),
        ("workers", f"{workers}{_as_here(options)}"),
    ]
    if found.seconds is None or found.likely is None:
        lines.append(("time", "not measured"))
    else:
        low, high = map(span, found.likely)
        lines.append(("time", f"about {span(found.seconds)}, likely {low} to {high}"))
    if found.work:
        lines.append(("work", f"{span(found.work)} of one worker in all"))
    if found.memory:
        lines.append(("memory", f"{_large(found.memory)} a worker"))
    lines += [
        (
            "asks",
            f"{stage}: {each.requests:,} requests at least"
            f" of {f'{each.model!r} ' if each.model else ''}"
            f"{'on a server' if each.of == 'endpoint' else 'on a graphics card'}",
        )
        for stage, each in found.asked.items()
    ]
    if found.asked and found.basis == "nothing":
        lines.append(("", "nothing was asked; time and bytes show once 20 products are made"))
    if says := _BASIS[found.basis].format(found.measured):
        lines.append(("how", says))
    free = _free(options["output"])
    if free is not None and found.bytes is not None and found.bytes > free:
        lines.append(("disk", f"only {_large(free)} are free there"))
    return lines


def _as_here(options: dict[str, Any]) -> str:
    if options["engine"] == "ray" and not options["workers"]:
        return " as on this machine; say how many the cluster has with --workers"
    return ""


def _size(found: Estimate) -> str:
    return "" if found.bytes is None else f", about {_large(found.bytes)}"


def _large(size: int) -> str:
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size / 1000:.0f} kB"


def _free(output: str) -> int | None:
    """Bytes free where a local folder is, or will be."""
    from aigc.batches.storage import place

    where = place(output)
    if where.remote:
        return None
    path = Path(where.root()).absolute()
    return shutil.disk_usage(next(each for each in (path, *path.parents) if each.exists())).free
