"""One product: the form on the left, what becomes of it on the right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from aigc.errors import AigcError

from .. import review, views
from ..house import Page
from . import examples, form, kits, live, making, waiting
from .form import Fields

_SIGNS = ("photo", "name", "channels", "")
# Brings what the button led to into sight: on a phone it is a screen away.
_TO_RESULT = """() => {
  const wrong = document.querySelector('#product-form .product-wrong');
  const result = document.querySelector('#product-result');
  const top = result.getBoundingClientRect().top;
  const smooth = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  if (wrong) wrong.scrollIntoView({ block: 'center', behavior: smooth });
  else if (top < 0 || top > innerHeight / 2) result.scrollIntoView({ behavior: smooth });
}"""


def lay_out(page: Page) -> None:
    """Lay out the form, the live view and the review of one product's campaign."""
    with gr.Row(elem_id="product"):
        with gr.Column(scale=5, min_width=320, elem_id="product-form"):
            fields = form.lay_out(page)
            form.fold(page, fields)
            with gr.Column(elem_id="product-go"):
                fields["wrong_"] = gr.HTML(elem_classes="product-says")
                go = gr.Button(page.say("product.go"), variant="primary", size="lg", elem_id="go")
        with gr.Column(scale=8, min_width=320, elem_id="product-result"):
            line = waiting.lay_out(page)
            live.lay_out(page)
            with gr.Column(elem_id="product-welcome") as welcome:
                gr.HTML(views.render("product/welcome.html.j2", page.say), apply_default_css=False)
                examples.lay_out(page, fields)
            review.lay_out(page)
    kits.lay_out(page, fields)
    _go(page, fields, go, line, welcome)


def _go(page: Page, fields: Fields, go: Any, line: waiting.Waiting, welcome: Any) -> None:
    """Make the button line up what the form asks for."""
    names = {
        control: name
        for name, control in fields.items()
        if not name.startswith(("wrong_", "kit", "brand_fold"))
    }
    signs = [fields[f"wrong_{sign}"] for sign in _SIGNS]

    def made(held: dict[Any, Any], request: gr.Request) -> list[Any]:
        return _made(page, {names[control]: value for control, value in held.items()}, request)

    told = {"show_progress": "hidden", "api_visibility": "private"}
    pressed = go.click(made, set(names), [page.job, page.campaign, line.timer, *signs], **told)
    pressed.then(None, None, None, js=_TO_RESULT, **told)
    for sign, mended in {
        "name": fields["name"].input,
        "channels": fields["channels"].change,
    }.items():
        # What was wrong is no longer said once it is put right; the browser does so by itself.
        mended(None, None, fields[f"wrong_{sign}"], js="() => ''", **told)
    for state in (page.job, page.campaign):
        state.change(_welcome, [page.job, page.campaign], welcome, **told)


def _made(page: Page, form: dict[str, Any], request: gr.Request) -> list[Any]:
    """Line up a campaign for each photo, and follow the first unless one is followed already."""
    house, said = page.house, dict.fromkeys(_SIGNS, "")
    owner, home = house.owner(request), house.home(request)
    try:
        asked = making.orders(house, home, form, page.say)
        jobs = [making.put(house, owner, home, order) for order in asked]
    except making.FormError as wrong:
        said[wrong.field] = _sign(page, str(wrong))
        return [gr.skip(), gr.skip(), gr.skip(), *said.values()]
    except AigcError as error:
        said[""] = _sign(page, str(error))
        return [gr.skip(), gr.skip(), gr.Timer(active=True), *said.values()]
    watch: list[Any] = [gr.skip(), gr.skip()] if live.following(request) else [jobs[0], ""]
    return [*watch, gr.Timer(active=True), *said.values()]


def _sign(page: Page, text: str) -> str:
    return views.render("product/wrong.html.j2", page.say, lines=[text])


def _welcome(job: str, campaign: str) -> Any:
    return gr.Column(visible=not job and not campaign)
