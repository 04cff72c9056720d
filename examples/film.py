"""What the camera makes of the light: focus, lens glare, film curve, grain."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter
from shapes import Array
from studio import Product


def busy(image: Array) -> Array:
    """Pixels whose neighbourhood holds an edge or a texture, (H, W)."""
    tone = np.sqrt(np.concatenate([image[..., :3].clip(0, 1), image[..., 3:4]], -1))
    return (maximum_filter(tone, (3, 3, 1)) - minimum_filter(tone, (3, 3, 1))).max(-1) > 0.03


def develop(image: Array, product: Product) -> Image.Image:
    """Turn light into a photo: focus, lens glare, film curve, grain, sRGB."""
    colour, on, depth = image[..., :3], image[..., 3:4], image[..., 4]
    size = len(colour)
    if product.focus:
        behind = np.maximum(depth - product.focus, 0) / product.focus
        colour = out_of_focus(colour, on, behind, size)
    glare = np.stack([gaussian_filter(colour[..., i], size / 50) for i in range(3)], -1)
    colour = colour * 0.97 + glare * 0.03 if product.on_table else colour / np.maximum(on, 1e-3)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    colour = colour * (1 - product.vignette * (x**2 + y**2) / 2)[..., None] * product.exposure
    film = (colour * (2.51 * colour + 0.03)) / (colour * (2.43 * colour + 0.59) + 0.14)
    film = film.clip(0, 1)
    srgb = np.where(film < 0.0031308, film * 12.92, 1.055 * film ** (1 / 2.4) - 0.055)
    grain = np.random.default_rng(1).normal(0, 0.006, (size, size, 1)) * product.on_table
    pixels = ((srgb + grain).clip(0, 1) * 255).round().astype(np.uint8)
    if product.on_table:
        return Image.fromarray(pixels)
    alpha = (on * 255).round().astype(np.uint8)
    return Image.fromarray(np.where(alpha > 0, np.concatenate([pixels, alpha], -1), 0).astype("u1"))


def out_of_focus(colour: Array, on: Array, behind: Array, size: int) -> Array:
    """Blur what lies behind the product, without letting the product bleed into it."""
    rest = 1 - on
    blurs, widths = [colour], [0.0]
    for share in (0.002, 0.005, 0.011, 0.02):
        weight = gaussian_filter(rest[..., 0], share * size)[..., None] + 1e-4
        spread = [gaussian_filter(colour[..., i] * rest[..., 0], share * size) for i in range(3)]
        blurs.append(np.stack(spread, -1) / weight)
        widths.append(share)
    wanted = gaussian_filter((behind * 0.016).clip(0, widths[-1]), size / 200)
    level = np.interp(wanted, widths, np.arange(len(widths)))
    low = np.floor(level).astype(int).clip(0, len(widths) - 2)
    part = (level - low)[..., None]
    stack = np.stack(blurs)
    y, x = np.indices(low.shape)
    soft = stack[low, y, x] * (1 - part) + stack[low + 1, y, x] * part
    return colour * on + soft * rest
