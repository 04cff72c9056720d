"""What a merchant fills in: photo, name and channels; everything else folds away."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import gradio as gr

from aigc import prompts
from aigc.campaign import Brief, Tone

from .. import controls
from ..house import Page
from . import channels, looks, photos

OWN_TEXTS = 3  # pairs of fields for texts of the merchant's own
COLOURS = 3
_FIRST_LANGUAGE = {"en": "en", "zh": "zh-CN"}  # of the copy, by the page's
Fields = dict[str, Any]  # the controls by name; the names of a brief's fields are theirs


def lay_out(page: Page) -> Fields:
    """Lay out the form; gives its controls by name, and `wrong_…` for what is wrong with some."""
    say = page.say
    fields: Fields = {"wrong_photo": gr.HTML(render=False, elem_classes="product-says")}
    fields["photos"] = photos.zone(page, fields["wrong_photo"])
    fields["wrong_photo"].render()
    fields["name"] = gr.Textbox(
        label=say("product.name"),
        placeholder=say("product.name_example"),
        max_length=120,
        elem_id="name",
    )
    fields["wrong_name"] = gr.HTML(elem_classes="product-says")
    fields["channels"] = channels.picker(page)
    fields["wrong_channels"] = gr.HTML(elem_classes="product-says")
    return fields


def fold(page: Page, fields: Fields) -> None:
    """Lay out what folds away, and add it to the controls."""
    say = page.say
    with gr.Group(elem_id="product-more"):
        with gr.Accordion(say("product.offer"), open=False):
            _offer(page, fields)
        with gr.Accordion(say("product.words"), open=False):
            _words(page, fields)
        with gr.Accordion(say("product.texts"), open=False):
            _texts(page, fields)
        with gr.Accordion(say("product.look"), open=False):
            _look(page, fields)
        with gr.Accordion(say("product.brand"), open=False) as fields["brand_fold"]:
            _brand(page, fields)
        if page.house.trusts:
            with gr.Accordion(say("product.models"), open=False):
                _models(page, fields)


def _offer(page: Page, fields: Fields) -> None:
    with gr.Row():
        for name, length in {"price": 24, "was": 24, "discount": 16}.items():
            fields[name] = _line(page, name, length, min_width=110)
    with gr.Row():
        fields["coupon"] = _line(page, "coupon", 40, min_width=150)
        fields["link"] = _line(page, "link", 400, info=True, scale=2, min_width=200)
    fields["badges"] = _lines(page, "badges", 2)


def _words(page: Page, fields: Fields) -> None:
    say = page.say
    fields["features"] = _lines(page, "features", 3)
    with gr.Row():
        fields["product"] = _line(page, "product", 80, info=True, min_width=160)
        fields["audience"] = _line(page, "audience", 120, min_width=160)
    fields["tone"] = gr.Radio(
        [(say(f"product.tone_{each}"), each) for each in get_args(Tone)],
        value=Brief.model_fields["tone"].default,
        label=say("product.tone"),
    )
    with gr.Row():
        fields["language"] = gr.Dropdown(
            tongues(),
            value=_FIRST_LANGUAGE[page.language],
            label=say("product.language"),
            info=say("product.language_hint"),
            allow_custom_value=True,
            min_width=160,
        )
        fields["market"] = _line(page, "market", 40, info=True, min_width=130)
        fields["date"] = _line(page, "date", 10, info=True, min_width=130)


def _texts(page: Page, fields: Fields) -> None:
    gr.HTML(page.say("product.texts_hint"), apply_default_css=False, elem_classes="product-hint")
    for number in range(OWN_TEXTS):
        with gr.Row():
            fields[f"headline_{number}"] = _line(page, "headline", 120, min_width=140)
            fields[f"body_{number}"] = _line(page, "body", 300, scale=2, min_width=160)
            fields[f"cta_{number}"] = _line(page, "cta", 40, min_width=90)


def _look(page: Page, fields: Fields) -> None:
    say = page.say
    fields["style"] = looks.chooser(page)
    with gr.Row():
        fields["variants"] = gr.Slider(
            1, 6, 1, step=1, label=say("product.variants"), min_width=180
        )
        fields["seed"] = gr.Number(
            0, precision=0, minimum=0, label=say("product.seed"), info=say("product.seed_hint")
        )


def _brand(page: Page, fields: Fields) -> None:
    say = page.say
    gr.HTML(say("product.brand_hint"), apply_default_css=False, elem_classes="product-hint")
    fields["kit"] = gr.Dropdown(
        [(say("product.kit_none"), "")], value="", label=say("product.kit"), elem_id="kit"
    )
    fields["brand_name"] = _line(page, "brand_name", 80)
    with gr.Row():
        for name in ("logo", "logo_on_dark"):
            fields[name] = gr.Image(
                label=say(f"product.{name}"),
                type="filepath",
                image_mode=None,
                sources=["upload"],
                buttons=[],
                height=130,
                min_width=130,
                elem_classes="product-upload",
            )
            fields[name].preprocess = _as_sent
    with gr.Row():
        for number in range(COLOURS):
            fields[f"colour_{number}"] = gr.ColorPicker(
                "", label=say("product.colour", number=number + 1), min_width=90
            )
    fields["font"] = gr.File(
        label=say("product.font"), file_types=[".ttf", ".otf"], type="filepath", height=130
    )
    fields["brand_tone"] = gr.Dropdown(
        [(say("product.tone_any"), "")]
        + [(say(f"product.tone_{each}"), each) for each in get_args(Tone)],
        value="",
        label=say("product.brand_tone"),
    )
    fields["avoid"] = _lines(page, "avoid", 2)


def _models(page: Page, fields: Fields) -> None:
    say = page.say
    gr.HTML(say("product.models_hint"), apply_default_css=False, elem_classes="product-hint")
    chosen = controls.first(page.house.recipe)
    fields["options"] = gr.State(chosen)
    for stage in chosen:
        backend = gr.Dropdown(
            controls.choices(stage),
            value=chosen[stage]["backend"],
            label=say(f"live.{stage}"),
            elem_id=f"backend-{stage}",
        )
        with gr.Accordion(
            say("product.options"), open=False, elem_classes="product-options"
        ) as shut:
            controls.section(stage, backend, shut, fields["options"])


def tongues() -> list[tuple[str, str]]:
    """Languages that copy can be asked for, as their readers call them."""
    own = tomllib.loads((Path(__file__).parent / "tongues.toml").read_text("utf-8"))
    known = prompts.table("copywrite/languages.toml")
    first = [tag for tag in own if tag in known]
    rest = [tag for tag in known if tag not in own]
    return [(own.get(tag) or known[tag]["name"], tag) for tag in (*first, *rest)]


def _line(page: Page, name: str, length: int, *, info: bool = False, **told: Any) -> Any:
    return gr.Textbox(
        label=page.say(f"product.{name}"),
        placeholder=page.say(f"product.{name}_example"),
        info=page.say(f"product.{name}_hint") if info else None,
        max_length=length,
        **told,
    )


def _lines(page: Page, name: str, lines: int) -> Any:
    return gr.Textbox(
        label=page.say(f"product.{name}"),
        placeholder=page.say(f"product.{name}_example"),
        info=page.say(f"product.{name}_hint"),
        lines=lines,
        max_lines=8,
    )


def _as_sent(sent: Any) -> str | None:
    """An upload as it was sent: opening it is for the core, which says what is wrong with it."""
    return sent.path if sent else None
