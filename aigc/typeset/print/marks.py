"""Lines that tell a machine what to do: crop marks, cuts and folds, as PDF drawing operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from aigc.prints import POINT

Point = tuple[float, float]
Path = tuple[Point, ...]

GAP = 1.0  # mm between the bleed and a crop mark
LENGTH = 5.0  # mm
HAIRLINE = 0.25  # pt


class Lines(NamedTuple):
    """Strokes in one spot colour, mm from the trim's top left; a closed path ends as it begins."""

    spot: str
    paths: tuple[Path, ...]
    dashed: bool = False


def slug(bleed: float) -> float:
    """What a sheet with crop marks needs around its trim, mm."""
    return bleed + GAP + LENGTH


def crops(trim: tuple[float, float], bleed: float) -> Lines:
    """Two marks a corner, outside the bleed."""
    near, far = bleed + GAP, slug(bleed)
    width, height = trim
    across = [
        ((x + sign * near, y), (x + sign * far, y))
        for x, sign in ((0.0, -1), (width, 1))
        for y in (0.0, height)
    ]
    down = [
        ((x, y + sign * near), (x, y + sign * far))
        for y, sign in ((0.0, -1), (height, 1))
        for x in (0.0, width)
    ]
    return Lines("All", (*across, *down))


def operators(lines: Iterable[Lines], origin: Point, height: float) -> bytes:
    """Draw lines on a page of `height` mm, the trim's top left at `origin` mm from its top left."""

    def at(point: Point) -> str:
        x, y = origin[0] + point[0], height - origin[1] - point[1]
        return f"{x / POINT:.4f} {y / POINT:.4f}"

    out = ["q", f"{HAIRLINE} w", "/Overprint gs"]
    for each in lines:
        out += [f"/{each.spot} CS 1 SCN", "[3 2] 0 d" if each.dashed else "[] 0 d"]
        for path in each.paths:
            out.append(f"{at(path[0])} m")
            out += [f"{at(point)} l" for point in path[1:]]
            out.append("s" if path[0] == path[-1] else "S")
    return "\n".join([*out, "Q"]).encode()
