"""Sales channels: every picture size, byte limit and text limit, from two tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from wcwidth import wcswidth

from aigc.campaign import Size, Value
from aigc.errors import BriefError
from aigc.prints import Print

_FILES = ("channels.toml", "prints.toml")
Shape = Literal["square", "portrait", "story", "landscape", "leaderboard", "skyscraper"]


class TextLimits(Value):
    """The longest texts, in columns: a Latin letter is one wide, a Chinese character two."""

    headline: int
    body: int
    cta: int


class Channel(Value):
    """A place where a picture is uploaded, and what it takes there."""

    name: str
    title: str
    size: Size
    shape: Shape
    format: Literal["jpg", "png", "pdf"]
    max_bytes: int
    text: TextLimits
    background: Literal["scene", "white"] = Field(
        "scene", description="`white`: the channel wants the product on pure white"
    )
    print: Print | None = Field(None, description="The sheet, if it is printed; `format` is pdf")


@cache
def all_channels() -> dict[str, Channel]:
    """Every channel by its name, screens in the order of channels.toml, then prints."""
    folder = Path(__file__).parent
    tables = [tomllib.loads((folder / name).read_text("utf-8")) for name in _FILES]
    rows = {name: row for table in tables for name, row in table.items()}
    return {name: Channel.model_validate({"name": name, **row}) for name, row in rows.items()}


def channel(name: str) -> Channel:
    """Find a channel; raises BriefError naming the choices."""
    known = all_channels()
    if name not in known:
        raise BriefError(f"channels: no channel '{name}'; choose from {', '.join(known)}")
    return known[name]


def strictest(names: Iterable[str]) -> TextLimits:
    """The limits that fit every one of these channels."""
    limits = [channel(name).text for name in names]
    return TextLimits(
        headline=min(limit.headline for limit in limits),
        body=min(limit.body for limit in limits),
        cta=min(limit.cta for limit in limits),
    )


def columns(text: str) -> int:
    """Measure a text as channels do: a Chinese character or an emoji is two columns wide."""
    width: int = wcswidth(text)
    return width if width >= 0 else len(text)
