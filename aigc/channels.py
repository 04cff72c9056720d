"""Sales channels: every picture size, byte limit and text limit, from two tables."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from wcwidth import wcswidth

from aigc.campaign import Size, Unit, Value
from aigc.errors import BriefError
from aigc.prints import Print

_FILES = ("channels.toml", "prints.toml")
_NEAR = 6  # names that an error offers
Shape = Literal["square", "portrait", "story", "landscape", "leaderboard", "skyscraper"]
Market = Literal["china", "southeast-asia", "worldwide"]


class TextLimits(Value):
    """The longest texts, in columns: a Latin letter is one wide, a Chinese character two."""

    headline: int
    body: int
    cta: int


class Channel(Value):
    """A place where a picture is uploaded, and what it takes there."""

    name: str
    title: str
    platform: str = Field("Print", description="Whose it is; channels are listed by it")
    market: Market = "worldwide"
    size: Size
    shape: Shape
    format: Literal["jpg", "png", "pdf"] = "jpg"
    max_bytes: int
    text: TextLimits
    background: Literal["scene", "white"] = Field(
        "scene", description="`white`: the channel wants the product on pure white"
    )
    texts: bool = Field(True, description="Whether anything may be set beside the product")
    links: bool = Field(True, description="Whether a code or address may lead off the platform")
    fill: Unit = Field(0.0, description="Least share of the frame for the product's longer side")
    safe: tuple[Unit, Unit, Unit, Unit] = Field(
        (0.0, 0.0, 0.0, 0.0),
        description="Shares at the top, right, bottom and left that an app covers with its buttons",
    )
    seen: int = Field(0, description="Width on a screen, CSS px; 0: as many as the picture has")
    forbids: str = Field("", description="What the platform refuses, as its pages say it")
    print: Print | None = Field(None, description="The sheet, if it is printed; `format` is pdf")

    def allows(self, element: str) -> bool:
        """Whether an element, such as a headline or a code, may stand on this channel's picture."""
        return self.texts and (self.links or element not in ("link", "qr"))


@cache
def all_channels() -> dict[str, Channel]:
    """Every channel by its name, screens in the order of channels.toml, then prints."""
    folder = Path(__file__).parent
    tables = [tomllib.loads((folder / name).read_text("utf-8")) for name in _FILES]
    rows = {name: row for table in tables for name, row in table.items()}
    return {name: Channel.model_validate({"name": name, **row}) for name, row in rows.items()}


def channel(name: str) -> Channel:
    """Find a channel; raises BriefError naming those that may be meant."""
    known = all_channels()
    if name not in known:
        raise BriefError(f"channels: no channel '{name}'; {_meant(name)}")
    return known[name]


def _meant(name: str) -> str:
    """Name the channels whose name, title or platform is like what was asked for."""
    wanted = name.casefold().replace("_", "-").replace(" ", "-")
    said = {row.name: f"{row.name} {row.platform}".casefold() for row in all_channels().values()}
    near = [each for each, words in said.items() if wanted and wanted in words]
    near += difflib.get_close_matches(wanted, said, n=3)
    found = ", ".join(list(dict.fromkeys(near))[:_NEAR])
    return f"did you mean {found}?" if found else "`aigc channels` lists them"


def strictest(names: Iterable[str]) -> TextLimits:
    """The limits that fit every one of these channels."""
    return _limits(names, min)


def widest(names: Iterable[str]) -> TextLimits:
    """The limits of the channel that has the most room."""
    return _limits(names, max)


def _limits(names: Iterable[str], pick: Callable[[list[int]], int]) -> TextLimits:
    rows = [channel(name) for name in names]
    # Where nothing is set on the picture, its limits bind no copy.
    limits = [row.text for row in rows if row.texts] or [row.text for row in rows]
    fields = TextLimits.model_fields
    return TextLimits(**{name: pick([getattr(row, name) for row in limits]) for name in fields})


def columns(text: str) -> int:
    """Measure a text as channels do: a Chinese character or an emoji is two columns wide."""
    width: int = wcswidth(text)
    return width if width >= 0 else len(text)
