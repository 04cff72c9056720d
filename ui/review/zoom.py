"""The large view: one poster as large as the window, and all that may be changed on it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from aigc.styles import all_styles

from .. import views
from ..house import Page
from ..product import looks

HERE = Path(__file__).parent


def view(page: Page) -> Any:
    """Lay out the large view and the choice of a style, both closed; `act` tells what to change.

    It stays while the gallery is drawn anew, and takes each poster's panel from there.
    """
    choices = [looks.look(page.say, name) for name in ("auto", *styles())]
    html = views.render("review/zoom.html.j2", page.say, styles=choices)
    return gr.HTML(
        html,
        js_on_load=(HERE / "zoom.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="posters-zoom",
    )


@cache
def styles() -> tuple[str, ...]:
    """Every style pack's name."""
    return tuple(all_styles())
