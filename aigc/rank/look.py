"""Looks at photos for the ranker: classes by region, and the product's colours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Box, Caption, Photo
from aigc.rank.colours import shares
from aigc.rank.relevance import Seen
from aigc.regions import regions

LIKE_BORDER = 10.0  # CIELAB units within which a pixel is probably background
SUBJECT = 0.35  # activation from which on a place is the subject's


def look(
    photos: Sequence[Photo],
    captions: Sequence[Caption | None],
    names: Sequence[str | None],
) -> list[Seen]:
    """Classify every region of every photo in one call.

    Where there is a caption its cut-out gives the colours; else the activation map does.
    """
    from aigc._engines import vision

    bare = [i for i, caption in enumerate(captions) if caption is None]
    maps = dict(zip(bare, vision.saliency([photos[i].pixels for i in bare]), strict=True))
    cut, colours = [], []
    for i, (photo, caption) in enumerate(zip(photos, captions, strict=True)):
        if caption is not None:
            cut.append(regions(photo.pixels, caption.subject))
            colours.append(shares(caption.cutout[..., :3], caption.cutout[..., 3]))
        else:
            cut.append(regions(photo.pixels, _box(maps[i])))
            colours.append(shares(photo.pixels, _weight(photo, maps[i])))
    classes = vision.classify([part for parts in cut for part in parts])
    starts = np.cumsum([0, *(len(parts) for parts in cut)])
    return [
        Seen(classes[start : start + len(parts)], colour, name)
        for start, parts, colour, name in zip(starts[:-1], cut, colours, names, strict=True)
    ]


def _box(activation: NDArray[np.float32]) -> Box:
    """The box around what an activation map (h, w) shows as the subject."""
    fine = cv2.resize(activation, (56, 56), interpolation=cv2.INTER_LINEAR)
    rows, columns = np.flatnonzero((fine > SUBJECT).any(1)), np.flatnonzero((fine > SUBJECT).any(0))
    if len(rows) == 0:  # a blank picture: nothing is seen anywhere
        return 0.0, 0.0, 1.0, 1.0
    left, right = float(columns[0]) / 56, float(columns[-1] + 1) / 56
    return left, float(rows[0]) / 56, right, float(rows[-1] + 1) / 56


def _weight(photo: Photo, activation: NDArray[np.float32]) -> NDArray[np.float32]:
    """How surely a place is the product: its own matte, or activation where unlike the edge."""
    if photo.alpha is not None:
        return photo.alpha.astype(np.float32)
    side = activation.shape[0] * 8
    small = cv2.resize(photo.pixels, (side, side), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    edge = np.median(np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]]), axis=0)
    weight = cv2.resize(activation, (side, side), interpolation=cv2.INTER_LINEAR)
    weight[np.linalg.norm(lab - edge, axis=2) < LIKE_BORDER] *= 0.15
    found: NDArray[np.float32] = weight + 1e-6
    return found
