"""What a painting still needs: calm where text stands, the product's shadow, and grain."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from aigc.campaign import Pixels
from aigc.scene import shadow
from aigc.scene.light import Field, Shot, develop, lay, soften

CALM = 0.02  # the judge's gradient under a text, that drawn sets stay below
_BLUR = 0.035  # of the picture's side: what calms a busy place
_WIDEN = 0.05  # of the picture's side: how far calm reaches beyond a text, as in `Shot.busy`
_BOUNCE = 0.14  # light that the floor throws back into a shadow, in the floor's colour
_THROWN = 0.5  # of a cast shadow: painted light is softer than a lamp
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
    across the floor too. The product itself is not drawn.
    """
    light: Field = _TO_LINEAR[painted]
    if strength > 0:
        shot = lit(shot, light)
        outline = shadow.Outline(shot, cutout)
        light = calmed(light, painted, shot, outline, strength)
        if shot.floor is None:
            shade = shadow.drop(outline)
        else:
            shade = shadow.contact(outline)
            if thrown:
                shade = 1 - (1 - shade) * (1 - _THROWN * shadow.cast(outline))
        if not thrown:
            shade = 0.5 * shade  # the model saw the product, and has painted one
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


def calmed(
    light: Field, painted: Pixels, shot: Shot, outline: shadow.Outline, strength: float = 1.0
) -> Field:
    """Throw out of focus what is busy under the texts, no more than makes it calm."""
    from aigc.typeset.judge.metrics import canvas_size, gradient

    size = canvas_size((shot.width, shot.height))
    steep = gradient(cv2.resize(painted, size, interpolation=cv2.INTER_AREA))
    side = float(np.sqrt(shot.width * shot.height))
    cover = np.zeros(steep.shape, np.float32)
    across, down = size[0] / shot.width, size[1] / shot.height
    pad = _WIDEN * side * across
    for left, top, right, bottom in shot.quiet:
        x0, x1 = max(0, int(left * across - pad)), int(right * across + pad) + 1
        y0, y1 = max(0, int(top * down - pad)), int(bottom * down + pad) + 1
        part = steep[y0:y1, x0:x1]
        busy = float(part.mean()) if part.size else 0.0
        if busy > CALM:
            cover[y0:y1, x0:x1] = np.maximum(cover[y0:y1, x0:x1], 1 - CALM / busy)
    if not cover.any():
        return light
    cover = cv2.resize(soften(cover, 0.8 * pad), (shot.width, shot.height))
    away = _around(light, outline, _BLUR * side)
    return lay(light, away, np.clip(strength * cover, 0, 1))


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
