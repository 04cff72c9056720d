"""What a print product is, in millimetres: its trim, bleed, and what must stay clear of text."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from aigc.campaign import Size, Value

MM = 25.4  # an inch
POINT = MM / 72  # a point, in mm


class Print(Value):
    """A sheet as the printer cuts it."""

    kind: Literal["poster", "display", "label", "sleeve"]
    trim: tuple[float, float] = Field(description="Width and height after cutting, mm")
    bleed: float = Field(3, gt=0, description="How far the picture goes on beyond the cut, mm")
    dpi: int = Field(300, ge=72, description="Resolution of the raster at final size")
    safe: float = Field(5, ge=0, description="No text nearer than this to a cut or fold, mm")
    foot: float = Field(0, ge=0, description="Height at the foot that nobody sees, mm")
    view: float = Field(1, gt=0, description="How far off a reader stands, m")
    marks: bool = Field(False, description="Whether crop marks stand around it")
    box: tuple[float, float, float] | None = Field(
        None, description="Sleeves: width, height and depth of the box, mm"
    )
    flap: float = Field(0, ge=0, description="Sleeves: width of the glue flap, mm")

    @model_validator(mode="after")
    def _goes_around(self) -> Self:
        if self.kind != "sleeve":
            return self
        if self.box is None:
            raise ValueError("a sleeve needs the width, height and depth of its `box`")
        width, height, depth = self.box
        if self.trim != (2 * width + 2 * depth + self.flap, height):
            raise ValueError("a sleeve's `trim` is front + side + back + side + flap")
        return self

    @property
    def packs(self) -> bool:
        """Whether it is packaging, which tells what is inside and sells nothing."""
        return self.kind in ("label", "sleeve")

    @property
    def face(self) -> tuple[float, float]:
        """Width and height of what a layout fills: what is seen, or the front of a box, mm."""
        if self.box is not None:
            return self.box[:2]
        return self.trim[0], self.trim[1] - self.foot

    def pixels(self, dpi: float | None = None) -> Size:
        """The raster with its bleed, (width, height) in px, at `dpi` or at its own."""
        scale = (dpi or self.dpi) / MM
        width, height = (round((side + 2 * self.bleed) * scale) for side in self.trim)
        return width, height
