"""Classifier, colour clustering, small language model and cut-out, all on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from pydantic import Field

from aigc.campaign import Caption, Pixels, Tag
from aigc.caption import Captioner, CaptionRequest, facts, learned, sentences, words
from aigc.caption.facts import Facts
from aigc.photo import on_white
from aigc.stage import FilePath

if TYPE_CHECKING:
    from aigc.caption.matte import Matte
    from aigc.caption.product import Product

# How far each view of a photo is believed: those that show little but the product, most.
CUT_OUT, WHOLE, SUBJECT, CENTRE, CORNER = 2.0, 1.0, 2.0, 1.0, 0.5
VIEW_SIDE = 512  # px; the classifier looks at 224
AROUND = 1.15  # side of the square in which the cut-out is classified, in longest sides of it


class Seen(NamedTuple):
    """A product that was looked at: cut out, its words, and what may be said of it."""

    product: Product
    tags: tuple[Tag, ...]
    facts: Facts


class Backend(Captioner):
    """Names what an ImageNet classifier, the product's pixels and the brief agree on."""

    words: int = Field(8, ge=0, le=20, description="Most visual words to keep")
    candidates: int = Field(
        4, ge=0, le=32, description="Sentences that the small language model proposes"
    )
    weights: FilePath = Field(
        "", description="Weights that order sentences: a file by `aigc learn caption`; empty: ours"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("torch", "ctranslate2", "opencv-contrib-python-headless", "numpy")

    @property
    def materials(self) -> dict[str, str]:
        """Which weights were learned, where they were."""
        return {"weights": learned.digest(self.weights)} if self.weights else {}

    def ready(self) -> None:
        """Raise ModelError before any work begins where the weights cannot be used."""
        if self.weights:
            learned.load(self.weights)

    def describe(self, requests: Sequence[CaptionRequest]) -> list[Caption]:
        """Caption each photo, classifying all regions of all photos in one call."""
        weights = learned.load(self.weights) if self.weights else None
        looked = self.look(requests)
        known = [each.facts for each in looked]
        seeds = [request.seed for request in requests]
        written = sentences.write(known, seeds, self.candidates, weights)
        return [
            each.product.caption(lines[0], each.tags)
            for each, lines in zip(looked, written, strict=True)
        ]

    def look(self, requests: Sequence[CaptionRequest]) -> list[Seen]:
        """See what is in each photo, and say what a sentence on it may hold."""
        from aigc._engines import vision
        from aigc.caption import product
        from aigc.regions import regions

        photos = [request.photo for request in requests]
        products = product.find(photos, self.matte, self.min_confidence)
        views: list[list[Pixels]] = []
        for photo, found in zip(photos, products, strict=True):
            views.append([_on_white(found.matte), *regions(photo.pixels, found.matte.box)])
        classes = iter(vision.classify([view for own in views for view in own]))
        looked = []
        for request, found, own in zip(requests, products, views, strict=True):
            seen = words.evidence(np.stack([next(classes) for _ in own]), _weights(len(own)))
            known = facts.gather(
                request.brief,
                words.tags(seen, request.brief, 1),
                found.palette,
                background=found.matte.background,
                # Colours of the whole photo are not the product's: they are not said.
                confidence=0.0 if found.note else found.matte.confidence,
                seen=seen,
            )
            looked.append(Seen(found, words.tags(seen, request.brief, self.words), known))
        return looked


def _weights(views: int) -> list[float]:
    """Weights of the cut-out and the regions, in the order in which regions() gives them."""
    return [CUT_OUT, WHOLE, SUBJECT, CENTRE, *[CORNER] * (views - 4)]


def _on_white(matte: Matte) -> Pixels:
    """The product alone on a white square, (512, 512, 3): what a classifier of products expects."""
    from aigc.caption.product import cropped

    cutout = cropped(matte)[1]
    height, width = cutout.shape[:2]
    scale = VIEW_SIDE / (max(height, width) * AROUND)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(cutout, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    left, top = (VIEW_SIDE - size[0]) // 2, (VIEW_SIDE - size[1]) // 2
    square = np.full((VIEW_SIDE, VIEW_SIDE, 3), 255, np.uint8)
    square[top : top + size[1], left : left + size[0]] = on_white(small)
    return square
