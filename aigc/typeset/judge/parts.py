"""What the judge looks at: a poster's elements by kind, and its canvas with the product on it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from aigc.campaign import Box, Caption, Pixels, Poster, Size, pixel_box
from aigc.channels import Channel
from aigc.typeset import layouts, whole
from aigc.typeset.compose import over
from aigc.typeset.judge.metrics import Map, canvas_size, contains, under

UNDERLAYS = ("panel", "cover")  # how the names of blocks begin; a cover lies behind the product
_NO_ELEMENT = ("product", "subject", *UNDERLAYS)
_FILLED = ("cta", "discount")  # their own box is a filled block, their text in its middle


class Parts(NamedTuple):
    """A poster's boxes by kind."""

    texts: dict[str, Box]  # the words themselves
    elements: dict[str, Box]  # texts, logo and codes, with the button or disc that is theirs
    panels: dict[str, Box]  # filled blocks over the backdrop
    covers: dict[str, Box]  # panels painted on the backdrop, behind the product

    @property
    def underlays(self) -> dict[str, Box]:
        """Everything filled that a text stands on."""
        return {**self.panels, **self.covers}

    @property
    def inner(self) -> dict[str, Box]:
        """What may stand on an underlay: elements without the button or disc that is theirs."""
        return {**self.elements, **self.texts}


def parts(poster: Poster) -> Parts:
    """Sort a poster's boxes."""
    panels = {name: box for name, box in poster.boxes.items() if name.startswith("panel")}
    covers = {name: box for name, box in poster.boxes.items() if name.startswith("cover")}
    elements = {name: box for name, box in poster.boxes.items() if not name.startswith(_NO_ELEMENT)}
    texts = {name: box for name, box in elements.items() if name in poster.contrast}
    for name, box in texts.items():
        ground = poster.grounds.get(name, "scene")
        bare = ground == "scene" or any(contains(panel, box) for panel in panels.values())
        if name in _FILLED or not bare:
            panels = {**panels, f"panel-{name}": box}
            texts = {**texts, name: _middle(box, poster.sizes.get(name, 0.0), poster.size)}
    return Parts(texts, elements, panels, covers)


def bare(found: Parts, saliency: Map, slope: Map) -> Map:
    """The gradient, NaN where underlays hide it: panels all, covers what is not the product's."""
    slope = slope.copy()
    for box in found.covers.values():
        part = under(box, slope)
        part[under(box, saliency) < 0.5] = np.nan
    for box in found.panels.values():
        under(box, slope)[...] = np.nan
    return slope


def _middle(box: Box, text_size: float, size: Size) -> Box:
    """The text in a button or on a disc: as far from each side as from top and bottom."""
    left, top, right, bottom = box
    high = (bottom - top) * size[1]
    pad = max(min(high - text_size, 0.8 * high, 0.8 * (right - left) * size[0]), 0.0) / 2
    across, down = pad / size[0], pad / size[1]
    return left + across, top + down, right - across, bottom - down


def canvas(
    poster: Poster, channel: Channel, caption: Caption, backdrop: Pixels
) -> tuple[Pixels, Map]:
    """The backdrop with the product on it (h, w, 3), and how salient each pixel is (h, w).

    Saliency is the alpha of the cut-out that was pasted; of a whole photo, its focus.
    """
    size = canvas_size(poster.size)
    saliency = np.zeros(size[::-1], np.float32)
    if "product" not in poster.boxes:
        return _shrunk(backdrop, size), saliency
    box = poster.boxes["product"]
    if caption.whole:
        under(poster.boxes.get("subject", box), saliency)[...] = 1.0
    if caption.whole and _fills(poster.layout):
        side = whole.room(caption, poster.size, channel.safe).side
        photo = whole.part(caption, poster.size[0] / poster.size[1], side)
        return _shrunk(photo[..., :3], size), saliency
    picture = _shrunk(backdrop, size)
    left, top, right, bottom = pixel_box(box, size)
    shown = whole.part(caption, _aspect(box, poster.size)) if caption.whole else caption.cutout
    small = _shrunk(shown, (right - left, bottom - top))
    x0, y0 = max(left, 0), max(top, 0)
    small = small[y0 - top : size[1] - top, x0 - left : size[0] - left]  # what of it shows
    if not caption.whole:
        alpha = small[..., 3] * np.float32(1 / 255)
        saliency[y0 : y0 + small.shape[0], x0 : x0 + small.shape[1]] = alpha
    return over(picture, np.ascontiguousarray(small), (x0, y0)), saliency


def _fills(layout: str) -> bool:
    """Whether a layout sets its words on a photo that fills the poster."""
    known = layouts.all_layouts().get(layout)
    return known is not None and known.photo == "over"


def _aspect(box: Box, size: Size) -> float:
    left, top, right, bottom = pixel_box(box, size)
    return (right - left) / (bottom - top)


def _shrunk(pixels: Pixels, size: Size) -> Pixels:
    """Resize, by whole steps first: a tenth of the time that averaging over any area takes."""
    height, width = pixels.shape[:2]
    step = max(1, min(width // size[0], height // size[1]))
    if step > 1:
        whole_steps = pixels[: height // step * step, : width // step * step]
        pixels = cv2.resize(
            whole_steps, (width // step, height // step), interpolation=cv2.INTER_AREA
        )
    return np.array(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))
