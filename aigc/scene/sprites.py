"""Things on transparency: made larger or smaller, turned, mirrored, blurred, hung on a thread."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from aigc.scene.light import Field, soften

THREAD = (0.55, 0.36, 0.14)  # linear RGB


class Sprite(NamedTuple):
    """A thing on transparency: linear colour (h, w, 3) and straight cover (h, w)."""

    light: Field
    cover: Field
    glow: float = 0.0  # how far it shines, of its own breadth

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.cover.shape[1], self.cover.shape[0]


def resized(sprite: Sprite, pixels: int) -> Sprite:
    """Bring it to a height."""
    wide, tall = sprite.size
    if tall == pixels:
        return sprite
    size = max(1, round(wide * pixels / tall)), pixels
    way = cv2.INTER_AREA if pixels < tall else cv2.INTER_CUBIC
    thick = cv2.resize(sprite.light * sprite.cover[..., None], size, interpolation=way)
    return _straight(thick, cv2.resize(sprite.cover, size, interpolation=way), sprite.glow)


def turned(sprite: Sprite, degrees: float) -> Sprite:
    """Turn it about its middle, anticlockwise; its box grows."""
    wide, tall = sprite.size
    move = cv2.getRotationMatrix2D((wide / 2, tall / 2), degrees, 1.0)
    cos, sin = abs(move[0, 0]), abs(move[0, 1])
    size = int(np.ceil(tall * sin + wide * cos)) + 2, int(np.ceil(tall * cos + wide * sin)) + 2
    move[:, 2] += (size[0] - wide) / 2, (size[1] - tall) / 2
    thick = cv2.warpAffine(sprite.light * sprite.cover[..., None], move, size)
    return _straight(thick, cv2.warpAffine(sprite.cover, move, size), sprite.glow)


def mirrored(sprite: Sprite, across: bool, down: bool) -> Sprite:
    """Mirror it left to right, and upside down."""
    rows, columns = slice(None, None, -1 if down else 1), slice(None, None, -1 if across else 1)
    light, cover = sprite.light[rows, columns], sprite.cover[rows, columns]
    return Sprite(np.ascontiguousarray(light), np.ascontiguousarray(cover), sprite.glow)


def blurred(sprite: Sprite, sigma: float) -> Sprite:
    """Put it out of focus; its box grows by as much as it spreads."""
    pad = int(2.5 * sigma) + 1
    edge = ((pad, pad), (pad, pad))
    cover = np.pad(sprite.cover, edge)
    thick = np.pad(sprite.light, (*edge, (0, 0))) * cover[..., None]
    return _straight(soften(thick, sigma), soften(cover, sigma), sprite.glow)


def threaded(sprite: Sprite, length: float) -> Sprite:
    """Hang it on a thread of so many pixels."""
    drop = max(0, int(length))
    wide, tall = sprite.size
    light = np.zeros((drop + tall, wide, 3), np.float32)
    cover = np.zeros((drop + tall, wide), np.float32)
    light[drop:], cover[drop:] = sprite.light, sprite.cover
    thick = max(1, round(0.006 * tall))
    middle = slice(wide // 2 - thick // 2, wide // 2 - thick // 2 + thick)
    light[: drop + 2, middle] = THREAD
    cover[: drop + 2, middle] = np.maximum(cover[: drop + 2, middle], 0.75)
    return Sprite(light, cover, sprite.glow)


def _straight(thick: Field, cover: Field, glow: float) -> Sprite:
    """From colour multiplied with cover, as filters need it."""
    cover = np.clip(cover, 0, 1)
    return Sprite(np.clip(thick / np.maximum(cover, 1e-4)[..., None], 0, 1), cover, glow)
