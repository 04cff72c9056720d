"""The command line. Results go to stdout, progress and errors to stderr.

Nothing heavy is imported before a command runs: `aigc --help` answers at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigc import (
    __version__,
    cli_batch,
    cli_feedback,
    cli_inspect,
    cli_learn,
    cli_lists,
    cli_next,
    cli_preflight,
    cli_rank,
    cli_recipe,
    cli_ui,
)
from aigc.cli_lists import STAGES, as_json, shown
from aigc.cli_recipe import backend_options
from aigc.errors import AigcError

if TYPE_CHECKING:
    from aigc.campaign import Brief, Campaign


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aigc")
def cli() -> None:
    """From one product photo and a few words to a campaign folder."""


def main() -> None:
    """Run the command line: exit 0 done, 1 user error in one line, 2 wrong usage, 3 some failed."""
    try:
        code = cli.main(standalone_mode=False)
    except AigcError as error:
        click.echo(f"aigc: {error}", err=True)
        code = 1
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("aigc: stopped; the same command goes on where this one ended", err=True)
        code = 130
    sys.exit(code)


@cli.command()
@click.argument("source", metavar="BRIEF_OR_PHOTO")
@click.option("--name", help="Product name as it is sold.")
@click.option("--product", help="What it is, in a word or two.")
@click.option("--feature", "features", multiple=True, help="A true selling point; repeatable.")
@click.option("--price", help="Price as printed, e.g. ¥199.")
@click.option("--was", help="Price before, shown struck through.")
@click.option("--discount", help="What is off, e.g. -30%, 7折.")
@click.option("--coupon", help="Coupon, e.g. TEA20.")
@click.option("--link", help="Address that the QR code opens.")
@click.option("--badge", "badges", multiple=True, help="A certificate it has; repeatable.")
@click.option("--audience", help="Whom it is for.")
@click.option("--tone", help="promotional, functional, fun, poetic or heartwarming.")
@click.option(
    "--language", help="en, zh-CN; any other needs `texts` in a brief, or a language model."
)
@click.option("--market", help="Country or region.")
@click.option("--date", help="Day the campaign opens, YYYY-MM-DD.")
@click.option("--brand", help="Brand name.")
@click.option("--logo", help="Path of the brand's logo.")
@click.option("--font", help="Path of the brand's own font, TTF or OTF.")
@click.option(
    "--channel", "channels", multiple=True, help="A channel, see `aigc channels`; repeatable."
)
@click.option("--style", help="Style pack, or auto; `aigc styles` lists them.")
@click.option("--variants", type=int, help="Posters a channel.")
@click.option("--seed", type=int, help="Same seed, same campaign.")
@click.option("-o", "--output", default="outputs", show_default=True, help="Where campaigns go.")
@click.option("--recipe", metavar="FILE", help="Recipe file (TOML).")
@backend_options
@as_json
def run(source: str, output: str, as_json: bool, **options: Any) -> None:
    """Make a campaign from a brief file, or from a photo and flags."""
    from aigc import pipeline

    recipe = cli_recipe.recipe(options)
    brief = _brief(source, options)
    with shown() as listener:
        campaign = pipeline.run(brief, recipe, outputs=output, listener=listener)
    cli_inspect.print_verdicts(campaign, as_json)
    _print_campaign(campaign, as_json)


def _redo(stage: str, description: str) -> None:
    @backend_options
    @as_json
    def command(folder: str, as_json: bool, **options: Any) -> None:
        _redo_stage(folder, stage, options, as_json)

    command.__doc__ = description
    cli.command(stage)(click.argument("folder", metavar="DIR")(command))


def _redo_stage(folder: str, stage: str, options: dict[str, Any], as_json: bool) -> None:
    from aigc import pipeline

    with shown() as listener:
        campaign = pipeline.redo(
            folder,
            stage,
            backends={each: options[each] for each in STAGES if options[each]},
            options=options["settings"],
            listener=listener,
        )
    cli_inspect.print_verdicts(campaign, as_json)
    _print_campaign(campaign, as_json)


_redo("caption", "Caption a saved campaign again, and redo what follows from it.")
_redo("copywrite", "Write the copy of a saved campaign again, and redo what follows.")
_redo("scene", "Paint the scenes of a saved campaign again, and typeset on them.")
_redo("typeset", "Typeset a saved campaign again.")


@cli.command()
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--photo", help="Rank texts against this photo instead of a saved campaign.")
@click.option("--texts", type=click.Path(), help="File of texts, one a line; - for stdin.")
@click.option("--weights", metavar="FILE", help="Weights of the score: rank.weights.")
@click.option("--posters", is_flag=True, help="Rank the campaign's posters instead, best first.")
@click.option("--reward", metavar="MODEL", help="With --posters: the reward model.")
@click.option("--device", help="With --posters: auto (a graphics card), cuda, cuda:N or cpu.")
@backend_options
@as_json
def rank(
    folder: str | None,
    photo: str | None,
    texts: str | None,
    weights: str | None,
    posters: bool,
    reward: str | None,
    device: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Rank a saved campaign's copy again, or its posters, or any texts against any photo."""
    if weights:
        options["settings"] += (f"rank.weights={json.dumps(weights, ensure_ascii=False)}",)
    if posters and weights:
        raise click.UsageError("--posters takes no --weights")
    if posters and folder and not (photo or texts):
        cli_rank.print_posters(folder, reward, device, as_json)
    elif posters or reward or device:
        raise click.UsageError("--posters takes a campaign folder; --reward and --device need it")
    elif folder and not (photo or texts):
        _redo_stage(folder, "rank", options, as_json)
    elif photo and texts and not folder:
        recipe = cli_recipe.recipe(options | {"recipe": None})
        cli_rank.print_texts(photo, texts, recipe["rank"], as_json)
    else:
        raise click.UsageError("give a campaign folder, or --photo and --texts")


@cli.command("zip")
@click.argument("folder", metavar="DIR")
@click.option("--channel", "channels", multiple=True, help="Only this channel; repeatable.")
@click.option("--all", "whole", is_flag=True, help="One zip of all channels.")
@click.option("-o", "--output", help="Where the zips go, if not into the campaign's own folder.")
@as_json
def pack(
    folder: str, channels: tuple[str, ...], whole: bool, output: str | None, as_json: bool
) -> None:
    """Zip a finished campaign: a file for each channel, pictures and words."""
    from aigc import export

    if channels and whole:
        raise click.UsageError("give --channel or --all")
    made = export.pack(folder, channels, whole=whole, to=output)
    if as_json:
        click.echo(json.dumps([str(path) for path in made], ensure_ascii=False, indent=2))
        return
    for path in made:
        click.echo(f"{path}  {path.stat().st_size // 1000} kB")


@cli.command()
@click.argument("folder", metavar="DIR")
@as_json
def undo(folder: str, as_json: bool) -> None:
    """Take back the last correction of a campaign.

    Again takes back the one before, up to 20.
    """
    from aigc import revise

    with shown() as listener:
        campaign = revise.undo(folder, listener=listener)
    _print_campaign(campaign, as_json)


@cli.command()
@click.argument("folder", metavar="DIR")
@as_json
def show(folder: str, as_json: bool) -> None:
    """Show a finished campaign."""
    from aigc import export

    _print_campaign(export.load(folder), as_json)


cli.add_command(cli_batch.batch)
cli.add_command(cli_lists.backends)
cli.add_command(cli_lists.channels)
cli.add_command(cli_lists.styles)
cli.add_command(cli_lists.models)
cli.add_command(cli_lists.doctor)
cli.add_command(cli_preflight.preflight)
cli.add_command(cli_inspect.inspect)
cli.add_command(cli_feedback.feedback)
cli.add_command(cli_learn.learn)
cli.add_command(cli_next.upcoming)
cli.add_command(cli_ui.ui)


def _brief(source: str, options: dict[str, Any]) -> Brief:
    """Read the brief file, or start one from a bare photo; flags have the last word."""
    from aigc import brief
    from aigc.campaign import Brief

    fields: dict[str, Any] = {"photo": source}
    if Path(source).suffix.lower() in brief.SUFFIXES:
        fields = brief.load(source).model_dump()
    for name in Brief.model_fields.keys() - {"brand"}:
        if options.get(name) not in (None, ()):
            fields[name] = options[name]
    given = {"name": options["brand"], "logo": options["logo"], "font": options["font"]}
    if any(given.values()):
        kept = {key: value for key, value in given.items() if value}
        fields["brand"] = {**fields.get("brand", {}), **kept}
    return brief.make(fields)


def _print_campaign(campaign: Campaign, as_json: bool) -> None:
    folder = Path(campaign.folder)
    if as_json:
        click.echo((folder / "campaign.json").read_text("utf-8"), nl=False)
        return
    best = campaign.led()[0]
    click.echo(f"caption   {campaign.caption.text if campaign.caption else ''}")
    if campaign.caption and campaign.caption.note:
        click.echo(f"note      {campaign.caption.note}")
    click.echo(f"copy      {best.headline} — {best.body} [{best.cta}]")
    for poster in campaign.posters:
        size = f"{poster.size[0]}×{poster.size[1]}, " if poster.shown == poster.file else ""
        click.echo(f"poster    {folder / poster.file}  {size}{len(poster.data) // 1000} kB")
        for line in cli_preflight.failing(folder / poster.preflight):
            click.echo(f"preflight {line}")
    click.echo(f"campaign  {folder}")
    click.echo(f"open      {(folder / 'index.html').resolve()}")
