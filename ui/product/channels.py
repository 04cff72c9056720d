"""The picker of channels: a tile each, drawn in its proportions; ticks are real checkboxes."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from aigc.channels import Channel, all_channels, channel

from .. import names, views
from ..house import Page
from ..words import LANGUAGES, Say

HERE = Path(__file__).parent
_LONG = 50  # CSS px of a drawn format's longer side
_THIN = 7  # and of its shorter one at least, so that a strip is seen


class Tile(NamedTuple):
    """One channel as it is drawn and named."""

    name: str
    platform: str
    form: str
    size: str
    width: int  # of the drawing, CSS px
    height: int
    row: Channel
    popular: bool


@cache
def table() -> dict[str, dict[str, list[str]]]:
    """What is offered first: popular and ticked channels by language, and the ready-made sets."""
    read: dict[str, dict[str, list[str]]] = tomllib.loads((HERE / "sets.toml").read_text("utf-8"))
    return read


def picker(page: Page) -> Any:
    """Lay out the picker; its value is the list of the names that are ticked."""
    say, language = page.say, page.language
    html = views.render(
        "product/channels.html.j2",
        say,
        markets=_markets(say, language),
        sets=table()["sets"],
        count=len(all_channels()),
    )
    return gr.HTML(
        table()["first"][language],
        html_template=html,
        js_on_load=(HERE / "channels.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="channels",
    )


def _markets(say: Say, language: str) -> list[tuple[str, list[tuple[str, list[Tile]]]]]:
    """Markets in the language's order, each with its platforms and their tiles."""
    assert language in LANGUAGES
    order = table()["markets"][language]
    popular = table()["popular"][language]
    first = {row.platform: n for n, row in enumerate(map(channel, reversed(popular)))}
    rows = sorted(
        all_channels().values(),
        key=lambda row: (order.index(_market(row)), -first.get(row.platform, -1)),
    )
    found = []
    for market, of_market in groupby(rows, _market):
        platforms = [
            (names.platform(say, group[0].name), [_tile(say, row, popular) for row in group])
            for group in (list(g) for _, g in groupby(of_market, lambda row: row.platform))
        ]
        found.append((say(f"channels.market_{market}"), platforms))
    return found


def _market(row: Channel) -> str:
    return "print" if row.print else row.market


def _tile(say: Say, row: Channel, popular: list[str]) -> Tile:
    width, height = row.print.trim if row.print else row.size
    share = _LONG / max(width, height)
    return Tile(
        name=row.name,
        platform=names.platform(say, row.name),
        form=names.form(say, row.name),
        size=names.size(row.name),
        width=max(_THIN, round(width * share)),
        height=max(_THIN, round(height * share)),
        row=row,
        popular=row.name in popular,
    )
