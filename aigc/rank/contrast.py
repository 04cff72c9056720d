"""How well a text fits a photo, as a model of pictures and texts sees it: contrast with any goods.

A cosine says little by itself: its usual height differs by model, photo and language. Trained by
contrast, such a model tells instead how much likelier a text is beside a photo than beside others
(van den Oord et al. 2018). So a text stands against the names of the goods of any shop (Chinese
beside Chinese, else English), and its relevance is the chance that it rather than one of them
belongs to the photo. SigLIP's own chance, among the thousands of texts of a training batch, is near
0 for every advertisement; against the goods its bias cancels, and the same scale serves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc import events, prompts
from aigc.campaign import Caption, Photo, Pixels
from aigc.photo import on_white
from aigc.rank.language import in_english, script
from aigc.rank.relevance import joined, readings

if TYPE_CHECKING:
    from aigc._engines.clip import Encoder

Vectors = NDArray[np.float32]

NEUTRAL = 0.5
SCALE = 2.0  # nats that change the odds by a factor of e: copy is no alt text, so models overstate
MARGIN = 0.06  # of the longer side, left around a cut-out


class View(NamedTuple):
    """What of a product is looked at: the photo, and its cut-out on white where there is one."""

    photo: Photo
    caption: Caption | None


def relevance(
    encoder: Encoder, views: Sequence[View], texts: Sequence[Sequence[str]]
) -> list[list[float] | None]:
    """Relevance in 0..1 of each view's own texts; 0.5 says nothing either way.

    Pictures and texts are encoded once each. Chinese that the model does not read goes by the
    goods it names; what cannot be read at all gets 0.5, or None where that is all of a view's.
    """
    known = {text: _known(encoder, text) for own in texts for text in own}
    parts = list(dict.fromkeys(part for text in known.values() for part in readings(text)))
    points = dict(zip(parts, encoder.texts(parts), strict=True))
    pictures = [_pictures(view) for view in views]
    looks = iter(encoder.images([each for own in pictures for each in own]))
    found: list[list[float] | None] = []
    for own, shown in zip(texts, pictures, strict=True):
        seen = np.stack([next(looks) for _ in shown])
        read = [readings(known[text]) for text in own]
        odds: dict[str, float] = {}
        for chinese in (False, True):
            said = {part for parts in read for part in parts if (script(part) == "zh") == chinese}
            if each := sorted(said):
                against = np.stack([points[part] for part in each])
                values = log_odds(seen, against, _goods(encoder, chinese), encoder.scale)
                odds |= dict(zip(each, values.tolist(), strict=True))
        found.append([_chance(reading, odds) for reading in read] if any(read) else None)
    if unread := sum(each is None and len(own) > 0 for each, own in zip(found, texts, strict=True)):
        which = f"the texts of {unread} of {len(found)} photos"
        events.report("rank", 0, 0, f"{encoder.ref} cannot read {which}: no relevance for them")
    return found


def log_odds(looks: Vectors, texts: Vectors, goods: Vectors, scale: float) -> NDArray[np.float64]:
    """Log odds, in nats, of each text against one of the goods: mean over the looks at a product.

    looks (v, d), texts (t, d), goods (n, d), all unit vectors; `scale` makes log odds of cosines.
    """
    others = scale * np.einsum("vd,nd->vn", looks, goods, dtype=np.float64)
    own = scale * np.einsum("vd,td->vt", looks, texts, dtype=np.float64)
    highest = others.max(1, keepdims=True)
    any_good = highest + np.log(np.exp(others - highest).mean(1, keepdims=True))
    odds: NDArray[np.float64] = (own - any_good).mean(0)
    return odds


def _chance(reading: Sequence[str], odds: Mapping[str, float]) -> float:
    return float(1 / (1 + np.exp(-joined(reading, odds) / SCALE))) if reading else NEUTRAL


def _known(encoder: Encoder, text: str) -> str | None:
    """A text as the model can read it."""
    if encoder.reads(text):
        return text
    return in_english(text) if script(text) == "zh" else None


@cache
def _goods(encoder: Encoder, chinese: bool) -> Vectors:
    """The names of all goods as points (n, d), computed once and cached on disk."""
    from aigc._engines import store

    rows = [row.split("\t") for row in prompts.text("rank/products.tsv").splitlines()[1:]]
    names = [row[1].split(",")[0] if chinese else row[0] for row in rows]
    key = hashlib.sha256("\n".join([encoder.identity, *names]).encode()).hexdigest()[:12]

    def build(folder: Path) -> None:
        np.save(folder / "points.npy", encoder.texts(names))

    points: Vectors = np.load(store.derived(f"goods-{key}", build) / "points.npy")
    return points


def _pictures(view: View) -> list[Pixels]:
    if view.caption is None:
        return [view.photo.pixels]
    return [view.photo.pixels, squared(on_white(view.caption.cutout), 255, MARGIN)]


def squared(pixels: Pixels, grey: int, margin: float = 0.0) -> Pixels:
    """Centre a picture (h, w, 3) on a square: such models crop to one, or distort what is none."""
    height, width = pixels.shape[:2]
    side = round(max(height, width) * (1 + 2 * margin))
    top, left = (side - height) // 2, (side - width) // 2
    edges = (top, side - height - top, left, side - width - left)
    framed: Pixels = cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_CONSTANT, value=(grey,) * 3)
    return framed
