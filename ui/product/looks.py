"""Styles by picture: a radio button each; a pack without a picture is drawn in its colours."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from aigc.styles import all_styles

from .. import names, views
from ..house import Page
from ..words import Say

HERE = Path(__file__).parent
PICTURES = HERE / "looks"


class Look(NamedTuple):
    """A style pack as it is shown."""

    name: str
    title: str
    picture: str  # data: URL
    wall: str  # CSS colours, where there is no picture
    thing: str


def chooser(page: Page) -> Any:
    """Lay out the pictures; the value is a style's name, or auto."""
    looks = [look(page.say, name) for name in ("auto", *all_styles())]
    html = views.render("product/looks.html.j2", page.say, looks=looks, language=page.language)
    return gr.HTML(
        "auto",
        html_template=html,
        js_on_load=(HERE / "looks.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="looks",
    )


def look(say: Say, name: str) -> Look:
    """A style as it is shown; `auto` is one."""
    title, pack = names.style(say, name), all_styles().get(name)
    if pack is None:
        return Look(name, title, _picture(name), "", "")
    return Look(
        name,
        title,
        _picture(name),
        _colour(pack.hues[0], pack.chroma, pack.lightness),
        _colour(pack.accent_hue, pack.accent_chroma, pack.accent_lightness or 0.6),
    )


def _picture(name: str) -> str:
    file = PICTURES / f"{name}.webp"
    data = base64.b64encode(file.read_bytes()).decode() if file.exists() else ""
    return f"data:image/webp;base64,{data}" if data else ""


def _colour(hue: float, chroma: float, lightness: float) -> str:
    """An OKLCH colour as CSS writes it."""
    return f"oklch({lightness} {chroma} {hue})"
