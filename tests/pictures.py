"""Photos drawn for tests: small, ours, and the same on every machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

GREEN = (58, 140, 112)


def mug(size: int = 240, colour: tuple[int, int, int] = GREEN, backdrop: str = "white") -> Image:
    """A mug in front of `backdrop`: white, wood, or clear (its own alpha)."""
    big = size * 4
    clear = Image.new("RGBA", (big, big))
    draw = ImageDraw.Draw(clear)

    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        return tuple(side * big for side in (left, top, right, bottom))

    rgb = np.array(colour)
    dark, light = tuple(rgb * 2 // 3), tuple(np.minimum(rgb + 60, 255))
    draw.ellipse(box(0.58, 0.36, 0.86, 0.68), outline=(*dark, 255), width=big // 22)
    draw.rounded_rectangle(box(0.2, 0.24, 0.68, 0.82), big // 14, fill=(*colour, 255))
    draw.rounded_rectangle(box(0.25, 0.3, 0.31, 0.76), big // 40, fill=(*light, 255))
    draw.ellipse(box(0.2, 0.18, 0.68, 0.3), fill=(*light, 255))
    draw.ellipse(box(0.23, 0.195, 0.65, 0.285), fill=(*dark, 255))
    cut = clear.resize((size, size), Image.Resampling.LANCZOS)
    if backdrop == "clear":
        return cut
    ground = Image.new("RGB", (size, size), "white")
    if backdrop == "wood":
        rows = np.random.default_rng(3).normal(0, 14, (size, 1, 1)).repeat(size, 1)
        planks = (np.array([150, 104, 66]) + rows).clip(0, 255).astype(np.uint8)
        ground = Image.fromarray(planks).filter(ImageFilter.GaussianBlur(1))
    ground.paste(cut, mask=cut.getchannel("A"))
    return ground


def save(image: Image.Image, path: Path, **options: object) -> Path:
    """Save a picture, its folder included, and give back the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path
