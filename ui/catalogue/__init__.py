"""catalogue"""

from __future__ import annotations

import gradio as gr

from ..house import Page


def lay_out(page: Page) -> None:
    """Lay out this part of the page."""
    gr.Markdown("catalogue")
