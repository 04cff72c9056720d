"""A brand's own font file: checked, cut to weights if it is variable, and kept by its content."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont

from aigc._engines import fonts, store
from aigc.errors import BriefError

_RESTRICTED, _ALLOWED = 0x0002, 0x000C  # OS/2 fsType: no embedding; preview and print, editing
_MOST = 40_000_000  # bytes


_USE = "a TTF or OTF file"


class BrandFont(NamedTuple):
    """A font that the typesetter can be given."""

    family: str
    folder: str
    characters: frozenset[int]


def load(path: str) -> BrandFont:
    """Make a font file ready to set: a family of its own name, in a folder of its own.

    Raises BriefError where there is no such file, it is no TrueType or OpenType font, or its
    licence bits forbid embedding.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise BriefError(f"brand.font = '{path}': no such file")
    try:
        return _made(file, file.stat().st_mtime_ns)
    except BriefError as error:
        raise BriefError(f"brand.font = '{path}': {error}; use {_USE}") from error
    except Exception as error:  # a broken table raises whatever its parser trips over
        reason = str(error).strip() or type(error).__name__
        raise BriefError(
            f"brand.font = '{path}': no readable font ({reason}); use {_USE}"
        ) from error


@lru_cache(16)
def _made(file: Path, _written: int) -> BrandFont:
    if file.stat().st_size > _MOST:
        raise BriefError(f"larger than {_MOST // 10**6} MB")
    digest = store.sha256(file)[:12]
    with TTFont(file) as font:
        name, weights, characters = _look(font)
    family = f"{name} {digest[:6]}"

    def build(folder: Path) -> None:
        data = file.read_bytes()
        for weight in weights:
            # Named anew: a brand's own Montserrat is not ours.
            cut = fonts.at_weight(data, family, weight)
            cut.save(folder / f"{weight}.{'ttf' if 'glyf' in cut else 'otf'}")

    return BrandFont(family, str(store.derived(f"brandfont-1-{digest}", build)), characters)


def _look(font: TTFont) -> tuple[str, tuple[int, ...], frozenset[int]]:
    """A font's family, the weights to cut of it, its characters; raises BriefError if unfit."""
    characters = frozenset(font.getBestCmap() or ())
    if font.flavor:
        raise BriefError(f"packed for the web ({font.flavor})")
    if not any(table in font for table in ("glyf", "CFF ", "CFF2")) or len(characters) < 2:
        raise BriefError("holds no outlines of letters")
    licence = font["OS/2"].fsType
    if licence & _RESTRICTED and not licence & _ALLOWED:
        raise BriefError("its licence bits (fsType 2) forbid embedding; ask its maker")
    axes = {axis.axisTag: axis for axis in font["fvar"].axes} if "fvar" in font else {}
    if axis := axes.get("wght"):
        weights = {int(min(max(w, axis.minValue), axis.maxValue)) for w in (500, 700, 800)}
    else:
        weights = {min(max(int(font["OS/2"].usWeightClass), 100), 900)}
    return str(font["name"].getBestFamilyName() or "Brand"), tuple(sorted(weights)), characters
