"""The judge's checks, by what they look at; each gives marks by the thresholds of rules.toml."""

from __future__ import annotations

import unicodedata

import numpy as np

from aigc.campaign import Box, Brief, Caption, Copy, Mark, Pixels, Poster, Size
from aigc.channels import Channel
from aigc.typeset.judge import ground, metrics
from aigc.typeset.judge.metrics import Map
from aigc.typeset.judge.parts import Parts
from aigc.typeset.judge.rules import mark
from aigc.typeset.paper import printed

_LARGE = 24  # CSS px from which WCAG calls a text large
_MUST = ("headline", "price", "discount", "coupon", "cta")
_LARGE_SIDE = 500  # px: a poster with such sides has room for every text


def layout(found: Parts, saliency: Map, slope: Map) -> list[Mark]:
    """Whether elements keep apart, from each other and from the product, on calm ground.

    `slope` is NaN where an underlay hides the ground.
    """
    elements, underlays = found.elements, list(found.underlays.values())
    drawn = {**elements, **found.panels}
    covering = {name: float(metrics.under(box, saliency).mean()) for name, box in drawn.items()}
    rough = {name: metrics.mean(metrics.under(box, slope)) for name, box in found.texts.items()}
    astride = {name: _astride(box, found) for name, box in elements.items()}
    marks = [
        mark("overlay", metrics.overlay(list(elements.values())), _overlapping(elements)),
        _worst("covering", covering, low=False),
        _worst("straddling", astride, low=False),
        _worst("readability", rough, low=False),
        mark("alignment", metrics.alignment(list(elements.values()))),
    ]
    carrying = metrics.underlay_strict(underlays, list(found.inner.values()))
    if carrying is not None:
        marks.append(mark("underlay", carrying, "panel"))
    return marks


def reading(channel: Channel, poster: Poster, found: Parts, picture: Pixels | None) -> list[Mark]:
    """Whether each text can be read where the picture is seen."""
    scale = seen(channel)
    small: dict[str, float] = {}
    large: dict[str, float] = {}
    for name, box in found.texts.items():
        if picture is None:
            break
        size = poster.sizes.get(name, 0.0)
        reached = ground.reached(picture, box, size, poster.inks.get(name, ""))
        (large if size * scale >= _LARGE else small)[name] = reached
    sizes = {name: poster.sizes[name] * scale for name in found.texts if name in poster.sizes}
    edges = {name: _to_edge(box, poster.size) for name, box in found.elements.items()}
    marks = [
        *([_worst("contrast", small)] if small else []),
        *([_worst("contrast-large", large)] if large else []),
        *([_worst("text-size", sizes)] if sizes else []),
        *([_worst("margin", edges)] if edges else []),
    ]
    if any(channel.safe) and edges:
        reach = {name: _beyond(box, channel.safe) for name, box in found.elements.items()}
        marks.append(_worst("safe-area", reach, low=False))
    return marks


def product(
    channel: Channel, poster: Poster, caption: Caption, saliency: Map, picture: Pixels | None
) -> list[Mark]:
    """Whether the product is large enough, well cut out, and on white where that is wanted."""
    boxes = [poster.boxes[name] for name in ("subject", "product") if name in poster.boxes]
    around = metrics.covered(boxes[:1], saliency.shape).mean()
    marks = [mark("product-share", float(saliency.mean() * around) ** 0.5, "product")]
    if not caption.whole:
        marks.append(mark("cut-out", caption.confidence, "product"))
    if channel.background == "white" and picture is not None:
        rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        marks.append(mark("white-ground", float((rim == 255).all(axis=1).mean())))
    if channel.fill:
        left, top, right, bottom = poster.boxes.get("product", (0.0, 0.0, 0.0, 0.0))
        marks.append(mark("fill", max(right - left, bottom - top) / channel.fill, "product"))
    return marks


def words(
    channel: Channel, brief: Brief, copy: Copy | None, poster: Poster, found: Parts
) -> list[Mark]:
    """Whether the poster says what the copy says: nothing left out, nothing cut."""
    if poster.texts is None:
        return []
    said = poster.texts
    expected = printed(channel, brief, _expected(brief, copy))
    expected = {name: text for name, text in expected.items() if channel.allows(name)}
    if "logo" in poster.boxes:
        expected.pop("brand", None)
    wanting = [
        name for name, text in expected.items() if letters(said.get(name, "")) != letters(text)
    ]
    roomy = min(poster.size) >= _LARGE_SIDE
    missing = [name for name in wanting if roomy or name in _MUST]
    lesser = [name for name in wanting if name not in missing]
    forbidden = [name for name in found.elements if not channel.allows(name)]
    return [
        mark("missing", len(missing), ", ".join(missing)),
        mark("left-out", len(lesser), ", ".join(lesser)),
        mark("forbidden", len(forbidden), ", ".join(forbidden)),
    ]


def file(channel: Channel, poster: Poster, kind: str, picture: Pixels | None) -> list[Mark]:
    """Whether the channel takes the file."""
    size = poster.size if picture is None else (picture.shape[1], picture.shape[0])
    right = kind == channel.format and size == channel.size
    is_now = f"{size[0]}×{size[1]} {kind}, not {channel.size[0]}×{channel.size[1]} {channel.format}"
    return [
        mark("bytes", len(poster.data) / channel.max_bytes, f"{len(poster.data)} bytes"),
        mark("file", float(right), is_now),
    ]


def seen(channel: Channel) -> float:
    """How many CSS px a reader sees a pixel of the poster as.

    A CSS px is 1/96 inch at arm's length, 0.71 m; of print, what looks as large from where its
    reader stands.
    """
    if channel.print is not None:
        return channel.print.face[0] / channel.size[0] / (25.4 / 96) * 0.71 / channel.print.view
    return channel.seen / channel.size[0] if channel.seen else 1.0


def letters(text: str) -> str:
    """A text without what a typesetter may change: spaces, marks, emoji, width of forms."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _expected(brief: Brief, copy: Copy | None) -> dict[str, str]:
    texts = {
        "headline": copy.headline if copy else brief.name,
        "body": copy.body if copy else "",
        "cta": copy.cta if copy else "",
        "price": brief.price,
        "was": brief.was if brief.price else "",
        "discount": brief.discount,
        "coupon": brief.coupon,
        "brand": brief.brand.name,
    }
    return {name: text for name, text in texts.items() if letters(text)}


def _worst(check: str, values: dict[str, float], *, low: bool = True) -> Mark:
    """Mark the worst of some elements' values."""
    if not values:
        return mark(check, 0.0)
    name = (min if low else max)(values, key=lambda each: values[each])
    return mark(check, values[name], name)


def _overlapping(elements: dict[str, Box]) -> str:
    names = list(elements)
    pairs = [
        (metrics.iou(elements[one], elements[other]), f"{one} and {other}")
        for number, one in enumerate(names)
        for other in names[number + 1 :]
    ]
    return max(pairs, default=(0.0, ""))[1]


def _astride(box: Box, found: Parts) -> float:
    """The lesser share of a box on one side of a panel's edge; 0 if it is all on or all off."""
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-12)
    shares = [metrics.shared(box, panel) / area for panel in found.underlays.values()]
    if not shares or max(shares) > 1 - 1e-3:
        return 0.0
    return max(min(share, 1 - share) for share in shares)


def _beyond(box: Box, safe: tuple[float, float, float, float]) -> float:
    """How far a box reaches into what the app covers, as a share of the picture's side."""
    top, right, bottom, left = safe
    return max(left - box[0], top - box[1], box[2] - 1 + right, box[3] - 1 + bottom, 0.0)


def _to_edge(box: Box, size: Size) -> float:
    """From a box to the nearest edge of the picture, as a share of its short side."""
    width, height = size
    edges = (box[0] * width, box[1] * height, (1 - box[2]) * width, (1 - box[3]) * height)
    return min(edges) / min(size)
