"""Type, cut-out and backdrop in one picture: layouts in Typst, fitted by measuring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from aigc.campaign import Box, Pixels, Poster, Scene, Slots, pixel_box
from aigc.errors import BriefError
from aigc.scene.colours import Theme, contrast, theme
from aigc.typeset import (
    PlanRequest,
    SetRequest,
    Typesetter,
    choose,
    content,
    faces,
    layouts,
    logos,
    tweaks,
    whole,
)
from aigc.typeset.compose import EASY, inked, marked, resized
from aigc.typeset.contrast import rgb
from aigc.typeset.encode import encode
from aigc.typeset.logos import Mark
from aigc.typeset.sheet import Element, Sheet, paint

_GROUNDS = {"accent": "on_accent", "on_accent": "accent", "panel": "ink"}  # and the ink on each
_ON_PANEL = {"price": "highlight", "was": "muted"}


class Composition(NamedTuple):
    """A poster before it is encoded."""

    pixels: Pixels  # (H, W, 3)
    backdrop: Pixels  # (H, W, 3): without cut-out and type, calmed where texts need it
    copy_id: str
    boxes: dict[str, Box]
    contrast: dict[str, float]
    inks: dict[str, str]
    sizes: dict[str, float]
    texts: dict[str, str]
    grounds: dict[str, str]
    logo: Mark | None


class Backend(Typesetter):
    """Options of the typesetter."""

    layout: str = Field(
        "auto",
        description="Layout where the channel's shape has it; auto goes through those that suit",
    )

    @property
    def packages(self) -> tuple[str, ...]:
        return ("typst", "pypdfium2", "pillow", "fonttools")

    def plan(self, requests: Sequence[PlanRequest]) -> list[Slots]:
        return [self._plan(request) for request in requests]

    def reads(self, plan: PlanRequest) -> Any:
        shown = content.copy_for(plan).model_dump(mode="json", exclude={"hashtags", "source"})
        return {"shown": shown, "wordy": choose.wordy(plan)}

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
    within = (right - left, bottom - top)
    ground, boxes = scene.image, {"product": scene.slots.product}
    choice, liked = _inks(colours), _liked(colours)
    if plan.caption.whole and layouts.named(scene.slots.layout).photo == "over":
        room = whole.room(plan.caption, size, plan.channel.safe)
        ground = whole.fitted(plan.caption, size, room.side)[..., :3]
        cutout = np.zeros((1, 1, 4), np.uint8)
        choice, liked = whole.inks(ground, room.text), {}
        boxes["subject"] = scene.slots.product
    elif plan.caption.whole:
        ground = np.full_like(ground, rgb(_behind(plan, colours)))
        cutout = whole.fitted(plan.caption, within)
        boxes["subject"] = whole.subject(plan.caption, scene.slots.product, size)
    else:
        cutout = resized(plan.caption.cutout, within)
    others = [each for each in elements.values() if each.name != "product"]
    inks = inked(
        ground,
        cutout,
        (left, top),
        [each for each in others if each.ground == "scene"],
        choice,
        liked,
    )
    pixels = inks.picture
    paint(sheet.pdf(inks.ink), pixels)
    mark = None
    if place := elements.get("logo"):
        mark = logos.chosen(plan.brief.brand, pixels, place.box)
    if place and mark:
        pixels = marked(pixels, mark.pixels, place.box, mark.plate)
    reached, used = dict(inks.contrast), dict(inks.ink)
    for each in others:
        if each.ground in _GROUNDS:
            reached[each.name] = _on_colour(each.name, each.ground, colours)
            used[each.name] = _ink_on(each.name, each.ground, colours)
    copy = content.copy_for(plan)
    said = content.texts(plan, copy)
    return Composition(
        pixels=pixels,
        backdrop=inks.backdrop,
        copy_id=copy.id,
        boxes={each.name: each.box for each in others} | inks.panels | boxes,
        contrast=reached,
        inks=used,
        sizes={each.name: each.size for each in others if each.size},
        texts={name: text for name, text in said.items() if name in elements},
        grounds={each.name: each.ground for each in others},
        logo=mark,
    )


def _behind(plan: PlanRequest, colours: Theme) -> str:
    """The plain wall that a whole photo hangs on: a set with a floor would show through oddly."""
    return "#ffffff" if plan.channel.background == "white" else colours.wall


def _poster(request: SetRequest) -> Poster:
    plan, scene = request.plan, request.scene
    made = composed(plan, scene)
    channel = plan.channel
    if channel.format == "pdf":
        data, preview = _printed(request, made)
    else:
        limit = channel.max_bytes
        data, preview = encode(made.pixels, channel.format, limit, request.metadata), b""
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
        inks=made.inks,
        sizes=made.sizes,
        texts=made.texts,
        grounds=made.grounds,
        picture=made.pixels,
        data=data,
        preview=preview,
    )


def _printed(request: SetRequest, made: Composition) -> tuple[bytes, bytes]:
    """The PDF, and a JPEG of what it looks like."""
    from aigc.typeset import print as printing

    plan, scene = request.plan, request.scene
    size = plan.channel.size
    left, top, right, bottom = pixel_box(scene.slots.product, size)
    own, mark = plan.caption.cutout, made.logo
    sheet = _sheet(plan, scene.slots.layout)
    if plan.caption.whole:
        own = whole.part(plan.caption, (right - left) / (bottom - top))
    layers = printing.Layers(
        sheet=sheet,
        backdrop=made.backdrop,
        cutout=own,
        product=(left / size[0], top / size[1], right / size[0], bottom / size[1]),
        inks=made.inks,
        logo=mark and mark.pixels,
        plate=mark and mark.plate,
        seed=scene.seed,
    )
    return printing.write(plan, layers, made.pixels, request.metadata)


def _choose(plan: PlanRequest, wish: str) -> str:
    channel = plan.channel
    if plan.layout:
        return layouts.checked(plan.layout, channel, whole=plan.caption.whole).name
    if wish != "auto" and channel.shape in layouts.named(wish).shapes:
        return wish

    def measure(layout: str) -> dict[str, Element]:
        return _untouched(plan, layout).elements()

    if plan.caption.whole and channel.background == "scene":
        return choose.choose_for_photo(plan, measure)
    height, width = plan.caption.cutout.shape[:2]
    said = frozenset(content.texts(plan, content.copy_for(plan)))
    own = layouts.suiting(
        channel, width / height, content.cropped(plan.caption), said, plan.brief.variants
    )
    if len(own) == 1:
        return own[0].name
    return choose.choose(plan, own, measure)


def _sheet(plan: PlanRequest, layout: str) -> Sheet:
    """A poster's sheet, with what the merchant moved on it."""
    sheet = _untouched(plan, layout)
    if not plan.moved:
        return sheet
    return sheet.changed(**tweaks.data(plan, layout, sheet.elements()))


def _untouched(plan: PlanRequest, layout: str) -> Sheet:
    colours = _theme(plan)
    data = content.sheet_data(plan, content.copy_for(plan), colours)
    placing = choose.placing(plan, layout, data["rtl"])
    liked = _liked(colours).items()
    likely = {name: own for name, own in liked if contrast(own, colours.wall) >= EASY}
    own = faces.folders(plan.brief.brand.font)
    return Sheet(layout, {**data, **placing, "ink": likely}, own)


def _theme(plan: PlanRequest) -> Theme:
    return theme(plan.style, plan.caption, plan.brief.brand.colours)


def _liked(colours: Theme) -> dict[str, str]:
    lesser = dict.fromkeys(("body", "brand", "was"), colours.muted)
    return {**lesser, "price": colours.highlight}


def _inks(colours: Theme) -> dict[str, str]:
    """Inks in order of liking, each with the colour that is put behind it where none reads."""
    dark, light = "#161616", "#ffffff"
    panel = colours.panel if contrast(colours.ink, colours.panel) >= 7 else ""
    other = dark if contrast(colours.ink, light) < contrast(colours.ink, dark) else light
    return {colours.ink: panel or other, light: dark, dark: light}


def _on_colour(name: str, ground: str, colours: Theme) -> float:
    return contrast(_ink_on(name, ground, colours), str(getattr(colours, ground)))


def _ink_on(name: str, ground: str, colours: Theme) -> str:
    ink = _ON_PANEL.get(name, "ink") if ground == "panel" else _GROUNDS[ground]
    return str(getattr(colours, ink))


def _checked(elements: dict[str, Element], plan: PlanRequest, layout: str) -> dict[str, Element]:
    if "overflow" in elements:
        headline = content.copy_for(plan).headline
        raise BriefError(
            f"copy.headline = '{headline}': too long for {plan.channel.name} "
            f"({plan.channel.text.headline} columns; layout {layout}); shorten it"
        )
    return elements
