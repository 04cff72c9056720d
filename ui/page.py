"""The page in one language: masthead and tabs; each tab is a folder beside this file."""

from __future__ import annotations

from typing import Any

import gradio as gr

from . import api, catalogue, feedback, history, product, views
from .house import House, Page
from .words import speaker


def lay_out(language: str, house: House) -> gr.Blocks:
    """Make the whole page; its events are private but for those of `api`."""
    say = speaker(language)
    with gr.Blocks(title=say("page.title"), delete_cache=(3600, 86400)) as demo:
        api.endpoints(house)  # first, for what has a name already gets another
        gr.HTML(views.masthead(say, language, house), apply_default_css=False)
        campaign, job = gr.State(""), gr.State("")
        with gr.Tabs(selected="product", elem_id="tabs") as tabs:
            page = Page(language, say, house, campaign, job, tabs)
            parts: dict[str, Any] = {
                "product": product,
                "catalogue": catalogue,
                "history": history,
                "feedback": feedback,
            }
            for name, part in parts.items():
                with gr.Tab(say(f"page.{name}"), id=name, elem_id=f"tab-{name}"):
                    part.lay_out(page)
    return demo
