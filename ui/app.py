"""The page's server: one FastAPI app with the page in each language."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import click
import fastapi
import gradio as gr
import uvicorn

from aigc.recipe import Recipe

from . import page, served
from .house import House
from .line import Line
from .theme import theme
from .words import LANGUAGES


def launch(*, host: str, port: int, outputs: str) -> None:
    """Serve the page until Ctrl-C; uploads and zips live in a folder that then disappears.

    Raises AigcError where the port cannot be had.
    """
    # A service manager's SIGTERM ends it as Ctrl-C does, so that no upload stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="aigc-page-", ignore_cleanup_errors=True) as scratch:
        # Before the components read it; beside the jobs, for Gradio serves what lies in here.
        os.environ["GRADIO_TEMP_DIR"] = str(Path(scratch) / "uploads")
        line = Line(Path(scratch) / "jobs")
        try:
            house = House(Path(outputs).resolve(), Path(scratch), line, Recipe.load())
            click.echo(f"aigc: the page is at http://{host}:{port} (Ctrl-C ends it)", err=True)
            uvicorn.run(server(house), host=host, port=port, log_level="warning")
        finally:
            line.close()


def server(house: House) -> fastapi.FastAPI:
    """Make the web application: English at /, the others below their names."""
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(served.routes(house))
    styles = sorted((Path(__file__).parent / "styles").glob("*.css"))
    for language in sorted(LANGUAGES, key="en".__eq__):  # English last, for it takes what is left
        gr.mount_gradio_app(
            app,
            page.lay_out(language, house),
            path="/" if language == "en" else f"/{language}",
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            max_file_size="64mb",
            theme=theme(),
            css_paths=styles,
        )
    return app
