"""The page's type: Latin faces that Gradio brings, and Chinese for machines that have none."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path

from ..words import LANGUAGES, all_words

CJK = "aigc CJK"
WEIGHTS = {"regular": "400", "bold": "600 700"}
# Source Sans is the Latin of the Chinese font. Of most others Gradio has but a few letters.
_LATIN = (
    ("Source Sans Pro", "400", "SourceSansPro/SourceSansPro-Regular.woff2"),
    ("Source Sans Pro", "600 700", "SourceSansPro/SourceSansPro-Bold.woff2"),
)
_LATIN_RANGE = "U+0-24F, U+1E00-1EFF, U+2000-20CF, U+2100-22FF"
_CJK_RANGE = "U+2E80-2FDF, U+3000-4DBF, U+4E00-9FFF, U+F900-FAFF, U+FE30-FE4F, U+FF00-FFEF"
_MAKING = threading.Lock()


@cache
def css() -> str:
    """All faces; a browser fetches a file only when the page shows a character of it."""
    faces = [
        _face(family, weight, f"../static/fonts/{path}", _LATIN_RANGE)
        for family, weight, path in _LATIN
    ]
    for style, weight in WEIGHTS.items():
        # The last face that has a character wins: the page's own words are a small file.
        faces.append(_face(CJK, weight, f"fonts/{style}.otf", _CJK_RANGE))
        faces.append(_face(CJK, weight, f"fonts/{_piece(style)}", _ranges(_said())))
    return "\n".join(faces)


def _face(family: str, weight: str, url: str, ranges: str) -> str:
    return (
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-display: swap; "
        f"src: url('{url}'); unicode-range: {ranges}; }}"
    )


@cache
def _said() -> frozenset[int]:
    """The Chinese characters of the page's own words."""
    said = "".join(text for language in LANGUAGES for text in all_words(language).values())
    return frozenset(ord(each) for each in said if ord(each) >= 0x2E80)


@cache
def _mark() -> str:
    """What tells this choice of characters from another version's, for browsers keep the file."""
    return hashlib.sha256(_ranges(_said()).encode()).hexdigest()[:10]


def _piece(style: str) -> str:
    return f"{style}-{_mark()}.woff"


def _ranges(characters: frozenset[int]) -> str:
    return ", ".join(f"U+{code:X}" for code in sorted(characters))


def file(name: str) -> Path | None:
    """A file of the Chinese font by its name in `css`, made at the first request, once.

    None where there is none: another name, or neither the font nor a network to fetch it from.
    """
    from aigc._engines import store
    from aigc.errors import AigcError

    style = next((each for each in WEIGHTS if name in (f"{each}.otf", _piece(each))), None)
    if style is None:
        return None
    try:
        whole = store.builtin(f"font-cjk-{style}")
        if name != _piece(style):
            return whole
        with _MAKING:  # a page asks for both weights at once; each takes a second of one core
            folder = store.derived(f"page-font-{_mark()}-{style}", lambda to: _cut(whole, to, name))
        return folder / name
    except (AigcError, OSError):
        return None


def _cut(whole: Path, folder: Path, name: str) -> None:
    """Keep the page's own characters, in the shapes of each region."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    upright = ["vhea", "vmtx", "VORG", "GPOS", "BASE"]  # no vertical lines: a tenth of the time
    with TTFont(whole, lazy=True, recalcBBoxes=False) as font:
        subsetter = Subsetter(Options(layout_features=["locl"], drop_tables=upright))
        subsetter.populate(unicodes=_said())
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(folder / name)
