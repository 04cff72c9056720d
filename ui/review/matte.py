"""The cut-out put right by hand: what is painted in the browser becomes a matte."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc.campaign import Edits, Pixels, Size
from aigc.disk import as_png, write
from aigc.errors import BriefError

from .. import views
from ..board import board
from ..house import Page
from .desk import Desk
from .work import Work

LARGEST = 12_000_000  # characters of a painted matte; one of 2048 px side takes a tenth
_HEAD = "data:image/png;base64,"
_LEAST = 0.001  # of the photo that a product takes
_SOLID = 128  # of 255, from which on a pixel is the product's


def lay_out(page: Page, desk: Desk) -> None:
    """Lay out the editor, which opens over the page; it keeps what is painted until it is told."""
    html = views.render("review/matte.html.j2", page.say)
    shown = board(html, elem_id="review-matte", also=Path(__file__).with_name("matte.js"))
    desk.revises(shown.act, partial(change, page.house.scratch / "mattes"))


def change(folder: Path, work: Work, edits: Edits, told: dict[str, Any]) -> Edits | None:
    """Take a painted matte, which is kept in `folder`, or go back to the automatic one."""
    if told.get("do") == "automatic":
        return edits.model_copy(update={"matte": ""})
    if told.get("do") != "matte" or told.get("campaign") != work.name:
        return None
    data = as_png(painted(told.get("mask"), work.photo))
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.png"
    write(path, data)
    return edits.model_copy(update={"matte": str(path)})


def painted(said: object, size: Size) -> Pixels:
    """Read what a browser painted, (H, W): white is the product.

    Raises BriefError for what is no PNG, is of another shape than the photo, or shows no product.
    """
    if not isinstance(said, str) or not said.startswith(_HEAD) or len(said) > LARGEST:
        raise BriefError("cut-out: not a picture as this page paints it; load the page again")
    try:
        data = base64.b64decode(said[len(_HEAD) :], validate=True)
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.size != size:
                raise BriefError(
                    f"cut-out: {image.width}×{image.height} px, but the photo has "
                    f"{size[0]}×{size[1]}; load the page again"
                )
            pixels = np.asarray(image.convert("L"))
    except (
        binascii.Error,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise BriefError("cut-out: the picture cannot be read; load the page again") from error
    if (pixels >= _SOLID).mean() < _LEAST:
        raise BriefError("cut-out: nothing of the photo is kept; paint over the product")
    return pixels
