"""Sales channels: every picture size, byte limit and text limit, from channels.toml."""

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
    format: Literal["jpg", "png"]
    max_bytes: int
    text: TextLimits
    background: Literal["scene", "white"] = Field(
        "scene", description="`white`: the channel wants the product on pure white"
    )


@cache
def all_channels() -> dict[str, Channel]:
    """Every channel by its name, in the order of channels.toml."""
    table = tomllib.loads((Path(__file__).parent / "channels.toml").read_text("utf-8"))
    return {name: Channel.model_validate({"name": name, **row}) for name, row in table.items()}


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
