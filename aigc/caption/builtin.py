"""Classifier, colour clustering, small language model and cut-out, all on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from pydantic import Field

from aigc.campaign import Box, Caption, Pixels, pixel_box
from aigc.caption import Captioner, CaptionRequest, facts, palette, sentences, words

if TYPE_CHECKING:
    from aigc.caption.matte import Matte

# How far each view of a photo is believed: those that show little but the product, most.
CUT_OUT, WHOLE, SUBJECT, CENTRE, CORNER = 2.0, 1.0, 2.0, 1.0, 0.5
VIEW_SIDE = 512  # px; the classifier looks at 224
AROUND = 1.15  # side of the square in which the cut-out is classified, in longest sides of it


class Backend(Captioner):
    """Names what an ImageNet classifier, the product's pixels and the brief agree on."""

    matte: str = Field(
        "net",
        description="How the product is cut out: net (our own), grabcut, rembg:MODEL, "
        "or a transformers model as hf:OWNER/NAME or a folder",
    )
    min_confidence: float = Field(
        0.82,
        ge=0,
        le=1,
        description="Confidence below which a cut-out is dropped and the whole photo is shown",
    )
    words: int = Field(8, ge=0, le=20, description="Most visual words to keep")
    candidates: int = Field(
        4, ge=0, le=32, description="Sentences that the small language model proposes"
    )

    @property
    def packages(self) -> tuple[str, ...]:
        """Distributions whose version changes the result."""
        return ("torch", "ctranslate2", "opencv-contrib-python-headless", "numpy")

    def describe(self, requests: Sequence[CaptionRequest]) -> list[Caption]:
        """Caption each photo, classifying all regions of all photos in one call."""
        from aigc._engines import vision
        from aigc.caption import doubt
        from aigc.caption.matte import cut_out
        from aigc.regions import regions

        mattes = [cut_out(request.photo, method=self.matte) for request in requests]
        views: list[list[Pixels]] = []
        for request, matte in zip(requests, mattes, strict=True):
            views.append([_on_white(matte), *regions(request.photo.pixels, matte.box)])
        classes = iter(vision.classify([view for own in views for view in own]))
        known, found = [], []
        for request, matte, own in zip(requests, mattes, views, strict=True):
            seen = words.evidence(np.stack([next(classes) for _ in own]), _weights(len(own)))
            tags = words.tags(seen, request.brief, self.words)
            note = doubt.doubt(matte, self.min_confidence)
            pixels = request.photo.pixels
            focus = doubt.focus(pixels, matte) if note else doubt.WHOLE
            shown = doubt.whole(pixels, matte) if note else matte
            swatches = palette.palette(shown.foreground, shown.alpha)
            found.append((shown, tags, swatches, note, focus))
            known.append(
                facts.gather(
                    request.brief,
                    words.tags(seen, request.brief, 1),
                    swatches,
                    background=matte.background,
                    # Colours of the whole photo are not the product's: they are not said.
                    confidence=0.0 if note else matte.confidence,
                    seen=seen,
                )
            )
        written = sentences.write(known, [request.seed for request in requests], self.candidates)
        captions = []
        for (matte, tags, swatches, note, focus), lines in zip(found, written, strict=True):
            subject, cutout = _cropped(matte)
            captions.append(
                Caption(
                    text=lines[0],
                    tags=tags,
                    palette=swatches,
                    background=matte.background,
                    subject=subject,
                    confidence=matte.confidence,
                    note=note,
                    focus=focus,
                    cutout=cutout,
                )
            )
        return captions


def _weights(views: int) -> list[float]:
    """Weights of the cut-out and the regions, in the order in which regions() gives them."""
    return [CUT_OUT, WHOLE, SUBJECT, CENTRE, *[CORNER] * (views - 4)]


def _cropped(matte: Matte) -> tuple[Box, Pixels]:
    """Crop the cut-out to its box; the box is then that of the whole pixels taken."""
    height, width = matte.alpha.shape
    left, top, right, bottom = pixel_box(matte.box, (width, height))
    rgba = np.dstack([matte.foreground, matte.alpha])[top:bottom, left:right]
    box = (left / width, top / height, right / width, bottom / height)
    return box, np.ascontiguousarray(rgba)


def _on_white(matte: Matte) -> Pixels:
    """The product alone on a white square, (512, 512, 3): what a classifier of products expects."""
    cutout = _cropped(matte)[1]
    height, width = cutout.shape[:2]
    scale = VIEW_SIDE / (max(height, width) * AROUND)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(cutout, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = small[..., 3:] / 255
    left, top = (VIEW_SIDE - size[0]) // 2, (VIEW_SIDE - size[1]) // 2
    square = np.full((VIEW_SIDE, VIEW_SIDE, 3), 255, np.uint8)
    blended = small[..., :3] * alpha + 255 * (1 - alpha)
    square[top : top + size[1], left : left + size[0]] = blended.round()
    return square
