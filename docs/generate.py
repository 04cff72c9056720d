"""Writes the docs that a command can write: docs/cli.md and docs/backends.md (--check compares)."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aigc import stage
from aigc.cli import cli

DOCS = Path(__file__).parent
MADE = "<!-- made by docs/generate.py; `make docs` -->\n"


def cli_page() -> str:
    """Every command's help."""
    parts = [MADE, "# The command line\n"]
    root = click.Context(cli, info_name="aigc", max_content_width=90, terminal_width=90)

    def add(command: click.Command, context: click.Context) -> None:
        depth = "##" if context.parent is root or context is root else "###"
        parts.append(f"{depth} {context.command_path}\n\n```\n{command.get_help(context)}\n```\n")
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.commands[name]
                add(
                    inner,
                    click.Context(
                        inner,
                        info_name=name,
                        parent=context,
                        max_content_width=90,
                        terminal_width=90,
                    ),
                )

    add(cli, root)
    return "\n".join(parts)


def backends_page() -> str:
    """Every backend's options."""
    parts = [MADE, "# Backends and their options\n"]
    parts.append("Set one with `--set stage.option=value`, or in a recipe file.\n")
    for name in stage.STAGES:
        parts.append(f"## {name}\n")
        for backend in stage.backends(name):
            parts.append(f"### {backend}\n\n{stage.describe(name, backend)}.\n")
            fields = stage.backend_class(name, backend).model_fields
            if fields:
                parts.append("| option | default | what it does |\n|---|---|---|")
            for option, field in fields.items():
                parts.append(f"| `{option}` | `{field.default!r}` | {field.description} |")
            parts.append("")
    return "\n".join(parts)


def main() -> int:
    """Write the pages, or with --check say which are out of step."""
    stale = []
    for name, text in {"cli.md": cli_page(), "backends.md": backends_page()}.items():
        path = DOCS / name
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text("utf-8") != text:
                stale.append(path.name)
        else:
            path.write_text(text, "utf-8")
    if stale:
        print(f"out of step: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
