"""The page: its layout, and which handler answers what. The words are in views.html.j2."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import gradio as gr

from aigc.errors import AigcError

from . import follow, form, handlers, views
from .theme import theme

_SHOW_RESULT = """() => {
  const result = document.getElementById("result"), top = result.getBoundingClientRect().top;
  if (top < 0 || top > innerHeight / 2) result.scrollIntoView({ behavior: "smooth" });
}"""
_PLACES = 24  # campaigns in line; each of them holds a thread of the server


def launch(*, host: str, port: int, outputs: str) -> None:
    """Serve the page until Ctrl-C; uploads and zips live in a folder that then disappears.

    Raises AigcError where the port cannot be had.
    """
    home = Path(outputs).resolve()
    # A service manager's SIGTERM ends it as Ctrl-C does, so that no upload stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="aigc-page-", ignore_cleanup_errors=True) as scratch:
        os.environ["GRADIO_TEMP_DIR"] = scratch  # before the components read it
        demo = page(home, Path(scratch))
        try:
            demo.queue(max_size=2 * _PLACES).launch(
                server_name=host,
                server_port=port,
                share=False,
                quiet=True,
                allowed_paths=[str(home)],
                max_file_size="64mb",
                theme=theme(),
                css_paths=Path(__file__).parent / "style.css",
                footer_links=[],
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                prevent_thread_lock=True,
            )
            click.echo(f"aigc: the page is at http://{host}:{port} (Ctrl-C ends it)", err=True)
            demo.block_thread()
        except OSError as error:
            raise AigcError(
                f"ui: cannot serve on {host}:{port}, which may be taken; try another --port"
            ) from error
        finally:
            follow.close()


def page(outputs: Path, scratch: Path) -> gr.Blocks:
    """Lay out the page: the brief on the left, what becomes of it on the right."""
    with gr.Blocks(title="aigc", delete_cache=(3600, 86400)) as demo:
        stop = gr.State()
        gr.HTML(views.masthead(), apply_default_css=False)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=5, min_width=340, elem_id="brief"):
                fields = form.controls(scratch)
                with gr.Row(elem_id="go"):
                    go = gr.Button("Make the campaign", variant="primary", size="lg", scale=3)
                    halt = gr.Button("Stop", size="lg", scale=1, min_width=90, visible=False)
                form.examples(fields, scratch)
            with gr.Column(scale=8, min_width=340, elem_id="result"):
                shown = {
                    "progress": gr.HTML(
                        views.welcome(), apply_default_css=False, elem_id="progress"
                    ),
                    "archive": gr.DownloadButton(
                        "Download everything (zip)", visible=False, elem_id="archive"
                    ),
                    "caption": gr.HTML(visible=False, apply_default_css=False),
                    "posters": gr.Gallery(
                        label="Posters",
                        columns=3,
                        height="auto",
                        object_fit="contain",
                        buttons=["download", "fullscreen"],
                        interactive=False,
                        visible=False,
                        elem_id="posters",
                    ),
                    "copies": gr.HTML(visible=False, apply_default_css=False),
                }

        def make(*sent: Any) -> Iterator[dict[Any, Any]]:
            asked = threading.Event()
            before: dict[str, Any] = {}
            for view in handlers.make(handlers.Form(*sent), outputs, scratch, asked):
                after = view._asdict()
                changed = {key: each for key, each in after.items() if each != before.get(key)}
                before = after
                yield {stop: asked, **_updates(changed, shown, go, halt)}

        go.click(
            make,
            fields,
            [stop, go, halt, *shown.values()],
            api_name="campaign",
            api_description="Make a campaign from a photo and a brief",
            concurrency_limit=_PLACES,  # they run one by one: follow.py lines them up
            show_progress="hidden",
        )
        go.click(None, js=_SHOW_RESULT, api_visibility="private")
        halt.click(_stop, stop, halt, queue=False, api_visibility="private")
    return demo


def _updates(changed: dict[str, Any], shown: dict[str, Any], go: Any, halt: Any) -> dict[Any, Any]:
    """Give the Gradio update of each component whose value has changed."""
    updates = {
        shown[key]: gr.update(value=value or None, visible=bool(value))
        for key, value in changed.items()
        if key in shown
    }
    if "running" in changed:
        running = changed["running"]
        updates[go] = gr.update(interactive=not running)
        updates[halt] = gr.update(value="Stop", interactive=True, visible=running)
    return updates


def _stop(asked: threading.Event | None) -> Any:
    if asked is not None:
        asked.set()
    return gr.update(value="Stopping …", interactive=False)
