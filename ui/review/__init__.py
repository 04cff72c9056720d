"""The review: what was made of the photo, with a way to put each part right."""

from __future__ import annotations

import gradio as gr

from aigc.revise import versions

from .. import views
from ..board import board
from ..house import Page
from . import copies, photo, posters, take
from .desk import Desk
from .work import Work


def lay_out(page: Page) -> None:
    """Lay out the review of `page.campaign`; without one it is empty."""

    def head(work: Work) -> str:
        brief, count = work.campaign.brief, versions(work.folder)
        return views.render("review/head.html.j2", page.say, brief=brief, versions=count)

    with gr.Column(elem_id="review"):
        shown = board(elem_id="review-head")
        desk = Desk(page)
        desk.draws(head, shown)
        desk.undoes(shown.act)
        # What the merchant came for first, then what it was made of.
        posters.lay_out(page, desk)
        copies.lay_out(page, desk)
        photo.lay_out(page, desk)
        take.lay_out(page, desk)
