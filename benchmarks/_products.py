"""Products drawn for benchmarks: no two alike, and the same on every machine."""

from __future__ import annotations

import colorsys
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 900
THINGS = ("Mug", "Flask", "Lamp", "Box")
WORDS = ("Harbour", "Meadow", "Cedar", "Ember", "Tidal", "Saffron", "Alpine", "Linen", "Copper")
POINTS = ("made by hand", "easy to clean", "fits any shelf", "two years of guarantee", "light")


def draw(folder: Path, count: int) -> Path:
    """Draw so many products, and list their briefs in `folder`/products.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "products.jsonl").open("w", encoding="utf-8") as stream:
        for number in range(count):
            photo = f"{number:05d}.jpg"
            _photo(number).save(folder / photo, quality=90)
            stream.write(json.dumps({"photo": photo, **_words(number)}) + "\n")
    return folder / "products.jsonl"


def _words(number: int) -> dict[str, Any]:
    thing = THINGS[number % len(THINGS)]
    return {
        "name": f"{WORDS[number % len(WORDS)]} {thing} {number + 1}",
        "price": f"${9 + number % 90}",
        "features": [POINTS[number % 5], POINTS[(number // 5 + number + 1) % 5]],
        "tone": ("promotional", "functional", "fun", "poetic", "heartwarming")[number % 5],
    }


def _photo(number: int) -> Image.Image:
    """One of four shapes in a colour of its own, before a wall that is light to one side."""
    chance = np.random.default_rng(number)
    hue, scale = chance.random(), chance.uniform(0.85, 1.1)
    wall = np.linspace(chance.uniform(0.75, 0.9), 0.97, SIZE)[None, :, None]
    tint = np.array(colorsys.hsv_to_rgb((hue + 0.5) % 1, chance.uniform(0, 0.15), 1))
    ground = (255 * np.clip(wall * tint + chance.normal(0, 0.008, (SIZE, SIZE, 1)), 0, 1)).astype(
        np.uint8
    )
    photo = Image.fromarray(ground)
    mask = Image.new("L", (SIZE * 2, SIZE * 2))
    draw = ImageDraw.Draw(mask)
    for kind, box in SHAPES[THINGS[number % len(THINGS)]]:
        places = [((side - 0.5) * scale + 0.5) * SIZE * 2 for side in box]
        (draw.ellipse if kind == "round" else draw.rectangle)(places, fill=255)
    mask = mask.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    shade = np.linspace(1.15, 0.6, SIZE)[None, :, None] * np.ones((SIZE, 1, 1))
    colour = np.array(colorsys.hsv_to_rgb(hue, chance.uniform(0.4, 0.85), chance.uniform(0.5, 0.9)))
    body = Image.fromarray((255 * np.clip(shade * colour, 0, 1)).astype(np.uint8))
    shadow = mask.filter(ImageFilter.GaussianBlur(18)).point(lambda value: value // 3)
    photo.paste((40, 36, 34), (14, 22), shadow)
    photo.paste(body, (0, 0), mask)
    return photo


Box = tuple[float, float, float, float]
SHAPES: dict[str, tuple[tuple[str, Box], ...]] = {
    "Mug": (
        ("box", (0.3, 0.35, 0.65, 0.75)),
        ("round", (0.3, 0.7, 0.65, 0.8)),
        ("round", (0.3, 0.3, 0.65, 0.4)),
        ("round", (0.58, 0.42, 0.78, 0.66)),
    ),
    "Flask": (
        ("box", (0.38, 0.3, 0.62, 0.84)),
        ("round", (0.38, 0.24, 0.62, 0.36)),
        ("box", (0.44, 0.14, 0.56, 0.3)),
    ),
    "Lamp": (
        ("round", (0.28, 0.16, 0.72, 0.5)),
        ("box", (0.48, 0.45, 0.52, 0.8)),
        ("round", (0.36, 0.77, 0.64, 0.84)),
    ),
    "Box": (("box", (0.24, 0.36, 0.76, 0.74)),),
}
