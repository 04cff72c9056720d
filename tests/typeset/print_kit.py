"""Print products to test on, and ways to read them back."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pypdfium2
from typeset_kit import plan, request

from aigc.campaign import Pixels, Poster
from aigc.channels import channel
from aigc.prints import POINT, Print
from aigc.typeset import SetRequest
from aigc.typeset.builtin import Backend

LINK = "https://example.com/pack"
POINTS = ("Two roomy compartments", "Padded straps")


def asked(
    name: str, language: str = "en", kind: str = "grey", layout: str = "auto", **brief: Any
) -> SetRequest:
    fields = {"link": LINK, "features": POINTS} | brief
    return request(plan(name, language, **fields), kind, layout)


@cache
def made(name: str, language: str = "en", kind: str = "grey") -> Poster:
    """A print product; each is made once."""
    (poster,) = Backend().set([asked(name, language, kind)])
    return poster


def sheet(name: str) -> Print:
    found = channel(name).print
    assert found is not None
    return found


def margin(poster: Poster) -> float:
    """From the page's edge to the trim, mm."""
    with pypdfium2.PdfDocument(poster.data) as document:
        return document[0].get_trimbox()[0] * POINT


def rendered(poster: Poster, per: float, around: float | None = None) -> Pixels:
    """Render `per` px a mm: the trim and `around` mm beyond it, or the whole page."""
    edge = 0.0 if around is None else (margin(poster) - around) / POINT
    with pypdfium2.PdfDocument(poster.data) as document:
        image = document[0].render(scale=per * POINT, crop=(edge,) * 4, rev_byteorder=True)
        return np.ascontiguousarray(image.to_numpy()[..., :3])


def text(poster: Poster) -> str:
    """What can be copied out of the page, without spaces, line breaks and Chinese commas."""
    with pypdfium2.PdfDocument(poster.data) as document:
        found = document[0].get_textpage().get_text_bounded()
    return squeezed(found)


def squeezed(said: str) -> str:
    said = said.replace("，", "")  # left out where a line ends
    return "".join(each for each in said if not each.isspace() and each.isprintable())
