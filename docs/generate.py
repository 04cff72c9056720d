"""Writes the docs that a command can write: cli.md, backends.md, api.md (--check compares)."""

from __future__ import annotations

import inspect
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


API = """# The page's API

While `aigc ui` runs, programs can ask it what the page asks it, with
[gradio_client](https://pypi.org/project/gradio-client/) (`pip install gradio_client`):

```python
from gradio_client import Client, handle_file

client = Client("http://127.0.0.1:7860")
brief = {"name": "Celadon teapot", "price": "¥199", "channels": ["taobao-main"]}
job = client.submit(handle_file("teapot.jpg"), brief, api_name="/campaign")
for news in job:  # while it goes; or client.predict(…), which waits for the last
    print(news["state"], news["stage"], news["left"])
made = job.result()
print(made["caption"], made["copies"][0]["headline"], made["zip"])

# A correction: only what it changes is made again.
lead = made["copies"][1]["id"]
made = client.predict(made["campaign"], {"lead": lead}, api_name="/revise")
```

A brief has the fields of [a brief file](quickstart.md) but for the photo, which goes apart; a
brand's `logo` and `font` are sent with `handle_file` too. Corrections are those of a brief's
`edits`. What cannot be done raises `gradio_client.exceptions.AppError`, in one line that says why.

With `--auth`, log in: `Client(url, auth=("name", "password"))`. A page that is open to others
without it knows its visitors by a cookie, and shows each their own work:

```python
import httpx

cookies = httpx.get(url).cookies
client = Client(url, headers={"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
```
"""


def api_page() -> str:
    """Every endpoint behind the page."""
    from ui.api import public

    parts = [MADE, API]
    for name, endpoint in public():
        signature = inspect.signature(endpoint)
        parts.append(f"## `/{name}`\n\n{inspect.getdoc(endpoint)}\n")
        for each in signature.parameters.values():
            if each.name not in ("self", "request"):
                usual = "" if each.default is each.empty else f", {each.default!r} if left out"
                parts.append(f"- takes `{each.name}`: {_said(each.annotation)}{usual}")
        parts.append(f"- gives {_said(signature.return_annotation)}\n")
    return "\n".join(parts)


def _said(annotation: str) -> str:
    """A type as a program that asks sees it."""
    return {
        "AsyncIterator[Json]": "an object each time there is news",
        "FileData": "a file",
        "Json": "an object",
        "dict[str, Any]": "an object",
        "list[Json]": "a list of objects",
        "str": "text",
    }[annotation]


def main() -> int:
    """Write the pages, or with --check say which are out of step."""
    stale = []
    pages = {"cli.md": cli_page(), "backends.md": backends_page(), "api.md": api_page()}
    for name, text in pages.items():
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
