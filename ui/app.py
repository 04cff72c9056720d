"""The page's server: one FastAPI app with the page in each language."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fastapi
import gradio as gr
import uvicorn

from aigc.recipe import Recipe

from . import page
from .house import House
from .line import Line
from .shell import frame, served
from .shell.door import Door, Entry
from .shell.guard import LARGEST_FILE, LOOPBACK, Guard
from .theme import theme
from .words import LANGUAGES


def launch(
    listening: socket.socket,
    *,
    outputs: Path,
    recipe: Recipe,
    accounts: Mapping[str, str],
    site: str = "",
    workers: int = 1,
    seen: Any = None,
) -> None:
    """Serve the page until Ctrl-C; uploads and zips live in a folder that then disappears.

    `site` is where a proxy shows the page, as a path or an address; `seen` is called once the
    page answers. Raises AigcError where the port cannot be had.
    """
    # A service manager's SIGTERM ends it as Ctrl-C does, so that no upload stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    host = listening.getsockname()[0]
    local = host in LOOPBACK and not site
    with tempfile.TemporaryDirectory(prefix="aigc-page-", ignore_cleanup_errors=True) as scratch:
        line = Line(Path(scratch) / "jobs", workers=workers)
        try:
            house = House(
                outputs.resolve(),
                Path(scratch),
                line,
                recipe,
                urlsplit(site).path.rstrip("/"),
                "names" if accounts else "one" if local else "visitors",
            )
            _serve(server(house, accounts, site=site, local=local), listening, seen)
        finally:
            line.close()


def _serve(app: fastapi.FastAPI, listening: socket.socket, seen: Any) -> None:
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    try:
        if seen:
            seen()
        running.run(sockets=[listening])
    except KeyboardInterrupt:
        pass


def _is_news(record: logging.LogRecord) -> bool:
    """Pages that are open when the server ends are cut off: that is no error."""
    cut_off = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut_off and "graceful shutdown exceeded" not in record.getMessage()


def server(
    house: House,
    accounts: Mapping[str, str] | None = None,
    *,
    site: str = "",
    local: bool = True,
) -> fastapi.FastAPI:
    """Make the web application: English at /, the others below their names."""
    # Before the components read it; beside the jobs, for Gradio serves what lies in here.
    os.environ["GRADIO_TEMP_DIR"] = str(house.scratch / "uploads")
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    door = Door(house, accounts or {})
    app.include_router(served.routes(house))
    app.include_router(door.routes())
    app.include_router(frame.routes(house))
    styles = sorted((Path(__file__).parent / "styles").glob("*.css"))
    for language in sorted(LANGUAGES, key="en".__eq__):  # English last, for it takes what is left
        path = "" if language == "en" else f"/{language}"
        gr.mount_gradio_app(
            app,
            page.lay_out(language, house),
            path=path or "/",
            root_path=f"{site.rstrip('/')}{path}" if site else None,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            max_file_size=LARGEST_FILE,
            theme=theme(),
            css_paths=styles,
        )
    named = urlsplit(site).hostname
    hosts = LOOPBACK | ({named} if named else set())
    app.add_middleware(frame.Frame, house=house)  # the last one added is asked first
    app.add_middleware(Entry, door=door)
    app.add_middleware(Guard, house=house, hosts=hosts if local or named else None)
    return app
