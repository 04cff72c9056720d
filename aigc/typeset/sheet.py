"""Runs Typst: a layout and its data in, where everything stands and the type layer out."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import typst
from PIL import Image

from aigc.campaign import Box, Pixels, Value
from aigc.typeset.layouts import FOLDER


class Element(Value):
    """Something that a layout placed."""

    name: str
    box: Box
    ground: str = "scene"  # what is behind it: the scene, or a colour of the theme
    stack: str = ""  # texts of one stack share an ink
    size: float = 0.0  # px


class Sheet:
    """One layout with one poster's data; boxes and picture come from the same computation."""

    def __init__(self, layout: str, data: dict[str, Any]) -> None:
        from aigc._engines import fonts

        self._data = data
        self._compiler = typst.Compiler(
            str(FOLDER / f"{layout}.typ"),
            root=str(FOLDER),
            font_paths=list(fonts.folders()),
            ignore_system_fonts=True,
            sys_inputs={"poster": json.dumps(data)},
        )

    def elements(self) -> dict[str, Element]:
        """Where each element stands, by its name."""
        rows = json.loads(self._compiler.query("<box>", field="value"))
        return {row["name"]: Element.model_validate(row) for row in rows}

    def draw(self, ink: dict[str, str]) -> Pixels:
        """The type layer, (H, W, 4), with each text in its ink (#rrggbb by element name)."""
        data = json.dumps({**self._data, "ink": ink})
        png = self._compiler.compile(format="png", ppi=72, sys_inputs={"poster": data})
        assert isinstance(png, bytes)  # one page, one picture
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
