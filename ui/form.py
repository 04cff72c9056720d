"""The left half of the page: a brief's fields as controls."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, get_args

from aigc.campaign import Brief, Tone
from aigc.channels import Channel, all_channels
from aigc.errors import AigcError
from aigc.styles import all_styles

from . import handlers

LANGUAGES = [("English", "en"), ("中文", "zh-CN")]


def controls(scratch: Path) -> list[Any]:
    """Lay out the controls, in the order of handlers.Form; to be called inside a column."""
    import gradio as gr

    usual = {name: field.default for name, field in Brief.model_fields.items()}
    photo = gr.Image(
        label="Photo",
        type="filepath",
        image_mode=None,
        sources=["upload"],
        buttons=[],
        height=240,
        placeholder="# Drop the product's photo here\nor click to choose it",
        elem_id="photo",
    )
    # Gradio would open the upload itself, and answer a broken one in words of its own.
    photo.preprocess = lambda sent: sent.path if sent else None
    photo.upload(partial(_checked, scratch), photo, photo, api_visibility="private")
    name = gr.Textbox(label="Product name", placeholder="Celadon teapot", max_length=120)
    channels = gr.Dropdown(
        [(_label(row), row.name) for row in all_channels().values()],
        value=list(usual["channels"]),
        multiselect=True,
        label="Channels",
        info="Type to search: a platform, a format or a size.",
        elem_id="channels",
    )
    with gr.Row():
        price = gr.Textbox(label="Price", placeholder="¥199", max_length=24, min_width=100)
        language = gr.Radio(
            LANGUAGES, value=usual["language"], label="Language of the copy", scale=2, min_width=190
        )
    features = gr.Textbox(
        label="Features, one a line",
        info="True selling points: the copy claims nothing else.",
        placeholder="holds 400 ml\nfired at 1300 °C",
        lines=3,
        max_lines=8,
    )
    tone = gr.Radio(
        [(each.capitalize(), each) for each in get_args(Tone)], value=usual["tone"], label="Tone"
    )
    with gr.Accordion("Offer", open=False):
        with gr.Row():
            was = gr.Textbox(label="Price before", placeholder="¥249", max_length=24, min_width=90)
            discount = gr.Textbox(label="Discount", placeholder="-20%", max_length=16, min_width=90)
            coupon = gr.Textbox(label="Coupon", placeholder="TEA20", max_length=40, min_width=90)
        link = gr.Textbox(
            label="Link",
            info="Opened by a QR code, on channels that allow one.",
            placeholder="https://shop.example/teapot",
            max_length=400,
        )
        badges = gr.Textbox(
            label="Certificates, one a line",
            info="Only what the product really has; four at most.",
            placeholder="Lead-free glaze",
            lines=2,
            max_lines=4,
        )
    with gr.Accordion("More", open=False):
        date = gr.Textbox(
            label="Opening day",
            info="Its season and festivals; empty: none.",
            placeholder="2026-12-01",
            max_length=10,
        )
        packs = [(row.title, row.name) for row in all_styles().values()]
        style = gr.Dropdown([("Automatic", "auto"), *packs], value=usual["style"], label="Style")
        variants = gr.Slider(1, 6, usual["variants"], step=1, label="Posters a channel")
        seed = gr.Number(
            usual["seed"], precision=0, minimum=0, label="Seed", info="Same seed, same campaign."
        )
    offer = [was, discount, coupon, link, badges, date]
    return [photo, name, channels, price, features, tone, language, style, variants, seed, *offer]


def _label(row: Channel) -> str:
    """A channel as a merchant looks for it; a print product's title says its size."""
    return row.title if row.print else f"{row.title} · {row.size[0]} × {row.size[1]}"


def examples(fields: list[Any], scratch: Path) -> None:
    """Lay out a card for each example brief; it fills the form."""
    import gradio as gr

    briefs = handlers.examples()
    if not briefs:
        return
    gr.HTML("<h2>Or begin with an example</h2>", apply_default_css=False)
    with gr.Row(elem_id="examples"):
        for brief in briefs:
            card = gr.Button(brief.name, icon=handlers.thumbnail(brief, scratch), min_width=150)
            card.click(partial(_filled, brief, scratch), None, fields, api_visibility="private")


def _filled(brief: Brief, scratch: Path) -> list[Any]:
    """An example's fields; its photo may first have to be fetched."""
    import gradio as gr

    try:
        return list(handlers.form_of(brief, scratch))
    except AigcError as error:
        raise gr.Error(
            str(error), title="No photo for this example", print_exception=False
        ) from error


def _checked(scratch: Path, path: str | None) -> Any:
    """Say at once that an upload is no picture; show it where the browser alone could not."""
    import gradio as gr

    if path is None:
        return gr.skip()
    try:
        shown = handlers.readable(path, scratch)
    except AigcError as error:
        gr.Warning(str(error), title="This photo cannot be used", duration=12)
        return None
    return gr.skip() if shown == path else shown
