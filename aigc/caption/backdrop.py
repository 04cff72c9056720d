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
EVEN = 6.0  # ΔE: border pixels this near the fitted backdrop belong to it
TEXTURED = 1.6  # ΔE: a backdrop noisier than this has no one colour to tell by
PLAIN_SHARE = 0.75  # of the border must belong to the backdrop
SHADOW_DEPTH = 32.0  # L*: a cast shadow on a light backdrop is at most so much darker
SHADOW_TINT = 5.0  # ΔE in a*b*: and takes on no more colour than this
SHADOW_SLOPE = 1.6  # ΔL* a pixel: and has no edge steeper than this
MOST_SHADOW = 0.25  # of the product's area: more than that is looked at twice
SMALLEST_HOLE = 0.0004  # of the picture
FRINGE = 6.0  # ΔE: no more than this is left in the crumbs around a compressed outline
FRINGE_WIDTH = 6  # px; lossy blocks are 8 px wide
LIGHT = 60.0  # L*: shadows are looked for on backdrops lighter than this


class Backdrop(NamedTuple):
    """A smooth backdrop, fitted to the colours of the photo's border."""

    kind: Literal["white", "plain", "scene"]
    colour: Floats  # (6, 3): CIELAB as a quadratic in x, y (-1..1)
    noise: float  # ΔE, robust deviation of the border from the fit
    evenness: float  # 0..1, the share of the border that fits


def _lab(pixels: Pixels) -> Floats:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _terms(height: int, width: int) -> Floats:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _working(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def measure(pixels: Pixels) -> Backdrop:
    """Fit a smooth backdrop to the border, ignoring whatever product touches it."""
    lab = _lab(_working(pixels))
    height, width = lab.shape[:2]
    rim = max(2, round(0.015 * min(height, width)))
    frame = np.ones((height, width), bool)
    frame[rim:-rim, rim:-rim] = False
    samples, terms = lab[frame], _terms(height, width)[frame]
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


def subtract(pixels: Pixels, backdrop: Backdrop) -> Bools:
    """Mark the product: all that the backdrop, its gradients and its shadows do not reach.

    The backdrop is flooded from the border, and fitted again to what was flooded; holes of the
    product are opened where they show the backdrop's very colour. Gives a mask at a size of at
    most 1024 px.
    """
    lab = _lab(_working(pixels))
    height, width = lab.shape[:2]
    terms = _terms(height, width)
    colour, tolerance = backdrop.colour, max(0.9, 3 * backdrop.noise)
    for _ in range(3):  # what the border alone cannot tell: how the light falls in the middle
        difference = lab - terms @ colour
        distance = np.linalg.norm(difference, axis=2)
        flooded = _flood(distance < tolerance)
        if backdrop.kind == "white" or flooded.mean() < 0.1:
            break
        colour = np.linalg.lstsq(terms[flooded], lab[flooded], rcond=None)[0]
    passable = same = distance < tolerance
    if backdrop.colour[0, 0] > LIGHT:
        slope = _slope(lab)
        shadow = _shadow(difference, slope)
        if _is_pale_product(_flood(same | shadow) & ~flooded, flooded, slope):
            rows = np.flatnonzero((~flooded).mean(1) > 0.01)
            shadow[: round(0.85 * rows[-1] + 0.15 * rows[0])] = False  # its foot may still cast one
        passable = same | shadow
        flooded = _flood(passable)
    flooded |= _holes(distance, passable, flooded, tolerance)
    flooded |= _fringe(distance, flooded)
    return tidy(~flooded, holes=0.0)


def _slope(lab: Floats) -> Floats:
    """Steepness of lightness, in ΔL* a pixel."""
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.0)
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1, ksize=3) / 8
    return np.asarray(np.hypot(across, down), np.float32)


def _shadow(difference: Floats, slope: Floats) -> Bools:
    tint = np.linalg.norm(difference[..., 1:], axis=2)
    deep = (difference[..., 0] > -SHADOW_DEPTH) & (difference[..., 0] < 3)
    return np.asarray((slope < SHADOW_SLOPE) & deep & (tint < SHADOW_TINT))


def _is_pale_product(shaded: Bools, flooded: Bools, slope: Floats) -> bool:
    """Whether what looks like shadow is the product itself: large, and it begins at an edge."""
    if shaded.sum() <= MOST_SHADOW * (~flooded).sum():
        return False
    rim = grown(flooded, 1) & shaded
    steepest = cv2.dilate(slope, np.ones((7, 7), np.uint8))
    return bool((steepest[rim] > 1.0).mean() > 0.35)


def _flood(passable: Bools) -> Bools:
    """Give the passable pixels that the border reaches through gaps wider than two pixels."""
    framed = np.pad(passable, 2, constant_values=True)
    wide = cv2.erode(framed.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    _, labels = cv2.connectedComponents(wide, connectivity=4)
    reached = grown(labels == labels[0, 0], 1) & framed
    return np.asarray(reached[2:-2, 2:-2])


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


def _fringe(distance: Floats, flooded: Bools) -> Bools:
    """Find the pale crumbs that compression leaves between a backdrop and a strong outline."""
    width = max(1, min(FRINGE_WIDTH, round(0.008 * max(distance.shape))))
    strong = grown(distance > 4 * FRINGE, width)
    pale = (distance < FRINGE) & strong & ~flooded
    reached = flooded
    for _ in range(width):
        reached = (grown(reached, 1) & pale) | reached
    return reached


def tidy(inside: Bools, *, holes: float) -> Bools:
    """Drop crumbs, and fill holes smaller than the fraction `holes` of the picture.

    Pieces of at least 3 % of the largest one stay.
    """
    opened = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
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
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(radius)) > 0)


def shrunk(mask: Bools, radius: int) -> Bools:
    """Erode by a disc of `radius` pixels; the picture's edge does not erode."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(radius)) > 0)


def _disc(radius: int) -> Pixels:
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8
    )
