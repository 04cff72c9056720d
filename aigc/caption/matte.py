"""Cuts the product out of its photo: a matte, clean edge colours, and how far to trust them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Box, Photo, Pixels
from aigc.caption import backdrop, edges, trust
from aigc.errors import BriefError

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Background = Literal["white", "plain", "scene", "transparent"]

VOTE_SIDE = 240  # px; GrabCut's smoothness term reaches furthest in a small picture
VOTE_ROUNDS = 3  # of GrabCut; more seldom move the vote
SCENE_SIDE = 480  # px; where the vote's outline is drawn again
ELLIPSES = ((0.35, 0.35), (0.42, 0.42), (0.28, 0.40))  # half axes, as fractions of the picture
BORDER = 0.03  # of the short side: taken as background
TAPER = 0.5  # a stub's width at the border, of its width further in
SMALLEST, LARGEST = 0.003, 0.97  # of the picture: a subject outside is no subject
CLOSE = 0.75  # of the picture: a product that fills less is looked at again, from nearer
AROUND = 0.15  # of its longest side, shown around it then
AGAIN = 0.4  # weight of that second look
PIECE = 0.65  # mean share of a piece that belongs to the subject beside the largest
STEEPNESS = 2.0  # of the network's shares about one half
SURE = 0.985  # share: product, whatever its backdrop says
FAINT = 0.03  # share: a thin thing near it, a lace or a chair's leg, may be the product's
WIDE = 0.006  # of the longest side: half the width from which the network overrules a backdrop


class Matte(NamedTuple):
    """A cut-out at the photo's own size."""

    alpha: Pixels  # (H, W)
    foreground: Pixels  # (H, W, 3): the photo, edge pixels freed of the old background
    box: Box
    confidence: float
    background: Background


class _Mask(NamedTuple):
    share: Floats  # (h, w), how much of a place is product, at any size of the photo's shape
    trust: float  # 0..1, about the IoU that is to be expected
    background: Background


def cut_out(photo: Photo, *, method: str = "net") -> Matte:
    """Separate the product from its background.

    A photo that has its own alpha keeps it. Where no subject can be told, the whole photo is
    kept, at a confidence of 0.1 or less. `method` is `net`, `grabcut`, `rembg` or `rembg:MODEL`,
    or a reference to a model that transformers loads. Raises BriefError for any other.
    """
    find = _method(method)
    if photo.alpha is not None:
        return _matte(photo.pixels, photo.alpha, 1.0, "transparent")
    mask = find(photo.pixels)
    covered = float((mask.share > 0.5).mean())
    if SMALLEST <= covered <= LARGEST:
        alpha = edges.soften(photo.pixels, mask.share)
        return _matte(photo.pixels, alpha, mask.trust, mask.background)
    whole = np.full(photo.pixels.shape[:2], 255, np.uint8)
    return Matte(whole, photo.pixels, (0.0, 0.0, 1.0, 1.0), 0.1, mask.background)


def _method(name: str) -> Callable[[Pixels], _Mask]:
    kind, _, model = name.partition(":")
    if name in METHODS:
        return METHODS[name]
    if kind == "rembg":
        return partial(rembg, model=model or "u2net")
    if kind in ("hf", "file", "pypi") or "/" in name:
        return partial(transformers, ref=name)
    raise BriefError(
        f"caption.matte = '{name}': choose {', '.join(METHODS)}, rembg:MODEL, or a model "
        "for transformers as hf:OWNER/NAME or a folder's path"
    )


def _matte(pixels: Pixels, alpha: Pixels, confidence: float, background: Background) -> Matte:
    height, width = alpha.shape
    rows = np.flatnonzero((alpha >= 16).any(1))
    columns = np.flatnonzero((alpha >= 16).any(0))
    if not len(rows):  # an alpha channel that hides everything
        return Matte(alpha, pixels, (0.0, 0.0, 1.0, 1.0), 0.0, background)
    box = (
        float(columns[0] / width),
        float(rows[0] / height),
        float((columns[-1] + 1) / width),
        float((rows[-1] + 1) / height),
    )
    foreground = edges.decontaminate(pixels, alpha)
    return Matte(alpha, foreground, box, min(1.0, confidence), background)


def net(pixels: Pixels) -> _Mask:
    """Cut by the network that comes with the package; before an even backdrop, by that as well."""
    from aigc._engines import matting

    share = _closer(pixels, matting.alpha(pixels), matting.alpha)
    found = backdrop.measure(pixels)
    certainty = trust.certainty(share)
    if found.kind == "scene" or found.noise > backdrop.TEXTURED:
        return _Mask(_tidied(share), certainty, found.kind)
    mask = agreed(share, backdrop.subtract(pixels, found))
    # An even backdrop settles about half of what the network doubts.
    sure = (1 + max(certainty, trust.agreement(mask, share))) / 2
    return _Mask(mask, sure, found.kind)


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


def agreed(share: Floats, exact: Bools) -> Floats:
    """Take a backdrop's subtraction, but where it and the network differ widely, the network.

    The subtraction is exact along outlines and through thin things and holes; the network knows a
    white product from a white backdrop, and a shadow from either.
    """
    height, width = exact.shape
    likely = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    reach = max(2, round(WIDE * max(height, width)))
    missed = _wide(~exact & (likely > 0.5), reach, likely, 0.9, 1.1) | (likely > SURE)
    added = _wide(exact & (likely < 0.5), reach, likely, -0.1, 0.1)
    near = backdrop.grown(likely > FAINT, reach)
    return np.asarray(backdrop.tidy((exact & near & ~added) | missed, holes=0.0), np.float32)


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


def rembg(pixels: Pixels, *, model: str) -> _Mask:
    """Cut by a model of the rembg package."""
    from aigc._engines import segmenters

    share = segmenters.rembg(pixels, model)
    return _Mask(share, trust.certainty(share), backdrop.measure(pixels).kind)


def transformers(pixels: Pixels, *, ref: str) -> _Mask:
    """Cut by a segmentation or matting model that transformers loads."""
    from aigc._engines import segmenters

    share = segmenters.transformers(pixels, ref)
    return _Mask(share, trust.certainty(share), backdrop.measure(pixels).kind)


def grabcut(pixels: Pixels) -> _Mask:
    """Cut by the backdrop's colour where it is white or plain, by GrabCut where it is a scene."""
    found = backdrop.measure(pixels)
    if found.kind == "scene" or found.noise > backdrop.TEXTURED:
        inside, agreement = _scene(pixels)
    else:
        inside, agreement = backdrop.subtract(pixels, found), found.evenness
        if found.kind == "plain" and SMALLEST <= inside.mean() <= LARGEST:
            inside = _without_remnants(pixels, inside)
    expected = trust.expected_iou(agreement * trust.score(pixels, inside))
    return _Mask(inside.astype(np.float32), expected, found.kind)


def _without_remnants(pixels: Pixels, inside: Bools) -> Bools:
    """Let GrabCut drop what uneven light left of a plain backdrop; it takes, never adds."""
    small = _shrink(pixels, SCENE_SIDE)
    size = (small.shape[1], small.shape[0])
    likely = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
    seeds = np.where(likely, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    kept = backdrop.grown(backdrop.tidy(_cut(small, seeds, 4) > 0, holes=0.002), 2)
    back = cv2.resize(kept.astype(np.uint8), inside.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return backdrop.tidy(inside & (back > 0), holes=0.0)


def _scene(pixels: Pixels) -> tuple[Bools, float]:
    """Let GrabCuts from several seeds vote, then draw the outline again at a larger size.

    The seeds are the border's colours with centred ellipses, and with the classifier's activation
    map: any one of them fails on some photos, seldom two on the same.
    """
    from aigc._engines import vision

    small = _shrink(pixels, VOTE_SIDE)
    height, width = small.shape[:2]
    activation = cv2.resize(vision.saliency([pixels])[0], (width, height))
    votes = [_cut(small, _seeds(small, _ellipse(small, *axes)), VOTE_ROUNDS) for axes in ELLIPSES]
    agreed = np.mean(votes, axis=0, dtype=np.float32)
    # The classifier has its say where the subject is: near the centre, or where ellipses agreed.
    likely = np.clip(activation, 0, 1) * _ellipse(small, 0.46, 0.46) + agreed
    votes.append(_cut(small, _seeds(small, likely > 0.55), VOTE_ROUNDS))
    vote = np.mean(votes, axis=0, dtype=np.float32)
    either = float((vote > 0.2).sum())
    agreement = float((vote > 0.8).sum()) / max(either, 1.0)

    large = _shrink(pixels, SCENE_SIDE)
    size = (large.shape[1], large.shape[0])
    belief = cv2.resize(vote, size, interpolation=cv2.INTER_LINEAR)
    reach = max(3, round(max(size) * 0.02))
    seeds = np.full(belief.shape, cv2.GC_PR_BGD, np.uint8)
    seeds[belief > 0.45] = cv2.GC_PR_FGD
    seeds[backdrop.shrunk(belief > 0.9, reach)] = cv2.GC_FGD
    seeds[~backdrop.grown(belief > 0.2, reach)] = cv2.GC_BGD
    inside = backdrop.tidy(_cut(large, seeds, 2) > 0, holes=0.002)
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


def _shrink(pixels: Pixels, side: int) -> Pixels:
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


def _cut(pixels: Pixels, seeds: Pixels, rounds: int) -> Floats:
    subject = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
    if not subject.any() or subject.all():  # GrabCut needs samples of both
        return np.asarray(subject, np.float32)
    cv2.setRNGSeed(0)  # its k-means starts at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels[..., ::-1].copy(), seeds, None, *models, rounds, cv2.GC_INIT_WITH_MASK)
    return np.asarray((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD), np.float32)


METHODS: dict[str, Callable[[Pixels], _Mask]] = {"net": net, "grabcut": grabcut}
