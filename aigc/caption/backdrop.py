"""Tells white and plain backdrops from scenes, and takes the product off the former exactly."""

from __future__ import annotations

from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc.campaign import Pixels

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

SIDE = 1024  # px; the outline is found at this size, its soft edge at the photo's own
LEAST_SIDE = 480  # px; a smaller photo is enlarged, so that widths below mean the same
EVEN = 6.0  # ΔE: border pixels this near the fitted backdrop belong to it
TEXTURED = 1.6  # ΔE: a backdrop noisier than this has no one colour to tell by
LIKE = 3.0  # ΔE: hardly to be told from the backdrop
PLAIN_SHARE = 0.75  # of the border must belong to the backdrop
DARKEST = 0.4  # of the backdrop's L*: a cast shadow on a light backdrop is no darker
SHADOW_TINT = 5.0  # ΔE in a*b*: and takes on no more colour than this
SHADOW_GAP = 5  # px: and reaches nothing through gaps narrower than this
FINE, COARSE = 0.8, 3.0  # px; the scales at which an edge's slope is compared
SHARPNESS = 1.45  # a slope that falls by this from fine to coarse is no penumbra
RINGING, BLOCK = 0.05, 19  # of the steepest slope within so many px: compression, no edge
FAINTEST = 0.25  # ΔL* a pixel: what compression may leave of an edge
SMALLEST_HOLE = 0.0004  # of the picture
THIN = 8  # px; half the width of leftovers beside what was flooded
CRUMB = 6.0  # ΔE: how little crumbs along an outline differ from it
THREAD = 8.0  # ΔE: and how little threads do
BESIDE = 0.06  # of the width: how far a product's pale side reaches beyond the rest of it
TINT_SLOPE = 0.2  # ΔE an L* or a*b*: and the more, the deeper, and the more colour there is
NOTCH = 0.01  # of the longest side: half the width of bays that are looked into
BARE = 25.0  # ΔE: a bay that differs more from the backdrop than this is filled
MOST_SHADOW = 0.25  # of the product's area: more than that is looked at twice
PALE = 18.0  # ΔE from the backdrop: what a floor may mirror, or a white product be
STEEP = 1.6  # ΔL* a pixel: a mirrored edge is fainter
LIGHT = 60.0  # L*: shadows are looked for on backdrops lighter than this


class Backdrop(NamedTuple):
    """A smooth backdrop, fitted to the colours of the photo's border."""

    kind: Literal["white", "plain", "scene"]
    colour: Floats  # (6, 3): CIELAB as a quadratic in x, y (-1..1)
    noise: float  # ΔE, robust deviation of the border from the fit
    evenness: float  # 0..1, the share of the border that fits


def _lab(pixels: Pixels) -> Floats:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("...i,...i", vectors, vectors)), np.float32)


def _terms(height: int, width: int) -> Floats:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _working(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(max(1.0, LEAST_SIDE / max(height, width)), SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def measure(pixels: Pixels) -> Backdrop:
    """Fit a smooth backdrop to the border, ignoring whatever product touches it."""
    small = _working(pixels)
    height, width = small.shape[:2]
    rim = max(2, round(0.015 * min(height, width)))
    frame = np.ones((height, width), bool)
    frame[rim:-rim, rim:-rim] = False
    samples, terms = _lab(small[frame][None])[0], _terms(height, width)[frame]
    middle = np.median(samples, axis=0)
    keep = np.linalg.norm(samples - middle, axis=1) < 4 * EVEN
    colour = np.zeros((6, 3), np.float32)
    colour[0] = middle
    for _ in range(4):  # a trimmed fit: the product's own pixels drop out
        if keep.sum() < 0.3 * len(keep):
            break
        colour = np.linalg.lstsq(terms[keep], samples[keep], rcond=None)[0]
        off = np.linalg.norm(samples - terms @ colour, axis=1)
        keep = off < EVEN
    off = np.linalg.norm(samples - terms @ colour, axis=1)
    evenness = float((off < EVEN).mean())
    noise = float(np.median(off[off < EVEN])) if evenness else EVEN
    kind: Literal["white", "plain", "scene"] = "scene"
    if evenness >= PLAIN_SHARE:
        # White is what a shopper calls white: some studios' reads as a very light grey.
        white = middle[0] > 93 and float(np.hypot(middle[1], middle[2])) < 4
        kind = "white" if white else "plain"
    return Backdrop(kind, colour, noise, evenness)


def like(pixels: Pixels, backdrop: Backdrop) -> Bools:
    """Mark what has a backdrop's colour wherever it is, at the size that subtract() gives."""
    lab = _lab(_working(pixels))
    return np.asarray(_length(lab - _terms(*lab.shape[:2]) @ backdrop.colour) < LIKE)


def subtract(pixels: Pixels, backdrop: Backdrop) -> Bools:
    """Mark the product: all that the backdrop, its gradients and its shadows do not reach.

    The backdrop is flooded from the border, and fitted again to what was flooded; then its
    shadows are, up to the product's sharp edges. Holes of the product are opened where they show
    the backdrop's very colour. Gives a mask at a size of at most 1024 px.
    """
    lab = _lab(_working(pixels))
    height, width = lab.shape[:2]
    terms = _terms(height, width)
    colour, tolerance = backdrop.colour, max(0.9, 3 * backdrop.noise)
    for _ in range(3):  # what the border alone cannot tell: how the light falls in the middle
        fitted = terms @ colour
        distance = _length(lab - fitted)
        flooded = _flood(distance < tolerance, 3)
        if backdrop.kind == "white" or flooded.mean() < 0.1:
            break
        colour = np.linalg.lstsq(terms[flooded], lab[flooded], rcond=None)[0]
    sharp = _sharp(lab[..., 0], flooded)
    faint = sharp > FAINTEST
    passable = (distance < tolerance) & ~faint
    flooded = _flood(passable, 3)
    if backdrop.colour[0, 0] > LIGHT:
        mirrored = (sharp < STEEP) & _lowest(lab, fitted, flooded)
        shadow = _shadow(lab, fitted) & (~faint | mirrored)
        if _is_pale_product(_flood(passable | shadow, SHADOW_GAP) & ~flooded, flooded, lab):
            rows = np.flatnonzero((~flooded).mean(1) > 0.01)
            shadow[: round(0.85 * rows[-1] + 0.15 * rows[0])] = False  # its foot may still cast one
        passable |= shadow
        flooded |= _flood(passable, SHADOW_GAP)
    flooded |= _holes(distance, passable, flooded, tolerance)
    flooded |= _remnants(lab, flooded)
    inside = tidy(~flooded, holes=0.0)
    return tidy(inside | _notches(distance, inside), holes=0.0)


def _notches(distance: Floats, inside: Bools) -> Bools:
    """Find narrow bays of the outline that hold something else than the bare backdrop.

    A highlight on the product's foot looks like the shadow beside it.
    """
    radius = max(2, round(NOTCH * max(inside.shape)))
    margin = ((radius, radius), (radius, radius))
    framed = np.pad(inside, margin).astype(np.uint8)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, disc(radius))[radius:-radius, radius:-radius]
    bays = (closed > 0) & ~inside
    count, labels = cv2.connectedComponents(bays.astype(np.uint8))
    total = np.bincount(labels.ravel(), minlength=count)
    apart = np.bincount(labels.ravel(), weights=distance.ravel(), minlength=count)
    return np.asarray(bays & (apart > BARE * total)[labels])


def _sharp(light: Floats, flooded: Bools) -> Floats:
    """Give the slope of edges too narrow for a shadow's, however faint; 0 elsewhere.

    The slope of a step falls with the scale it is looked at, a penumbra's hardly does; slopes
    that the backdrop itself shows are noise, and those that a far steeper edge has close by are
    what compression left of that.
    """
    fine, coarse = _slope(light, FINE), _slope(light, COARSE)
    calm = shrunk(flooded, 8)
    noise = float(np.quantile(fine[calm], 0.99)) if calm.any() else 0.0
    ringing = RINGING * cv2.dilate(fine, np.ones((BLOCK, BLOCK), np.uint8))
    narrow = (fine > SHARPNESS * coarse) & (fine > np.maximum(1.5 * noise, ringing))
    return np.asarray(np.where(narrow, fine, 0), np.float32)


def _lowest(lab: Floats, fitted: Floats, flooded: Bools) -> Bools:
    """Mark what has nothing but pale pixels beside and below it: where a floor's reflections show.

    Nothing is marked where the product itself is pale.
    """
    pale = (_length(lab - fitted) < PALE) | flooded
    if (~pale).sum() < 0.25 * (~flooded).sum():
        return np.zeros_like(flooded)
    solid = cv2.morphologyEx((~pale).astype(np.uint8), cv2.MORPH_OPEN, disc(1))
    aside = 2 * round(BESIDE * flooded.shape[1]) + 1
    solid = cv2.dilate(solid, np.ones((1, aside), np.uint8)) > 0
    above = np.logical_or.accumulate(solid[::-1], axis=0)[::-1]
    return np.asarray(~above)


def _is_pale_product(shaded: Bools, flooded: Bools, lab: Floats) -> bool:
    """Whether what looks like shadow is the product itself: large, and it begins at an edge."""
    if shaded.sum() <= MOST_SHADOW * (~flooded).sum():
        return False
    rim = grown(flooded, 1) & shaded
    steepest = cv2.dilate(_slope(lab[..., 0], 1.0), np.ones((7, 7), np.uint8))
    return bool((steepest[rim] > 1.0).mean() > 0.35)


def _slope(light: Floats, scale: float) -> Floats:
    """Steepness of lightness, in ΔL* a pixel, seen through a Gaussian of `scale` pixels."""
    smooth = cv2.GaussianBlur(light, (0, 0), scale)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) / 8
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _shadow(lab: Floats, fitted: Floats) -> Bools:
    """Mark what may be the backdrop in less light: darker, and of the same chromaticity."""
    dimmed = (lab[..., 0] + 16) / (fitted[..., 0] + 16)  # CIELAB's a, b shrink with L* + 16
    tint = _length(lab[..., 1:] - fitted[..., 1:] * dimmed[..., None])
    chroma = _length(fitted[..., 1:])
    depth = np.maximum(fitted[..., 0] - lab[..., 0], 0)
    allowed = SHADOW_TINT + TINT_SLOPE * (depth + chroma)
    light = lab[..., 0] / np.maximum(fitted[..., 0], 1)
    return np.asarray((light > DARKEST) & (light < 1.03) & (tint < allowed))


def _flood(passable: Bools, gap: int) -> Bools:
    """Give the passable pixels that the border reaches through gaps at least `gap` pixels wide."""
    framed = np.pad(passable, gap, constant_values=True)
    wide = cv2.erode(framed.astype(np.uint8), np.ones((gap, gap), np.uint8), borderValue=1)
    _, labels = cv2.connectedComponents(wide, connectivity=4)
    reached = grown(labels == labels[0, 0], gap // 2) & framed
    return np.asarray(reached[gap:-gap, gap:-gap])


def _holes(distance: Floats, passable: Bools, flooded: Bools, tolerance: float) -> Bools:
    """Find what shows through the product, as through a handle: the backdrop's very colour."""
    inner = passable & ~grown(flooded, 1)
    wide = cv2.erode(inner.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=4)
    opened = np.zeros_like(flooded)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < SMALLEST_HOLE * flooded.size:
            continue
        hole = labels == label
        if np.quantile(distance[hole], 0.4) < 0.6 * tolerance:
            opened |= hole
    return grown(opened, 1) & inner


def _remnants(lab: Floats, flooded: Bools) -> Bools:
    """Find leftovers that look like the flooded pixels beside them.

    Compression leaves crumbs along a strong outline, and the noise in a shadow leaves threads.
    """
    reach = (4 * THIN + 1, 4 * THIN + 1)
    weight = cv2.blur(flooded.astype(np.float32), reach)
    beside = cv2.blur(lab * flooded[..., None], reach) / np.maximum(weight, 1e-4)[..., None]
    away = _length(lab - beside)
    inside = (~flooded).astype(np.uint8)
    thin = cv2.morphologyEx(inside, cv2.MORPH_OPEN, disc(THIN)) == 0
    beside_strong = grown(away > 4 * CRUMB, THIN) & (away < CRUMB)
    crumbs = ((thin & (away < THREAD)) | beside_strong) & ~flooded & (weight > 0.01)
    reached = flooded
    for _ in range(THIN + 1):
        reached = (grown(reached, 1) & crumbs) | reached
    return reached


def tidy(inside: Bools, *, holes: float) -> Bools:
    """Drop crumbs, and fill holes smaller than the fraction `holes` of the picture.

    Pieces of at least 3 % of the largest one stay.
    """
    square = np.ones((2, 2), np.uint8)  # has no middle: the way back must start at its other corner
    opened = cv2.dilate(cv2.erode(inside.astype(np.uint8), square), square, anchor=(0, 0))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = np.asarray((areas >= 0.03 * areas.max()) & (areas > 0))[labels]
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    gaps = stats[:, cv2.CC_STAT_AREA] <= max(12, holes * inside.size)
    gaps[0] = False
    return np.asarray(kept | gaps[labels])


def grown(mask: Bools, radius: int) -> Bools:
    """Dilate by a disc of `radius` pixels."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc(radius)) > 0)


def shrunk(mask: Bools, radius: int) -> Bools:
    """Erode by a disc of `radius` pixels; the picture's edge does not erode."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), disc(radius)) > 0)


def disc(radius: int) -> Pixels:
    """A disc to erode or dilate by, (2 radius + 1) square."""
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8
    )
