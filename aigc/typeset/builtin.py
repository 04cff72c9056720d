"""Type, cut-out and backdrop in one picture: layouts in Typst, fitted by measuring."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from aigc.campaign import Box, Pixels, Poster, Scene, Slots, pixel_box
from aigc.errors import BriefError
from aigc.scene.colours import Theme, contrast, theme
from aigc.typeset import PlanRequest, SetRequest, Typesetter, content, layouts
from aigc.typeset.compose import inked, marked, over, resized
from aigc.typeset.encode import encode
from aigc.typeset.sheet import Element, Sheet

_GROUNDS = {"accent": "on_accent", "on_accent": "accent", "panel": "ink"}  # and the ink on each


class Composition(NamedTuple):
    """A poster before it is encoded."""

    pixels: Pixels  # (H, W, 3)
    copy_id: str
    boxes: dict[str, Box]
    contrast: dict[str, float]


class Backend(Typesetter):
    """Options of the typesetter."""

    layout: str = Field(
        "auto",
        description="Layout where the channel's shape has it; auto goes through those that suit",
    )

    @property
    def packages(self) -> tuple[str, ...]:
        return ("typst", "pillow", "fonttools")

    def plan(self, requests: Sequence[PlanRequest]) -> list[Slots]:
        return [self._plan(request) for request in requests]

    def set(self, requests: Sequence[SetRequest]) -> list[Poster]:
        return [_poster(request) for request in requests]

    def _plan(self, plan: PlanRequest) -> Slots:
        layout = _choose(plan, self.layout)
        elements = elements_of(plan, layout)
        product = elements["product"].box
        quiet = tuple(each.box for each in elements.values() if each.name != "product")
        floor = product[3] if content.stands(plan) else None
        return Slots(layout=layout, product=product, quiet=quiet, floor=floor)


def elements_of(plan: PlanRequest, layout: str) -> dict[str, Element]:
    """Say where a layout puts product and texts, by name, before anything is painted.

    Raises BriefError where the texts cannot be made to fit.
    """
    return _checked(_sheet(plan, layout).elements(), plan, layout)


def composed(plan: PlanRequest, scene: Scene) -> Composition:
    """Put one poster together without encoding it: backdrop, cut-out, type.

    Where the cut-out is opaque its pixels are those of `compose.resized`, untouched.
    """
    sheet = _sheet(plan, scene.slots.layout)
    elements = _checked(sheet.elements(), plan, scene.slots.layout)
    colours = _theme(plan)
    size = plan.channel.size
    left, top, right, bottom = pixel_box(scene.slots.product, size)
    cutout = resized(plan.caption.cutout, (right - left, bottom - top))
    others = [each for each in elements.values() if each.name != "product"]
    liked = {"body": colours.muted, "brand": colours.muted, "price": colours.highlight}
    inks = inked(
        scene.image,
        cutout,
        (left, top),
        [each for each in others if each.ground == "scene"],
        _inks(colours),
        liked,
    )
    pixels = over(over(inks.backdrop, cutout, (left, top)), sheet.draw(inks.ink))
    mark = content.logo(plan)
    if mark is not None and "logo" in elements:
        pixels = marked(pixels, mark, elements["logo"].box)
    reached = dict(inks.contrast)
    for each in others:
        if each.ground in _GROUNDS:
            reached[each.name] = _on_colour(each.name, each.ground, colours)
    boxes = {each.name: each.box for each in others} | {"product": scene.slots.product}
    return Composition(pixels, content.copy_for(plan).id, boxes, reached)


def _poster(request: SetRequest) -> Poster:
    plan, scene = request.plan, request.scene
    made = composed(plan, scene)
    channel = plan.channel
    return Poster(
        id=request.poster_id,
        channel=channel.name,
        file=f"typeset/{request.poster_id}.{channel.format}",
        size=channel.size,
        copy_id=made.copy_id,
        scene_id=scene.id,
        layout=scene.slots.layout,
        boxes=made.boxes,
        contrast=made.contrast,
        data=encode(made.pixels, channel.format, channel.max_bytes, request.metadata),
    )


def _choose(plan: PlanRequest, wish: str) -> str:
    channel = plan.channel
    if wish != "auto" and channel.shape in layouts.named(wish).shapes:
        return wish
    height, width = plan.caption.cutout.shape[:2]
    said = frozenset(content.texts(plan, content.copy_for(plan)))
    return layouts.choose(
        channel,
        width / height,
        content.cropped(plan.caption),
        said,
        # The same turn on every channel: one campaign, one look.
        zlib.crc32(f"{plan.brief.seed}/{plan.brief.name}".encode()) + plan.variant,
    ).name


def _sheet(plan: PlanRequest, layout: str) -> Sheet:
    return Sheet(layout, content.sheet_data(plan, content.copy_for(plan), _theme(plan)))


def _theme(plan: PlanRequest) -> Theme:
    return theme(plan.style, plan.caption, plan.brief.brand.colours)


def _inks(colours: Theme) -> dict[str, str]:
    """Inks in order of liking, each with the colour that is put behind it where none reads."""
    dark, light = "#161616", "#ffffff"
    panel = colours.panel if contrast(colours.ink, colours.panel) >= 7 else ""
    other = dark if contrast(colours.ink, light) < contrast(colours.ink, dark) else light
    return {colours.ink: panel or other, light: dark, dark: light}


def _on_colour(name: str, ground: str, colours: Theme) -> float:
    ink = "highlight" if (ground, name) == ("panel", "price") else _GROUNDS[ground]
    return contrast(getattr(colours, ink), getattr(colours, ground))


def _checked(elements: dict[str, Element], plan: PlanRequest, layout: str) -> dict[str, Element]:
    if "overflow" in elements:
        headline = content.copy_for(plan).headline
        raise BriefError(
            f"copy.headline = '{headline}': too long for {plan.channel.name} "
            f"({plan.channel.text.headline} columns; layout {layout}); shorten it"
        )
    return elements
