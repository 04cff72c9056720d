"""What a painting still needs: calm where text stands, the product's shadow, and grain."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from aigc.campaign import Pixels
from aigc.scene import shadow
from aigc.scene.light import Field, Shot, develop, lay, soften

CALM = 0.02  # the judge's gradient under a text, that drawn sets stay below
_BLURS = (0.004, 0.008, 0.016, 0.03, 0.05)  # of the picture's side: steps out of focus
_WIDEN = 0.14  # of the picture's side: how softly calm ends beside a text
_NEAR = 0.3  # of the picture: an edge so near to a text that calm runs up to it
_BOUNCE = 0.14  # light that the floor throws back into a shadow, in the floor's colour
_THROWN = 0.5  # of a cast shadow: painted light is softer than a lamp
_MIRRORED = 0.7  # of a style's gloss: the painted floor may be duller than asked for
_BESIDE = 1.1  # times as bright: from here on light comes from that side
_TO_LINEAR = ((np.arange(256, dtype=np.float32) / 255 + 0.055) / 1.055) ** np.float32(2.4)
_TO_LINEAR[:11] = np.arange(11, dtype=np.float32) / 255 / np.float32(12.92)
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def finished(
    painted: Pixels,
    shot: Shot,
    cutout: Pixels,
    *,
    strength: float,
    thrown: bool,
    grain: float,
    rng: np.random.Generator,
) -> Pixels:
    """Calm a painting (H, W, 3) under the texts and lay the product's shadow on it.

    `strength` 0 leaves it as it is but for the grain; `thrown` says whether a shadow is cast
    across the floor, which mirrors the product where the style is glossy.
    """
    light: Field = _TO_LINEAR[painted]
    if strength > 0:
        shot = lit(shot, light)
        outline = shadow.Outline(shot, cutout)
        light = light + strength * (calmed(light, shot, outline) - light)
        if shot.floor is None:
            shade = shadow.drop(outline)
        else:
            shade = shadow.contact(outline)
            if thrown:
                light = shadow.reflection(outline, light, _MIRRORED * shot.gloss)
                shade = 1 - (1 - shade) * (1 - _THROWN * shadow.cast(outline))
        if not thrown:
            shade = 0.6 * shade  # the model saw the product, and has painted one
        light = light * (1 - strength * shade[..., None] * (1 - _bounce(light, shot)))
    return develop(light, grain, rng)


def lit(shot: Shot, light: Field) -> Shot:
    """Take the key light from the side that a painting is brighter on, if it is."""
    third = max(1, shot.width // 3)
    down = int(min(max(shot.horizon, 0.3 * shot.height), shot.height))
    tone = light[:down] @ _LUMA
    left, right = float(tone[:, :third].mean()), float(tone[:, -third:].mean())
    if max(left, right) < _BESIDE * min(left, right) + 1e-3:
        return shot
    return dataclasses.replace(shot, side=-1 if left > right else 1)


def calmed(light: Field, shot: Shot, outline: shadow.Outline) -> Field:
    """Throw what is busy under the texts out of focus, no further than makes it calm."""
    side = float(np.sqrt(shot.width * shot.height))
    busy = [box for box in shot.quiet if _busy(light, shot, box) > CALM]
    if not busy:
        return light
    cover = np.zeros((shot.height, shot.width), np.float32)
    for box in busy:
        cover = np.maximum(cover, _soft(box, shot, _WIDEN * side))
    for share in _BLURS:
        away = _around(light, outline, share * side)
        calm = lay(light, away, cover)
        if all(_busy(calm, shot, box) <= CALM for box in busy):
            break
    return calm


def _busy(light: Field, shot: Shot, box: tuple[int, int, int, int]) -> float:
    """The mean gradient that the judge would find under a text."""
    from aigc.typeset.judge.metrics import canvas_size, gradient

    left, top, right, bottom = box
    scale = canvas_size((shot.width, shot.height))[0] / shot.width
    part = light[max(top, 0) : bottom, max(left, 0) : right]
    if not part.size:
        return 0.0
    size = max(2, round(part.shape[1] * scale)), max(2, round(part.shape[0] * scale))
    tone = np.clip(cv2.resize(part, size, interpolation=cv2.INTER_AREA), 0, 1) ** (1 / 2.2)
    return float(gradient(np.rint(255 * tone).astype(np.uint8)).mean())


def _soft(box: tuple[int, int, int, int], shot: Shot, pad: float) -> Field:
    """1 in a box, falling smoothly to 0 around it; it runs over the edges that it comes near."""
    across = _ramp(box[0], box[2], shot.width, pad)
    down = _ramp(box[1], box[3], shot.height, pad)
    return np.outer(down, across).astype(np.float32)


def _ramp(low: float, high: float, side: int, pad: float) -> Field:
    low = -side if low < _NEAR * side else low
    high = 2 * side if high > (1 - _NEAR) * side else high
    at = np.arange(side) + 0.5
    inside: Field = np.clip(1 + np.minimum(at - low, high - at) / pad, 0, 1)
    return inside**2 * (3 - 2 * inside)


def _around(light: Field, outline: shadow.Outline, sigma: float) -> Field:
    """Blur a painting without the colours of a product that may stand in it."""
    shot = outline.shot
    seen = np.ones((shot.height, shot.width), np.float32)
    left, top, right, bottom = shot.box
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, shot.width), min(bottom, shot.height)
    alpha = outline.pixels[y0 - top : y1 - top, x0 - left : x1 - left, 3]
    seen[y0:y1, x0:x1] = (alpha < 3).astype(np.float32) + 1e-4
    blurred: Field = soften(light * seen[..., None], sigma) / soften(seen, sigma)[..., None]
    return np.clip(blurred, 0, 1)


def _bounce(light: Field, shot: Shot) -> Field:
    """The colour that shadows keep: that of the painted floor around the product's base."""
    base = shot.box[3] if shot.floor is None else int(shot.floor)
    reach = max(2, int(0.12 * shot.unit))
    rows = slice(max(0, base - reach), min(shot.height, base + reach))
    columns = slice(max(0, shot.box[0] - reach), min(shot.width, shot.box[2] + reach))
    part = light[rows, columns].reshape(-1, 3)
    tint = part.mean(axis=0) if len(part) else np.ones(3, np.float32)
    keep: Field = _BOUNCE * tint / max(float(tint.max()), 1e-6)
    return keep
