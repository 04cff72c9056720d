"""Print products: the poster's own layers, at the size and with the edges that a printer needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from aigc import photo
from aigc.campaign import Box, Pixels
from aigc.errors import BriefError
from aigc.prints import MM, POINT, Print
from aigc.typeset import PlanRequest, sheet
from aigc.typeset.print import logos, raster, sleeve
from aigc.typeset.print.assemble import Sheet, Type, assemble

QUALITY = 90
_PREVIEW = 85


class Layers(NamedTuple):
    """What a poster is made of, before it is flattened."""

    sheet: sheet.Sheet
    inks: dict[str, str]
    backdrop: Pixels  # (h, w, 3), at the channel's size
    cutout: Pixels  # (h, w, 4), as sharp as there is
    product: Box
    logo: Pixels | None
    plate: int | None  # the grey behind the logo
    seed: int


def write(
    plan: PlanRequest, layers: Layers, pixels: Pixels, metadata: Mapping[str, str]
) -> tuple[bytes, bytes]:
    """Make a print channel's PDF, and a JPEG of what it looks like; `pixels` is the flat poster."""
    channel, made = plan.channel, plan.channel.print
    assert made is not None
    panels = sleeve.panels(made) if made.kind == "sleeve" else (_whole(made),)
    per = channel.size[0] / made.face[0]  # px a mm
    types, elements, pictures = [], [], []
    for number, panel in enumerate(panels):
        changes: dict[str, Any] = {"bleed": [side * per for side in panel.bleed]}
        if panel.layout:
            changes |= sleeve.data(plan, panel, per)
        layout = layers.sheet.changed(panel.layout, **changes)
        types.append(Type(layout.pdf({} if panel.layout else layers.inks), _grown(panel)))
        found = layout.elements()
        if "overflow" in found:
            raise BriefError(
                f"features: {len(plan.brief.features)} do not fit on the back of {channel.name}; "
                "shorten them or leave some out"
            )
        for each in found.values():
            box = _within(each.box, panel.place)
            points = round(each.size / per / POINT, 2)
            corners = [round(edge, 2) for edge in box]
            elements.append({"name": each.name, "panel": number, "box": corners, "points": points})
            if each.name == "logo" and layers.logo is not None:
                pictures.append(logos.picture(layers.logo, box, layers.plate))
    front = panels[0]
    face = raster.Face(front.place, front.bleed, layers.backdrop, layers.cutout, layers.product)
    width, height = made.pixels()
    canvas = np.full((height, width, 3), 255, np.uint8)
    raster.paint(face, canvas, made.dpi, (-made.bleed, -made.bleed), layers.seed)
    jpeg = _jpeg(canvas)
    del canvas  # of a wall, 700 MB
    shown = _within(layers.product, front.place)
    facts = {
        "channel": channel.name,
        **made.model_dump(mode="json"),
        "panels": [panel.place for panel in panels],
        "painted_dpi": round(per * MM, 1),
        "product": {
            "px": [layers.cutout.shape[1], layers.cutout.shape[0]],
            "mm": [round(shown[2] - shown[0], 2), round(shown[3] - shown[1], 2)],
        },
        "elements": elements,
    }
    lines = sleeve.lines(made) if made.kind == "sleeve" else ()
    paper = Sheet(made, jpeg, (width, height), tuple(types), tuple(pictures), lines)
    data = assemble(paper, facts, metadata)
    if made.kind == "sleeve":
        pixels = sleeve.unfolded(data, made, per)
    return data, photo.encode_jpeg(pixels, _PREVIEW)


def _jpeg(canvas: Pixels) -> bytes:
    """Encode (H, W, 3) after swapping its channels in place: a copy may be too large."""
    for row in range(0, canvas.shape[0], raster.STRIP):
        strip = canvas[row : row + raster.STRIP]
        strip[:] = strip[..., ::-1].copy()
    full = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, QUALITY, *full])
    assert done
    return data.tobytes()


def _whole(made: Print) -> sleeve.Panel:
    bleed = made.bleed
    return sleeve.Panel("", (0.0, 0.0, *made.face), (bleed, bleed, bleed, bleed + made.foot))


def _grown(panel: sleeve.Panel) -> Box:
    (left, top, right, bottom), bleed = panel.place, panel.bleed
    return left - bleed[0], top - bleed[1], right + bleed[2], bottom + bleed[3]


def _within(box: Box, place: Box) -> Box:
    """A box of fractions of a panel, in mm from the trim's top left."""
    wide, high = place[2] - place[0], place[3] - place[1]
    return (
        place[0] + box[0] * wide,
        place[1] + box[1] * high,
        place[0] + box[2] * wide,
        place[1] + box[3] * high,
    )
