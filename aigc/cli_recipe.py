"""The options that choose a recipe, and the recipe they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aigc.cli_lists import STAGES, Command

if TYPE_CHECKING:
    from aigc.recipe import Recipe


def backend_options(command: Command) -> Command:
    """Add --set, --max-vram, and one option a stage that names its backend."""
    command = click.option(
        "--max-vram",
        type=float,
        metavar="GB",
        callback=_as_setting,
        expose_value=False,
        help="Graphics memory that painting may take: scene.max_vram.",
    )(command)
    for stage in reversed(STAGES):
        command = click.option(f"--{stage}", metavar="BACKEND", help=f"Backend of {stage}.")(
            command
        )
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="STAGE.OPTION=VALUE",
        is_eager=True,
        help="Set an option.",
    )(command)


def _as_setting(context: click.Context, _option: click.Parameter, value: float | None) -> None:
    """Treat --max-vram 8 as --set scene.max_vram=8."""
    if value is not None:
        settings = context.params.get("settings", ())
        context.params["settings"] = (*settings, f"scene.max_vram={value}")


def recipe(options: dict[str, Any]) -> Recipe:
    """Make the recipe that a command's options ask for."""
    from aigc.recipe import Recipe

    chosen = {stage: options[stage] for stage in STAGES if options[stage]}
    return Recipe.load(options["recipe"], chosen, options["settings"])
