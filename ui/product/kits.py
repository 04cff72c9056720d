"""The choice of a brand kit: the one used last stands in the form when the page opens."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from aigc.campaign import Brand

from ..house import Page
from . import brand
from .form import COLOURS, Fields

_FILLED = (
    *("brand_name", "logo", "logo_on_dark", "font", "brand_tone", "avoid"),
    *(f"colour_{number}" for number in range(COLOURS)),
)


def lay_out(page: Page, fields: Fields) -> None:
    """Fill the form's brand when the page opens and when another kit is chosen."""
    outputs = [fields["brand_fold"], *(fields[name] for name in _FILLED)]
    told = {"show_progress": "hidden", "api_visibility": "private"}

    def opened(request: gr.Request) -> list[Any]:
        return _opened(page, request)

    def chosen(name: str, request: gr.Request) -> list[Any]:
        home = page.house.home(request)
        return _shown(page, brand.kit(home, name) if name else Brand())

    Context.root_block.load(opened, None, [fields["kit"], *outputs], **told)
    fields["kit"].input(chosen, fields["kit"], outputs, **told)


def _opened(page: Page, request: gr.Request) -> list[Any]:
    known = brand.kits(page.house.home(request))
    choices = [(page.say("product.kit_none"), ""), *((k.brand.name, k.name) for k in known)]
    if not known:
        return [gr.Dropdown(choices=choices, visible=False), *[gr.skip()] * (len(_FILLED) + 1)]
    first = known[0]
    return [gr.Dropdown(choices=choices, value=first.name), *_shown(page, first.brand)]


def _shown(page: Page, kit: Brand) -> list[Any]:
    """The fold, which names the brand, and its fields."""
    title = page.say("product.brand") + (f" · {kit.name}" if kit.name else "")
    colours = {f"colour_{n}": colour for n, colour in enumerate(kit.colours[:COLOURS])}
    held = {
        "brand_name": kit.name,
        "logo": kit.logo or None,
        "logo_on_dark": kit.logo_on_dark or None,
        "font": kit.font or None,
        "brand_tone": kit.tone or "",
        "avoid": "\n".join(kit.avoid),
    }
    return [gr.Accordion(label=title), *((held | colours).get(name, "") for name in _FILLED)]
