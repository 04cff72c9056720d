"""A Chinese font for machines that have none: the posters' own, in pieces that load as needed."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path

from ..words import LANGUAGES, all_words

FAMILY = "aigc CJK"
WEIGHTS = {"regular": 400, "bold": 700}
_MAKING = threading.Lock()


@cache
def pieces() -> dict[str, frozenset[int]]:
    """Characters of each piece: the page's own words, then what most Chinese is written with."""
    said = "".join(text for language in LANGUAGES for text in all_words(language).values())
    page = frozenset(ord(each) for each in said if ord(each) > 0x2000)
    return {"page": page, "common": frozenset(map(ord, _gb2312())) - page}


def _gb2312() -> str:
    """The 6763 characters and the punctuation of GB 2312."""
    rows = (*range(0xA1, 0xA4), *range(0xB0, 0xF8))
    table = b"".join(bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    return "".join(each for each in table.decode("gb2312", "ignore") if ord(each) > 0x2000)


@cache
def mark() -> str:
    """What tells these pieces from an older version's, for browsers keep them."""
    return hashlib.sha256(repr([sorted(each) for each in pieces().values()]).encode()).hexdigest()[
        :10
    ]


@cache
def css() -> str:
    """The font's faces; a browser fetches a piece only when a page shows a character of it."""
    rest = "U+2E80-2FDF, U+3000-4DBF, U+4E00-9FFF, U+F900-FAFF, U+FE30-FE4F, U+FF00-FFEF"
    faces = []
    for style, weight in WEIGHTS.items():
        # The last face that has a character wins: the whole font stands first.
        faces.append(_face(weight, f"{style}-whole.otf", rest))
        faces += [
            _face(weight, f"{style}-{piece}-{mark()}.woff2", _ranges(pieces()[piece]))
            for piece in ("common", "page")
        ]
    return "\n".join(faces)


def _face(weight: int, name: str, ranges: str) -> str:
    return (
        f"@font-face {{ font-family: '{FAMILY}'; font-weight: {weight}; font-display: swap; "
        f"src: url('fonts/{name}'); unicode-range: {ranges}; }}"
    )


def _ranges(characters: frozenset[int]) -> str:
    spans: list[list[int]] = []
    for code in sorted(characters):
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return ", ".join(f"U+{low:X}" if low == high else f"U+{low:X}-{high:X}" for low, high in spans)


def file(name: str) -> Path | None:
    """A file of the font by its name in `css`, made at the first request; None if there is none.

    Without the font and without a network to fetch it from, there is none either.
    """
    from aigc._engines import store
    from aigc.errors import AigcError

    style, _, piece = name.partition("-")
    if style not in WEIGHTS:
        return None
    try:
        whole = store.builtin(f"font-cjk-{style}")
        if piece == "whole.otf":
            return whole
        for each in pieces():
            if piece == f"{each}-{mark()}.woff2":
                with _MAKING:  # a page asks for several at once; each takes a second of one core
                    folder = store.derived(
                        f"page-font-1-{style}-{each}-{mark()}",
                        lambda made, each=each: _cut(whole, pieces()[each], made / name),
                    )
                return folder / name
    except (AigcError, OSError):
        return None
    return None


def _cut(whole: Path, characters: frozenset[int], to: Path) -> None:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    features = ["locl", "kern", "ccmp", "vert", "halt", "palt"]
    options = Options(layout_features=features, hinting=False, desubroutinize=False)
    with TTFont(whole, lazy=True) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(font)
        font.flavor = "woff2"
        font.save(to)
