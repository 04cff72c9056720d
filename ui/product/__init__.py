"""One product: the form on the left, what becomes of it on the right."""

from __future__ import annotations

import gradio as gr

from .. import review
from ..house import Page


def lay_out(page: Page) -> None:
    """Lay out the form, the live view and the review of one product's campaign."""
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=5, min_width=340, elem_id="brief"):
            gr.Markdown("form")
        with gr.Column(scale=8, min_width=340, elem_id="result"):
            gr.Markdown("live")
            review.lay_out(page)
