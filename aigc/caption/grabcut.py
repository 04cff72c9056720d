"""Cuts a product out without a network: by a backdrop's colour or by GrabCuts that vote."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels
from aigc.caption import backdrop, trust
from aigc.caption.mask import LARGEST, SMALLEST, Mask

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

VOTE_SIDE = 240  # px; GrabCut's smoothness term reaches furthest in a small picture
VOTE_ROUNDS = 3  # of GrabCut; more seldom move the vote
SCENE_SIDE = 480  # px; where the vote's outline is drawn again
ELLIPSES = ((0.35, 0.35), (0.42, 0.42), (0.28, 0.40))  # half axes, as fractions of the picture
BORDER = 0.03  # of the short side: taken as background
TAPER = 0.5  # a stub's width at the border, of its width further in


def grabcut(pixels: Pixels) -> Mask:
    """Cut by the backdrop's colour where it is white or plain, by GrabCut where it is a scene."""
    found = backdrop.measure(pixels)
    if found.kind == "scene" or found.noise > backdrop.TEXTURED:
        inside, agreement = _scene(pixels)
    else:
        inside, agreement = backdrop.subtract(pixels, found), found.evenness
        if found.kind == "plain" and SMALLEST <= inside.mean() <= LARGEST:
            inside = _without_remnants(pixels, inside)
    expected = trust.expected_iou(agreement * trust.score(pixels, inside))
    return Mask(inside.astype(np.float32), expected, found.kind)


def _without_remnants(pixels: Pixels, inside: Bools) -> Bools:
    """Let GrabCut drop what uneven light left of a plain backdrop; it takes, never adds."""
    small = shrink(pixels, SCENE_SIDE)
    size = (small.shape[1], small.shape[0])
    likely = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
    seeds = np.where(likely, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    kept = backdrop.grown(backdrop.tidy(cut(small, seeds, 4) > 0, holes=0.002), 2)
    back = cv2.resize(kept.astype(np.uint8), inside.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return backdrop.tidy(inside & (back > 0), holes=0.0)


def _scene(pixels: Pixels) -> tuple[Bools, float]:
    """Let GrabCuts from several seeds vote, then draw the outline again at a larger size.

    The seeds are the border's colours with centred ellipses, and with the classifier's activation
    map: any one of them fails on some photos, seldom two on the same.
    """
    from aigc._engines import vision

    small = shrink(pixels, VOTE_SIDE)
    height, width = small.shape[:2]
    activation = cv2.resize(vision.saliency([pixels])[0], (width, height))
    votes = [cut(small, _seeds(small, _ellipse(small, *axes)), VOTE_ROUNDS) for axes in ELLIPSES]
    agreed = np.mean(votes, axis=0, dtype=np.float32)
    # The classifier has its say where the subject is: near the centre, or where ellipses agreed.
    likely = np.clip(activation, 0, 1) * _ellipse(small, 0.46, 0.46) + agreed
    votes.append(cut(small, _seeds(small, likely > 0.55), VOTE_ROUNDS))
    vote = np.mean(votes, axis=0, dtype=np.float32)
    either = float((vote > 0.2).sum())
    agreement = float((vote > 0.8).sum()) / max(either, 1.0)

    large = shrink(pixels, SCENE_SIDE)
    size = (large.shape[1], large.shape[0])
    belief = cv2.resize(vote, size, interpolation=cv2.INTER_LINEAR)
    reach = max(3, round(max(size) * 0.02))
    seeds = np.full(belief.shape, cv2.GC_PR_BGD, np.uint8)
    seeds[belief > 0.45] = cv2.GC_PR_FGD
    seeds[backdrop.shrunk(belief > 0.9, reach)] = cv2.GC_FGD
    seeds[~backdrop.grown(belief > 0.2, reach)] = cv2.GC_BGD
    inside = backdrop.tidy(cut(large, seeds, 2) > 0, holes=0.002)
    inside = backdrop.tidy(without_stubs(inside, _rim(large)), holes=0.0)
    return inside, 0.25 + 0.75 * min(1.0, agreement) ** 3


def without_stubs(inside: Bools, rim: int) -> Bools:
    """Drop what tapers towards the picture's border: a product that goes on past it does not."""
    kept = inside.copy()
    for turn in range(4):
        strip = np.rot90(kept, turn)[: 2 * rim + 1]
        count, labels = cv2.connectedComponents(strip.astype(np.uint8))
        at_border = np.bincount(labels[0], minlength=count)
        before = np.bincount(labels[-1], minlength=count)
        stubs = (at_border > 0) & (at_border < TAPER * before)
        stubs[0] = False
        strip[:rim] &= ~stubs[labels[:rim]]  # a view: this clears `kept`
    return np.asarray(kept)


def shrink(pixels: Pixels, side: int) -> Pixels:
    """Scale a picture down to a longest side of `side` pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _ellipse(pixels: Pixels, across: float, down: float) -> Bools:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    return np.asarray((x / across) ** 2 + (y / down) ** 2 <= 1)


def _seeds(pixels: Pixels, likely: Bools) -> Pixels:
    """Mark the border as background, `likely` as probable subject, the rest as probable not."""
    seeds = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    rim = _rim(pixels)
    seeds[:rim] = seeds[-rim:] = seeds[:, :rim] = seeds[:, -rim:] = cv2.GC_BGD
    return seeds


def _rim(pixels: Pixels) -> int:
    short: int = min(pixels.shape[:2])
    return max(1, round(BORDER * short))


def cut(pixels: Pixels, seeds: Pixels, rounds: int) -> Floats:
    """Run GrabCut (Rother et al. 2004) from OpenCV's four kinds of seeds: 1 is subject, 0 not."""
    subject = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
    if not subject.any() or subject.all():  # GrabCut needs samples of both
        return np.asarray(subject, np.float32)
    cv2.setRNGSeed(0)  # its k-means starts at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels[..., ::-1].copy(), seeds, None, *models, rounds, cv2.GC_INIT_WITH_MASK)
    return np.asarray((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD), np.float32)
