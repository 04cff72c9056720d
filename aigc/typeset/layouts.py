"""Layouts: one Typst file each in layouts/, whose header says what it is good for."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Literal

from pydantic import Field

from aigc.campaign import Value
from aigc.channels import Channel, Shape
from aigc.errors import BriefError

FOLDER = Path(__file__).parent / "layouts"

Family = Literal["centre", "split", "editorial", "promo", "framed"]


class Layout(Value):
    """What a layout's header says, as TOML in the `//` lines that its file begins with."""

    name: str
    title: str
    family: Family
    shapes: tuple[Shape, ...]
    aspect: tuple[float, float] = Field(
        (0.0, 99.0),
        description="Products it flatters, from and to: width / height, relative to the poster's",
    )
    needs: tuple[str, ...] = Field((), description="Texts without which it looks empty")
    crops: bool = Field(
        False, description="Whether a product that the photo cut off below looks right in it"
    )
    least: int = Field(0, description="Shortest side, in pixels, on which it has room")
    side: Literal["", "left", "right"] = Field(
        "", description="Where the product stands, if beside the words; it may be turned round"
    )
    photo: Literal["", "framed", "plate", "bleed", "over"] = Field(
        "", description="How it shows a whole photo; empty: it is for cut-outs"
    )
    background: str = Field("scene", description="`white`: for channels that want a white ground")


@cache
def all_layouts() -> dict[str, Layout]:
    """Every layout by its file's name."""
    found = sorted(FOLDER.glob("*.typ"))
    return {path.stem: _read(path) for path in found if path.stem != "kit"}


def suiting(
    channel: Channel, aspect: float, cropped: bool, texts: frozenset[str], wanted: int = 1
) -> list[Layout]:
    """The layouts whose headers say that they suit, and where those are fewer than `wanted`,
    others that have all they need."""
    own = [
        layout
        for layout in all_layouts().values()
        if channel.shape in layout.shapes
        and channel.background == layout.background
        and not layout.photo
    ]
    width, height = channel.size
    relative = aspect * height / width
    broad = width > 1.15 * height  # there words stand beside a product, however narrow
    able = [
        layout
        for layout in own
        if min(channel.size) >= layout.least and texts.issuperset(layout.needs)
    ]
    suiting = [
        layout
        for layout in able
        if (broad or layout.aspect[0] <= relative)
        and relative <= layout.aspect[1]
        and (layout.crops or not cropped)
    ]
    rest = [layout for layout in able if layout not in suiting and (layout.crops or not cropped)]
    return (suiting + rest[: max(0, wanted - len(suiting))]) or able or own


def for_photos(channel: Channel) -> dict[str, str]:
    """The layouts that show a whole photo in a channel's shape, by the way they do."""
    own = [each for each in all_layouts().values() if channel.shape in each.shapes]
    return {each.photo: each.name for each in own if each.photo}


def fitting(channel: Channel, *, whole: bool) -> list[Layout]:
    """Every layout that a poster of a channel can take, of a `whole` photo or of a cut-out."""
    photo = whole and channel.background == "scene"
    return [
        layout
        for layout in all_layouts().values()
        if channel.shape in layout.shapes
        and bool(layout.photo) == photo
        and layout.background == channel.background
    ]


def checked(name: str, channel: Channel, *, whole: bool) -> Layout:
    """Find a layout that a merchant asks for; raises BriefError naming those that fit."""
    able = {layout.name: layout for layout in fitting(channel, whole=whole)}
    if name not in able:
        kind = "a whole photo" if whole else "a cut-out"
        raise BriefError(
            f"layout '{name}': not for {channel.name} ({channel.shape}, {kind}); "
            f"choose from {', '.join(able)}"
        )
    return able[name]


def named(name: str) -> Layout:
    """Find a layout by name; raises BriefError naming the choices."""
    known = all_layouts()
    if name not in known:
        raise BriefError(
            f"typeset.layout: no layout '{name}'; choose from auto, {', '.join(known)}"
        )
    return known[name]


def _read(path: Path) -> Layout:
    lines = takewhile(lambda line: line.startswith("//"), path.read_text("utf-8").splitlines())
    header = tomllib.loads("\n".join(line.removeprefix("//").strip() for line in lines))
    return Layout.model_validate({"name": path.stem, **header})
