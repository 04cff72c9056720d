"""Reads a print PDF back: boxes in millimetres, images, type, fonts and spot colours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pikepdf

from aigc.campaign import Box
from aigc.prints import MM, POINT
from aigc.typeset.print.assemble import FACTS

_Matrix = pikepdf.Matrix


class Placed(NamedTuple):
    """An image as it lies on the page."""

    pixels: tuple[int, int]
    box: Box  # mm from the page's bottom left
    masked: bool  # whether it is seen through, as a logo is

    @property
    def dpi(self) -> float:
        """Pixels an inch at final size, on the worse of its axes."""
        left, bottom, right, top = self.box
        return MM * min(self.pixels[0] / (right - left), self.pixels[1] / (top - bottom))


class Paper(NamedTuple):
    """What a PDF's only page turned out to hold."""

    media: Box  # mm from the page's bottom left
    bleed: Box
    trim: Box
    images: tuple[Placed, ...]
    points: tuple[float, ...]  # sizes of type at final size
    fonts: dict[str, bool]  # name → embedded
    spots: tuple[str, ...]
    overprints: bool
    intent: str  # of its colours
    facts: dict[str, Any]  # what the file tells of itself; empty where another program made it


def paper(data: bytes) -> Paper:
    """Read a PDF of one page.

    Raises pikepdf.PdfError where it is none, and ValueError where it has more pages.
    """
    with pikepdf.open(io.BytesIO(data)) as pdf:
        if len(pdf.pages) != 1:
            raise ValueError(f"{len(pdf.pages)} pages; a print product has one")
        page = pdf.pages[0]
        drawn = list(_drawn(page.obj, _Matrix()))
        owners = [page.obj, *_forms(page.obj)]
        resources = [each.get("/Resources", {}) for each in owners]
        intents = pdf.Root.get("/OutputIntents", [])
        return Paper(
            media=_mm(page.mediabox),
            bleed=_mm(page.bleedbox),
            trim=_mm(page.trimbox),
            images=tuple(each for each in drawn if isinstance(each, Placed)),
            points=tuple(each for each in drawn if isinstance(each, float)),
            fonts={name: there for part in resources for name, there in _fonts(part)},
            spots=tuple(sorted({name for part in resources for name in _spots(part)})),
            overprints=any(
                bool(state.get("/OP", False))
                for part in resources
                for state in _values(part, "/ExtGState")
            ),
            intent=str(intents[0].get("/OutputConditionIdentifier", "")) if len(intents) else "",
            facts=_facts(page.obj),
        )


def _mm(box: Any) -> Box:
    left, bottom, right, top = (float(edge) * POINT for edge in box)
    return left, bottom, right, top


def _facts(page: Any) -> dict[str, Any]:
    piece = page.get("/PieceInfo", {}).get(FACTS)
    if piece is None:
        return {}
    found: dict[str, Any] = json.loads(str(piece.Private))
    return found


def _values(resources: Any, kind: str) -> Iterator[Any]:
    yield from resources.get(kind, {}).values()


def _forms(owner: Any) -> Iterator[Any]:
    for each in _values(owner.get("/Resources", {}), "/XObject"):
        if each.get("/Subtype") == "/Form":
            yield each
            yield from _forms(each)


def _fonts(resources: Any) -> Iterator[tuple[str, bool]]:
    for font in _values(resources, "/Font"):
        inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
        about = inner.get("/FontDescriptor", {})
        there = any(f"/FontFile{kind}" in about for kind in ("", "2", "3"))
        drawn = font.get("/Subtype") == "/Type3"  # its letters are drawings in the file
        yield str(font.get("/BaseFont", "/Type3")).lstrip("/"), there or drawn


def _spots(resources: Any) -> Iterator[str]:
    for space in _values(resources, "/ColorSpace"):
        if isinstance(space, pikepdf.Array) and str(space[0]) == "/Separation":
            yield str(space[1]).lstrip("/")


def _drawn(owner: Any, start: Any) -> Iterator[Placed | float]:
    """Follow the drawing operators: images with their boxes, and sizes of type."""
    at, stack, size, text = start, [], 0.0, _Matrix()
    objects = owner.get("/Resources", {}).get("/XObject", {})
    for operands, operator in pikepdf.parse_content_stream(owner):
        name = str(operator)
        if name == "q":
            stack.append(at)
        elif name == "Q":
            at = stack.pop()
        elif name == "cm":
            at = _Matrix(*(float(each) for each in operands)) @ at
        elif name == "Tf":
            size = float(operands[1])
        elif name == "Tm":
            text = _Matrix(*(float(each) for each in operands))
        elif name in ("Tj", "TJ"):
            whole = text @ at
            yield size * float((whole.c**2 + whole.d**2) ** 0.5)
        elif name == "Do":
            yield from _object(objects[str(operands[0])], at)


def _object(found: Any, at: Any) -> Iterator[Placed | float]:
    if found.get("/Subtype") == "/Form":
        own = _Matrix(*(float(each) for each in found.get("/Matrix", (1, 0, 0, 1, 0, 0))))
        yield from _drawn(found, own @ at)
        return
    xs, ys = zip(*(at.transform(corner) for corner in ((0, 0), (1, 1))), strict=True)
    box = (min(xs) * POINT, min(ys) * POINT, max(xs) * POINT, max(ys) * POINT)
    yield Placed((int(found.Width), int(found.Height)), box, "/SMask" in found)
