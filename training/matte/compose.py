"""Make photographs with known mattes: objects on backgrounds, lit, shadowed, worn as by a camera.

Pictures are float32 RGB in 0..1 (h, w, 3), mattes float32 in 0..1 (h, w). Whatever is random comes
from the generator that is passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Library = Callable[[Generator], NDArray[np.uint8]]  # draws one: RGBA cut-out or RGB picture


def composite(
    rng: Generator, side: int, cutout: Library, background: Library
) -> tuple[Floats, Floats]:
    """Compose one square picture and its matte."""
    picture = backdrop(rng, side, background)
    if rng.random() < 0.4:  # a lens focuses on the subject
        picture = blurred(picture, rng.uniform(0.5, 5) * side / 256)
    bare = rng.random() < 0.35  # nothing but the subject, as in a catalogue
    if not bare:
        for _ in range(rng.integers(0, 5)):
            picture = with_bystander(rng, picture, cutout)
    colours, alpha = subject(rng, side, cutout)
    if rng.random() < 0.5:
        colours = lit_alike(rng, colours, alpha, picture)
    if bare and rng.random() < 0.15:  # pale on pale
        colours = 1 - (1 - colours) * rng.uniform(0.2, 0.6)
    seen = alpha
    if rng.random() < 0.05:  # glass: its body lets the backdrop through, its rim does not
        rim = alpha - cv2.erode(alpha, np.ones((5, 5), np.uint8))
        seen = alpha * np.clip(rng.uniform(0.35, 0.8) + rim, 0, 1).astype(np.float32)
    if rng.random() < 0.75:
        picture = shadowed(rng, picture, alpha)
    if rng.random() < 0.1:
        picture = mirrored(rng, picture, colours, alpha)
    if rng.random() < 0.5:  # an outline as soft as the lens
        joined = blurred(np.dstack([colours, seen]), rng.uniform(0, 0.8))
        colours, seen = joined[..., :3], joined[..., 3]
    picture = colours * seen[..., None] + picture * (1 - seen[..., None])
    return picture, alpha


def backdrop(rng: Generator, side: int, background: Library) -> Floats:
    """A studio's sweep, a table before a wall, or somebody's photograph."""
    kind = rng.random()
    if kind < 0.14:
        return gradient(rng, side, rng.uniform(0.88, 1.0, (2, 1)) * np.ones(3))
    if kind < 0.26:
        return gradient(rng, side, rng.uniform(0, 1, 3) + rng.uniform(-0.12, 0.12, (2, 1)))
    picture = crop(rng, background(rng), side)
    if kind < 0.5:  # a surface and what is behind it
        surface = crop(rng, background(rng), side // int(rng.integers(1, 5)))
        if rng.random() < 0.5:
            surface = gradient(rng, side, rng.uniform(0, 1, (2, 3)))
        surface = cv2.resize(surface, (side, side))
        edge = rng.uniform(0.3, 0.85) * side + np.tan(rng.uniform(-0.1, 0.1)) * np.arange(side)
        below = np.clip((np.arange(side)[:, None] - edge) / rng.uniform(1, 4) + 0.5, 0, 1)
        picture = picture + (surface - picture) * below[..., None].astype(np.float32)
    return picture


def gradient(rng: Generator, side: int, ends: Floats) -> Floats:
    """Blend between two colours (2, 3), along any direction or out of the middle."""
    ends = np.broadcast_to(ends, (2, 3)).astype(np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi)
    along = np.hypot(x, y) if rng.random() < 0.4 else x * np.cos(turn) + y * np.sin(turn)
    along = (along - along.min()) / np.ptp(along)
    return np.asarray((ends[0] + (ends[1] - ends[0]) * along[..., None]).clip(0, 1), np.float32)


def crop(rng: Generator, picture: NDArray[np.uint8], side: int) -> Floats:
    """A random square of a picture, mirrored half of the time."""
    height, width = picture.shape[:2]
    length = int(min(height, width) * rng.uniform(0.45, 1))
    top, left = rng.integers(0, height - length + 1), rng.integers(0, width - length + 1)
    part = picture[top : top + length, left : left + length]
    part = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
    part = part[:, ::-1] if rng.random() < 0.5 else part
    return np.asarray(part, np.float32) / 255


def placed(
    cutout: NDArray[np.uint8], side: int, length: float, centre: Floats, turn: float, skew: Floats
) -> tuple[Floats, Floats]:
    """Put a cut-out on an empty square: its longest side `length` px, turned by degrees."""
    height, width = cutout.shape[:2]
    scale = length / max(height, width)
    if scale < 0.5:
        cutout = cv2.resize(cutout, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        height, width = cutout.shape[:2]
        scale = length / max(height, width)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = np.array([width, height], np.float32) / 2
    away = (corners - middle) * scale * (1 + skew)
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    target = (away @ rotation.T + centre).astype(np.float32)
    premultiplied = cutout.astype(np.float32) / 255
    premultiplied[..., :3] *= premultiplied[..., 3:]
    matrix = cv2.getPerspectiveTransform(corners, target)
    warped = cv2.warpPerspective(premultiplied, matrix, (side, side), flags=cv2.INTER_LINEAR)
    alpha = np.clip(warped[..., 3], 0, 1)
    return np.clip(warped[..., :3] / np.maximum(alpha[..., None], 1e-3), 0, 1), alpha


def subject(rng: Generator, side: int, cutout: Library) -> tuple[Floats, Floats]:
    """Place one object, now and then two that belong together, where a photographer would."""
    for _ in range(8):
        length = side * (rng.uniform(0.35, 0.98) if rng.random() < 0.85 else rng.uniform(1, 1.4))
        centre = side * np.clip(rng.normal(0.5, 0.09, 2), 0.3, 0.7)
        colours, alpha = one(rng, side, cutout, length, centre)
        if rng.random() < 0.12:  # a set
            beside = centre + rng.uniform(-0.35, 0.35, 2) * length
            more, over = one(rng, side, cutout, length * rng.uniform(0.4, 0.9), beside)
            colours = more * over[..., None] + colours * (1 - over[..., None])
            alpha = np.maximum(alpha, over)
        if 0.02 < alpha.mean() < 0.85:
            break
    if rng.random() < 0.06:
        colours, alpha = with_hair(rng, colours, alpha)
    if rng.random() < 0.06:
        colours, alpha = with_strap(rng, colours, alpha)
    return colours, alpha


def one(
    rng: Generator, side: int, cutout: Library, length: float, centre: Floats
) -> tuple[Floats, Floats]:
    """Draw an object as seen from a little aside, in a little other light."""
    drawn = cutout(rng)
    drawn = drawn[:, ::-1] if rng.random() < 0.5 else drawn
    turn = rng.normal(0, 12) if rng.random() < 0.85 else rng.uniform(-180, 180)
    skew = rng.normal(0, 0.05, (4, 2)) + rng.normal(0, 0.1, 2)
    colours, alpha = placed(np.ascontiguousarray(drawn), side, length, centre, turn, skew)
    if rng.random() < 0.3:  # another colour of the same thing
        colours = colours[..., rng.permutation(3)]
    return tinted(rng, colours, 0.15), alpha


def with_bystander(rng: Generator, picture: Floats, cutout: Library) -> Floats:
    """Add a thing that is not the subject: small, at the rim, out of focus or in the dark."""
    side = len(picture)
    angle = rng.uniform(0, 2 * np.pi)
    centre = side * (0.5 + rng.uniform(0.4, 0.6) * np.array([np.cos(angle), np.sin(angle)]))
    colours, alpha = one(rng, side, cutout, side * rng.uniform(0.1, 0.45), centre)
    if rng.random() < 0.6:
        soft = blurred(np.dstack([colours, alpha]), rng.uniform(0.5, 3) * side / 256)
        colours, alpha = soft[..., :3], soft[..., 3]
    if rng.random() < 0.6:
        picture = shadowed(rng, picture, alpha)
    dim = rng.uniform(0.5, 1) if rng.random() < 0.5 else 1.0
    return colours * dim * alpha[..., None] + picture * (1 - alpha[..., None])


def with_hair(rng: Generator, colours: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Grow fine strands out of an outline, in the colour of the place they grow from."""
    outline = np.argwhere((alpha > 0.5) & (cv2.erode(alpha, np.ones((3, 3))) <= 0.5))
    if len(outline) < 20:
        return colours, alpha
    slope = np.dstack([cv2.Sobel(blurred(alpha, 3), cv2.CV_32F, *d) for d in ((1, 0), (0, 1))])
    strands, paint = np.zeros_like(alpha), colours.copy()
    length = rng.uniform(0.02, 0.07) * len(alpha)
    for y, x in outline[rng.integers(0, len(outline), 250)]:
        out = -slope[y, x] / (np.hypot(*slope[y, x]) + 1e-6) + rng.normal(0, 0.5, 2)
        ends = np.array([x, y]), np.array([x, y]) + out * length * rng.uniform(0.3, 1)
        fixed = [(end * 16).astype(np.int32) for end in ends]  # sixteenths of a pixel
        depth = float(rng.uniform(0.3, 0.9))
        cv2.line(strands, fixed[0], fixed[1], depth, 1, cv2.LINE_AA, 4)
        cv2.line(paint, fixed[0], fixed[1], colours[y, x].tolist(), 2, cv2.LINE_8, 4)
    hair = np.maximum(alpha, strands)
    return np.where((alpha > 0.5)[..., None], colours, paint), hair


def with_strap(rng: Generator, colours: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Hang a strap, a cable or a handle on an object: thin, with a hole through it."""
    inside = np.argwhere(alpha > 0.9)
    if not len(inside):
        return colours, alpha
    (y0, x0), (y1, x1) = inside[rng.integers(0, len(inside), 2)]
    bow = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + rng.normal(0, 0.35, 2) * len(alpha)
    t = np.linspace(0, 1, 40)[:, None]
    curve = (1 - t) ** 2 * (x0, y0) + 2 * t * (1 - t) * bow + t**2 * (x1, y1)
    line = np.zeros_like(alpha)
    width = int(rng.integers(1, max(2, len(alpha) // 40)))
    cv2.polylines(line, [(curve * 16).astype(np.int32)], False, 1.0, width, cv2.LINE_AA, 4)
    colour = (colours[y0, x0] * rng.uniform(0.4, 1.2)).clip(0, 1)
    outside = (line * (1 - alpha))[..., None]
    return colours * (1 - outside) + colour * outside, np.maximum(alpha, line)


def shadowed(rng: Generator, picture: Floats, alpha: Floats) -> Floats:
    """Darken what an object stands on: a cast shadow, or a contact shadow under its foot."""
    side = len(alpha)
    rows = np.flatnonzero(alpha.max(1) > 0.5)
    if not len(rows):
        return picture
    foot = float(rows[-1])
    if rng.random() < 0.5:
        flat, lean = rng.uniform(0.05, 0.35), rng.uniform(-0.8, 0.8)
        matrix = np.array([[1, -lean * flat, lean * flat * foot], [0, flat, foot * (1 - flat)]])
    else:
        matrix = np.array(
            [[1, 0, rng.normal(0, 0.05) * side], [0, 1, rng.normal(0.03, 0.04) * side]]
        )
    cast = cv2.warpAffine(alpha, matrix.astype(np.float32), (side, side))
    cast = blurred(cast, rng.uniform(0.006, 0.05) * side)
    dark = rng.uniform(0.15, 0.75) * (1 - rng.uniform(0, 0.2, 3))
    return picture * (1 - cast[..., None] * dark.astype(np.float32))


def mirrored(rng: Generator, picture: Floats, colours: Floats, alpha: Floats) -> Floats:
    """Reflect an object in what it stands on; a reflection is no part of it."""
    rows = np.flatnonzero(alpha.max(1) > 0.5)
    if not len(rows):
        return picture
    foot = int(rows[-1])
    image = np.dstack([colours, alpha])
    flipped = np.zeros_like(image)
    depth = min(foot, len(alpha) - foot - 1)
    if depth > 0:
        flipped[foot : foot + depth] = image[foot - depth : foot][::-1]
        fade = np.linspace(rng.uniform(0.2, 0.5), 0, depth, dtype=np.float32)
        flipped[foot : foot + depth, :, 3] *= fade[:, None]
    share = flipped[..., 3:]
    return np.asarray(flipped[..., :3] * share + picture * (1 - share))


def lit_alike(rng: Generator, colours: Floats, alpha: Floats, picture: Floats) -> Floats:
    """Move an object's mean colour and contrast part of the way to its surroundings'."""
    weight = alpha[..., None] / max(float(alpha.sum()), 1)
    mean, around = (colours * weight).sum((0, 1)), picture.mean((0, 1))
    share = rng.uniform(0.1, 0.5)
    return np.asarray((colours + share * (around - mean)).clip(0, 1), np.float32)


def tinted(rng: Generator, picture: Floats, much: float) -> Floats:
    """Change exposure, contrast, saturation and white balance: one affine map of the colours."""
    gain = np.exp(rng.normal(0, much)) * (1 + rng.normal(0, much / 3, 3))
    saturation, contrast = np.exp(rng.normal(0, (2 * much, much)))
    mix = saturation * np.eye(3) + (1 - saturation) / 3
    affine = gain[:, None] * np.column_stack([contrast * mix, np.full(3, 0.5 - 0.5 * contrast)])
    return np.asarray(cv2.transform(picture, affine.astype(np.float32)).clip(0, 1))


def worn(rng: Generator, picture: Floats) -> Floats:
    """Wear a picture as telephones, shops and messengers do: blur, noise, scaling, JPEG."""
    side = len(picture)
    picture = tinted(rng, picture, 0.1)
    if rng.random() < 0.25:
        picture = blurred(picture, rng.uniform(0.3, 1.2) * side / 256)
    elif rng.random() < 0.07:  # a shaken hand
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        ends = rng.integers(0, length, 4).tolist()
        cv2.line(kernel, ends[:2], ends[2:], 1.0, 1, cv2.LINE_AA)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    if rng.random() < 0.2:
        small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.4:
        noise = rng.standard_normal(picture.shape, np.float32)
        picture = picture + noise * np.float32(rng.uniform(0.005, 0.04))
    eight = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
        stored = cv2.imencode(".jpg", eight, quality)[1]
        eight = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)
    return eight.astype(np.float32) / 255


def blurred(picture: Floats, sigma: float) -> Floats:
    if sigma < 0.2:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
