"""`aigc ui`: the merchant's page, its address and who may come in."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from aigc import cli_recipe
from aigc.cli_recipe import backend_options
from aigc.errors import AigcError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=7860,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option("-o", "--output", default="outputs", show_default=True, help="Where campaigns go.")
@click.option(
    "--auth",
    multiple=True,
    metavar="NAME:PASSWORD",
    help="Who may log in; repeatable. Others on this machine can read it: see --auth-file.",
)
@click.option(
    "--auth-file",
    metavar="FILE",
    help="Who may log in, a NAME:PASSWORD a line; AIGC_UI_AUTH holds the same.",
)
@click.option(
    "--root-path",
    default="",
    metavar="ADDRESS",
    help="Where a proxy shows the page: https://shop.example/aigc, or only /aigc.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Campaigns that are made at once; each takes memory.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")
@click.option("--recipe", metavar="FILE", help="Recipe file (TOML).")
@backend_options
def ui(
    host: str,
    port: int,
    output: str,
    auth: tuple[str, ...],
    auth_file: str | None,
    root_path: str,
    workers: int,
    opened: bool,
    **options: Any,
) -> None:
    """Serve the merchant's page; nothing leaves this machine.

    Only this machine sees it, as one merchant. With --auth everyone has a folder of their own;
    without it, on another --host or behind a proxy, every browser has.
    """
    recipe = cli_recipe.recipe(options)
    accounts = _accounts(auth, auth_file)
    site = _site(root_path)
    with _listening(host, port) as server:
        address = _address(server)
        local = address.startswith(("http://127.0.0.1:", "http://[::1]:"))
        if not local and not accounts:
            click.echo(
                "aigc: whoever reaches this machine can use the page; --auth-file asks for names",
                err=True,
            )

        def seen() -> None:
            click.echo(f"aigc: the page is at {_shown(site, address)} (Ctrl-C ends it)", err=True)
            if opened:
                webbrowser.open(address)

        _page().launch(
            server,
            outputs=Path(output),
            recipe=recipe,
            accounts=accounts,
            site=site,
            workers=workers,
            seen=seen,
        )


def _page() -> Any:
    try:
        return importlib.import_module("aigc._ui.app")  # the wheel's copy
    except ModuleNotFoundError:
        return importlib.import_module("ui.app")  # the checkout's


def _accounts(auth: tuple[str, ...], auth_file: str | None) -> dict[str, str]:
    """Passwords by name, from the flags, the file and the environment."""
    lines = [*auth, *os.environ.get("AIGC_UI_AUTH", "").splitlines()]
    if auth_file:
        try:
            lines += Path(auth_file).read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8"
            raise AigcError(f"--auth-file '{auth_file}': cannot be read ({why})") from error
    accounts: dict[str, str] = {}
    for line in filter(None, map(str.strip, lines)):
        name, _, password = line.partition(":")
        if not name.strip() or not password:
            raise AigcError("--auth: write NAME:PASSWORD, a line each in a file")  # not the line
        if accounts.setdefault(name.strip(), password) != password:
            raise AigcError(f"--auth: '{name.strip()}' is there twice with different passwords")
    if auth_file and not accounts:
        raise AigcError(f"--auth-file '{auth_file}': nobody is in it; write a NAME:PASSWORD a line")
    return accounts


def _site(root_path: str) -> str:
    """Where a proxy shows the page, without a slash at its end."""
    site = root_path.strip().rstrip("/")
    told = urlsplit(site)
    if site and not site.startswith("/") and not (told.scheme in ("http", "https") and told.netloc):
        raise AigcError(f"--root-path '{root_path}': write https://shop.example/aigc or /aigc")
    if told.query or told.fragment or ".." in told.path or " " in site:
        raise AigcError(f"--root-path '{root_path}': write an address without ?, # or ..")
    return site


def _listening(host: str, port: int) -> socket.socket:
    """Take the port before anything heavy is loaded; raises AigcError where it cannot be had."""
    try:
        family, kind, proto, _, at = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise AigcError(f"ui: no machine is called '{host}'; choose another --host") from error
    server = socket.socket(family, kind, proto)
    try:
        with contextlib.suppress(AttributeError, OSError):
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(at)
        server.listen(128)
    except OSError as error:
        server.close()
        raise AigcError(
            f"ui: cannot serve on {host}:{port} ({error.strerror}); "
            "choose another with --port or --host"
        ) from error
    return server


def _address(server: socket.socket) -> str:
    host, port = server.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _shown(site: str, address: str) -> str:
    return site if site.startswith("http") else f"{address}{site}"
