"""The packaged 3D objects: pictures of 256 pixels that a style may name by their code point."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from aigc.errors import ModelError
from aigc.scene.sprites import Sprite, resized

PACKAGE = "decoration-3d"
ENLARGED = 1.25  # times its own size, beyond which an object looks soft beside the product


def version() -> dict[str, str]:
    """The package that the objects come from, by name, and its version."""
    from aigc._engines import store

    name, _, rest = store.models()[PACKAGE].ref.removeprefix("npm:").rpartition("@")
    return {name: rest.split("/")[0]}


def present() -> bool:
    """Whether the objects are in the cache."""
    from aigc._engines import store

    return store.present(PACKAGE)


def folder() -> Path:
    """Where the objects are, fetched if they are not there yet; raises ModelError."""
    from aigc._engines import store

    return store.builtin(PACKAGE)


@lru_cache(64)
def height(code: str) -> int:
    """The largest height at which an object still looks crisp, in pixels."""
    return int(ENLARGED * _original(code).size[1])


@lru_cache(128)
def sized(code: str, pixels: int, side: int) -> Sprite:
    """An object at a height, its gleam on the key's side."""
    light, cover, _ = resized(_original(code), pixels)
    if side > 0:
        light, cover = light[:, ::-1], cover[:, ::-1]
    return Sprite(np.ascontiguousarray(light), np.ascontiguousarray(cover))


@lru_cache(64)
def _original(code: str) -> Sprite:
    path = folder() / f"{code}.webp"
    if not path.exists():
        raise ModelError(f"decoration: no 3D object '{code}' in {path.parent}")
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGBA"))
    solid = pixels[..., 3] > 8
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    light = (pixels[..., :3].astype(np.float32) / 255) ** 2.2
    return Sprite(light, pixels[..., 3].astype(np.float32) / 255)
