"""A brand's own font file: checked, cut to weights if it is variable, and kept by its content."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont, TTLibError

from aigc import photo
from aigc._engines import fonts, store
from aigc.errors import AigcError, BriefError

_RESTRICTED, _ALLOWED = 0x0002, 0x000C  # OS/2 fsType: no embedding; preview and print, editing
_MOST = 40_000_000  # bytes


class BrandFont(NamedTuple):
    """A font that the typesetter can be given."""

    family: str
    folder: str
    characters: frozenset[int]


@cache
def load(path: str) -> BrandFont:
    """Make a font file ready to set: a family of its own name, in a folder of its own.

    Raises BriefError where there is no such file, it is no TrueType or OpenType font, or its
    licence bits forbid embedding.
    """
    try:
        file = photo.locate(path)
        if file.stat().st_size > _MOST:
            raise BriefError(f"larger than {_MOST // 10**6} MB")
        with TTFont(file) as font:
            problem, name, weight, characters = _look(font)
    except (OSError, AigcError, TTLibError, ValueError, KeyError, AssertionError) as error:
        raise BriefError(
            f"brand.font = '{path}': no readable font ({error}); use {_USE}"
        ) from error
    if problem:
        raise BriefError(f"brand.font = '{path}': {problem}")
    digest = store.sha256(file)[:12]

    def build(folder: Path) -> None:
        data = file.read_bytes()
        for each in weight:
            # Named anew: a brand's own Montserrat is not ours.
            cut = fonts.at_weight(data, family, each)
            cut.save(folder / f"{each}.{'otf' if 'CFF ' in cut or 'CFF2' in cut else 'ttf'}")

    family = f"{name} {digest[:6]}"
    try:
        folder = store.derived(f"brandfont-1-{digest}", build)
    except Exception as error:  # a broken table raises whatever its parser trips over
        raise BriefError(f"brand.font = '{path}': cannot be cut ({error}); use {_USE}") from error
    return BrandFont(family, str(folder), characters)


_USE = "a TTF or OTF file"


def _look(font: TTFont) -> tuple[str, str, tuple[int, ...], frozenset[int]]:
    """What is wrong with a font, its family's name, the weights to cut, its characters."""
    characters = frozenset(font.getBestCmap() or ())
    if font.flavor:
        problem = f"packed for the web ({font.flavor}); use {_USE}"
    elif not any(table in font for table in ("glyf", "CFF ", "CFF2")) or len(characters) < 2:
        problem = f"holds no outlines; use {_USE}"
    elif font["OS/2"].fsType & _RESTRICTED and not font["OS/2"].fsType & _ALLOWED:
        problem = "its licence bits (fsType 2) forbid embedding; ask its maker for another licence"
    else:
        problem = ""
    name = font["name"].getBestFamilyName() or "Brand"
    axis = (
        next((a for a in font["fvar"].axes if a.axisTag == "wght"), None)
        if "fvar" in font
        else None
    )
    if axis is None:
        weights = {min(max(int(font["OS/2"].usWeightClass), 100), 900)}
    else:
        weights = {int(min(max(w, axis.minValue), axis.maxValue)) for w in (500, 700, 800)}
    return problem, str(name), tuple(sorted(weights)), characters
