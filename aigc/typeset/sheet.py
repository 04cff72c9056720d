"""Runs Typst: a layout and its data in, where everything stands and the type out."""

from __future__ import annotations

import ctypes
import json
from functools import cache, lru_cache
from threading import Lock
from typing import Any

import typst

from aigc.campaign import Box, Pixels, Value
from aigc.typeset.layouts import FOLDER

_PDFIUM = Lock()  # the renderer must not be called from two threads at once


class Element(Value):
    """Something that a layout placed."""

    name: str
    box: Box
    ground: str = "scene"  # what is behind it: the scene, or a colour of the theme
    stack: str = ""  # texts of one stack share an ink
    size: float = 0.0  # px


class Sheet:
    """One layout with one poster's data; boxes and type come from the same computation.

    `data["ink"]` holds the inks that each text will most likely have: where they turn out so,
    the layout is computed once only.
    """

    def __init__(self, layout: str, data: dict[str, Any], fonts: tuple[str, ...] = ()) -> None:
        self._layout, self._data, self._fonts = layout, data, fonts

    def changed(self, layout: str = "", **data: Any) -> Sheet:
        """The same poster in another layout, or with some of its data changed."""
        return Sheet(layout or self._layout, {**self._data, **data}, self._fonts)

    def elements(self) -> dict[str, Element]:
        """Where each element stands, by its name."""
        return dict(_elements(self._layout, json.dumps(self._data), self._fonts))

    def pdf(self, ink: dict[str, str]) -> bytes:
        """The type alone as a PDF, a point a pixel, each text in its ink (#rrggbb by name)."""
        likely, plain = self._data["ink"], self._data["theme"]["ink"]
        other = {name: own for name, own in ink.items() if own != likely.get(name, plain)}
        data = json.dumps({**self._data, "ink": {**likely, **other}})
        made = _compiler(self._layout, data, self._fonts).compile(format="pdf", pdf_tags=False)
        assert isinstance(made, bytes)  # one page, one file
        return made


def paint(pdf: bytes, pixels: Pixels) -> None:
    """Paint a PDF's page onto (H, W, 3), in place.

    The page as a picture would have to be packed and unpacked, at three times the time.
    """
    import pypdfium2
    from pypdfium2 import raw

    height, width = pixels.shape[:2]
    scan = pixels.ctypes.data_as(ctypes.c_void_p)
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGR, scan, pixels.strides[0])
        # Its own order is BGR; the flag turns it round.
        flags = raw.FPDF_REVERSE_BYTE_ORDER
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        raw.FPDFBitmap_Destroy(bitmap)
        page.close()


@lru_cache(256)  # what was planned is soon set
def _elements(layout: str, data: str, fonts: tuple[str, ...]) -> dict[str, Element]:
    rows = json.loads(_compiler(layout, data, fonts).query("<box>", field="value"))
    return {row["name"]: Element.model_validate(row) for row in rows}


def _compiler(layout: str, data: str, fonts: tuple[str, ...]) -> typst.Compiler:
    return typst.Compiler(
        str(FOLDER / f"{layout}.typ"),
        root=str(FOLDER),
        font_paths=_found(fonts),
        sys_inputs={"poster": data},
    )


@cache
def _found(more: tuple[str, ...]) -> typst.Fonts:
    """Every font of a poster, read once; no font of the system, for it is not everywhere."""
    from aigc._engines import fonts

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[*fonts.folders(), *more],
    )
