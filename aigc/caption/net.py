"""Cuts a product out with the network that comes with the package."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels
from aigc.caption import backdrop, trust
from aigc.caption.grabcut import cut, shrink
from aigc.caption.mask import Mask

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

CLOSE = 0.75  # of the picture: a product that fills less is looked at again, from nearer
AROUND = 0.15  # of its longest side, shown around it then
AGAIN = 0.4  # weight of that second look
OUTLINE_SIDE = 320  # px; where a GrabCut draws a scene's outline again
OUTLINE = 0.35  # weight of that
DOUBT = 0.05  # share within which of 0 or 1 the network is sure
PIECE = 0.65  # mean share of a piece that belongs to the subject beside the largest
STEEPNESS = 2.0  # of the network's shares about one half
SURE = 0.985  # share: product, whatever its backdrop says
FAINT = 0.03  # share: a thin thing near it, a lace or a chair's leg, may be the product's
WIDE = 0.006  # of the longest side: half the width from which the network overrules a backdrop


def net(pixels: Pixels) -> Mask:
    """Cut by the network that comes with the package; before an even backdrop, by that as well."""
    from aigc._engines import matting

    share = _closer(pixels, matting.alpha(pixels), matting.look)
    found = backdrop.measure(pixels)
    certainty = trust.certainty(share)
    if found.kind == "scene" or found.noise > backdrop.TEXTURED:
        return Mask(_tidied(_redrawn(pixels, share)), certainty, found.kind)
    mask = agreed(share, backdrop.subtract(pixels, found), backdrop.like(pixels, found))
    # An even backdrop settles about half of what the network doubts.
    sure = (1 + max(certainty, trust.agreement(mask, share))) / 2
    return Mask(mask, sure, found.kind)


def _closer(pixels: Pixels, share: Floats, look: Callable[[Pixels], Floats]) -> Floats:
    """Look again at the part of a photo that holds the product, where that is far less than all."""
    x, y, across, down = cv2.boundingRect((share > 0.5).astype(np.uint8))
    if not across:
        return share
    height, width = pixels.shape[:2]
    wide, high = width / share.shape[1], height / share.shape[0]  # photo pixels a place
    margin = AROUND * max(across * wide, down * high)
    left, right = max(0, x * wide - margin), min(width, (x + across) * wide + margin)
    top, bottom = max(0, y * high - margin), min(height, (y + down) * high + margin)
    if (bottom - top) * (right - left) > CLOSE * height * width:
        return share
    near = look(np.ascontiguousarray(pixels[int(top) : int(bottom), int(left) : int(right)]))
    finer = max(near.shape) / max(bottom - top, right - left)  # places a photo pixel
    size = (round(width * finer), round(height * finer))
    joined = cv2.resize(share, size, interpolation=cv2.INTER_LINEAR)
    rows = slice(round(top * finer), round(bottom * finer))
    part = joined[rows, round(left * finer) : round(right * finer)]
    part += AGAIN * (cv2.resize(near, part.shape[::-1]) - part)  # a view: this changes `joined`
    return np.asarray(joined, np.float32)


def _redrawn(pixels: Pixels, share: Floats) -> Floats:
    """Let a GrabCut have its say where the network is unsure: it sees finer, and knows nothing."""
    small = shrink(pixels, OUTLINE_SIDE)
    likely = cv2.resize(share, small.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    seeds = np.where(likely > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[likely > 1 - DOUBT] = cv2.GC_FGD
    seeds[likely < DOUBT] = cv2.GC_BGD
    return np.asarray(likely + OUTLINE * (cut(small, seeds, 1) - likely), np.float32)


def _tidied(share: Floats) -> Floats:
    """Drop crumbs and doubtful pieces beside the largest; make doubt no transparency."""
    inside = backdrop.tidy(share > 0.5, holes=0.0002)
    count, labels = cv2.connectedComponents(inside.astype(np.uint8))
    if count > 2:
        areas = np.bincount(labels.ravel(), minlength=count)
        sure = np.bincount(labels.ravel(), weights=share.ravel(), minlength=count) / areas > PIECE
        sure[1 + areas[1:].argmax()] = True
        inside &= sure[labels]
    near = backdrop.grown(inside, 2)
    steep = np.clip(STEEPNESS * (share - 0.5) + 0.5, 0, 1)
    return np.where(inside, np.maximum(steep, 0.51), np.where(near, np.minimum(steep, 0.5), 0))


def agreed(share: Floats, exact: Bools, like: Bools) -> Floats:
    """Take a backdrop's subtraction, but where it and the network differ widely, the network.

    The subtraction is exact along outlines and through thin things and holes; the network knows a
    white product from a white backdrop, and a shadow from either.
    """
    height, width = exact.shape
    likely = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    reach = max(2, round(WIDE * max(height, width)))
    lost = ~exact & (likely > 0.5)
    missed = _wide(lost & ~like, reach, likely, 0.9, 1.1) | (lost & (likely > SURE))
    missed |= _wide(lost & like, reach, likely, 0.97, 1.1)  # it shows the backdrop, or matches it
    added = _wide(exact & (likely < 0.5), reach, likely, -0.1, 0.1)
    near = backdrop.grown(likely > FAINT, reach)
    added |= _enclosed(_wide(exact & like, reach, likely, -0.1, 0.93), exact | missed)
    return np.asarray(backdrop.tidy((exact & near & ~added) | missed, holes=0.0), np.float32)


def _enclosed(pieces: Bools, inside: Bools) -> Bools:
    """Keep the pieces with the product all around them, as the gap under an arm."""
    count, labels = cv2.connectedComponents(pieces.astype(np.uint8))
    open_to = np.bincount(labels[backdrop.grown(~inside, 2)], minlength=count) > 0
    open_to[0] = True
    return np.asarray(~open_to[labels])


def _wide(mask: Bools, reach: int, likely: Floats, least: float, most: float) -> Bools:
    """Keep the pieces of a mask wider than twice `reach` whose mean likelihood is in a range."""
    core = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, backdrop.disc(reach))
    count, labels = cv2.connectedComponents(core)
    areas = np.bincount(labels.ravel(), minlength=count)
    mean = np.bincount(labels.ravel(), weights=likely.ravel(), minlength=count) / np.maximum(
        areas, 1
    )
    kept = (mean > least) & (mean < most)
    kept[0] = False
    return backdrop.grown(kept[labels], reach) & mask
