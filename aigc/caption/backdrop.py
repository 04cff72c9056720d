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
PLAIN_SHARE = 0.75  # of the border must belong to the backdrop
SHADOW_DEPTH = 32.0  # L*: a cast shadow on a light backdrop is at most so much darker
SHADOW_TINT = 5.0  # ΔE in a*b*: and takes on no more colour than this
SHADOW_SLOPE = 1.6  # ΔL* a pixel: and has no edge steeper than this
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

    The backdrop is flooded from the border; holes of the product are opened where they show the
    backdrop's very colour. Gives a mask at a size of at most 1024 px.
    """
    small = _working(pixels)
    lab = _lab(small)
    height, width = lab.shape[:2]
    difference = lab - _terms(height, width) @ backdrop.colour
    distance = np.linalg.norm(difference, axis=2)
    tolerance = max(0.9, 3 * backdrop.noise)
    same = distance < tolerance
    passable = same
    if backdrop.colour[0, 0] > LIGHT:
        passable = same | _shadow(lab, difference)
    flooded = _flood(passable)
    flooded |= _holes(distance, flooded, tolerance)
    return tidy(~flooded, holes=0.0)


def _shadow(lab: Floats, difference: Floats) -> Bools:
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.0)
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1, ksize=3) / 8
    smooth = np.hypot(across, down) < SHADOW_SLOPE
    tint = np.linalg.norm(difference[..., 1:], axis=2)
    deep = (difference[..., 0] > -SHADOW_DEPTH) & (difference[..., 0] < 3)
    return np.asarray(smooth & deep & (tint < SHADOW_TINT))


def _flood(passable: Bools) -> Bools:
    """Give the passable pixels that the border reaches through gaps wider than two pixels."""
    framed = np.pad(passable, 2, constant_values=True)
    wide = cv2.erode(framed.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    _, labels = cv2.connectedComponents(wide, connectivity=4)
    reached = grown(labels == labels[0, 0], 1) & framed
    return np.asarray(reached[2:-2, 2:-2])


def _holes(distance: Floats, flooded: Bools, tolerance: float) -> Bools:
    """Find what shows through the product, as through a handle: the backdrop's colour, evenly."""
    core = distance < tolerance
    core &= ~grown(flooded, 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core.astype(np.uint8))
    opened = np.zeros_like(flooded)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < 0.0004 * flooded.size:
            continue
        hole = labels == label
        if distance[hole].mean() < 0.5 * tolerance:
            opened |= hole
    return opened


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
