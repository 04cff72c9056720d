"""HTML that answers: an element with `data-do` tells Python what was done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def board(html: str = "", *, also: Path | None = None, **told: Any) -> Any:
    """A piece of the page that Python renders and that reports `act` events.

    A click on a button with data-do="lead", a change of an input with data-do="headline", or the
    submission of a form triggers `act`; its gr.EventData has the element's data-* (in `_data`),
    its `value`, and for a form its fields in `fields`. `also` is a script that runs after board.js.
    """
    import gradio as gr

    files = filter(None, (Path(__file__).with_name("board.js"), also))
    script = "\n".join(file.read_text("utf-8") for file in files)
    return gr.HTML(html, js_on_load=script, apply_default_css=False, **told)
