"""A merchant's corrections: what each stage takes of them, and what is wrong with one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc import channels, photo, styles
from aigc.campaign import Brief, Copy, Edits, Pixels, Tweak
from aigc.errors import AigcError, BriefError

_OF_POSTERS = ("lead", "style", "seed", "posters")
_TAKEN = {
    "caption": ("matte", "caption", "tags"),
    "copywrite": ("texts",),
    "scene": _OF_POSTERS,
    "typeset": _OF_POSTERS,
}


def bare(brief: Brief) -> Brief:
    """The brief as backends see it: corrections are none of their business."""
    return brief.model_copy(update={"edits": Edits()})


def said(edits: Edits, stage: str = "") -> dict[str, Any]:
    """What corrections say to one stage, or to all, as plain data; of a matte, what it shows.

    Raises BriefError where the matte cannot be read.
    """
    fields = set(_TAKEN.get(stage, ())) if stage else set(Edits.model_fields)
    table = edits.model_dump(mode="json", include=fields, exclude_defaults=True)
    if "matte" in table:
        shown = matte(edits.matte)
        table["matte"] = hashlib.sha256(f"{shown.shape}".encode() + shown.tobytes()).hexdigest()
    posters = {name: tweak for name, tweak in table.pop("posters", {}).items() if tweak}
    return table | ({"posters": posters} if posters else {})


def matte(path: str) -> Pixels:
    """Read a corrected matte, (h, w): white is the product, black and clear are not.

    Raises BriefError where it is no picture.
    """
    try:
        file = photo.locate(path)
        return _matte(file, file.stat().st_mtime_ns, file.stat().st_size)
    except (AigcError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise BriefError(
            f"edits.matte = '{path}': no readable picture; draw one of the photo's shape, "
            "white where the product is"
        ) from error


@lru_cache(4)
def _matte(file: Path, _written: int, _size: int) -> Pixels:
    with Image.open(file) as image:
        seen = image.convert("LA")
    lightness, alpha = np.moveaxis(np.asarray(seen, np.uint16), -1, 0)
    return np.asarray((lightness * alpha + 127) // 255, np.uint8)


def corrected(written: tuple[Copy, ...], edits: Edits) -> tuple[Copy, ...]:
    """The copies with the merchant's texts in place of theirs; the same where there are none.

    Raises BriefError for a text that nobody wrote.
    """
    ids = [copy.id for copy in written]
    for name in edits.texts:
        known(f"edits.texts.{name}", name, ids)
    return tuple(_corrected(copy, edits) for copy in written) if edits.texts else written


def _corrected(copy: Copy, edits: Edits) -> Copy:
    own = edits.texts.get(copy.id)
    if own is None:
        return copy
    words = own.model_dump(exclude={"hashtags"})
    tags = copy.hashtags if own.hashtags is None else own.hashtags
    return copy.model_copy(update=words | {"hashtags": tags})


def known(field: str, name: str, ids: Sequence[str]) -> None:
    """Raise BriefError for a text's id that is none, naming those that there are."""
    if name not in ids:
        raise BriefError(f"{field} = '{name}': no such text; choose from {', '.join(ids)}")


def wrongs(brief: Brief) -> Iterator[str]:
    """Say each correction that names a style, poster or layout that is not there."""
    edits = brief.edits
    packs = ("auto", *styles.all_styles())
    if edits.style and edits.style not in packs:
        yield f"edits.style = '{edits.style}': no such style; choose from {', '.join(packs)}"
    made = posters(brief)
    for name, tweak in edits.posters.items():
        at = f"edits.posters.{name}"
        if name not in made:
            yield f"{at}: no such poster; choose from {', '.join(made)}"
            continue
        if tweak.style and tweak.style not in packs:
            yield f"{at}.style = '{tweak.style}': no such style; choose from {', '.join(packs)}"
        yield from _unfit(f"{at}.layout", tweak, made[name])
    if edits.matte:
        try:
            matte(edits.matte)
        except BriefError as error:
            yield str(error)


def _unfit(field: str, tweak: Tweak, row: channels.Channel) -> Iterator[str]:
    if not tweak.layout:
        return
    from aigc.typeset import layouts

    # Of a whole photo or of a cut-out: which one it is to be, the caption will tell.
    able = {
        each.name: each for whole in (False, True) for each in layouts.fitting(row, whole=whole)
    }
    if tweak.layout not in able:
        choices = ", ".join(able)
        yield f"{field} = '{tweak.layout}': not for {row.name}; choose from {choices}"


def posters(brief: Brief) -> dict[str, channels.Channel]:
    """The posters to come by their ids, each with its channel."""
    return {
        poster_id(brief, name, variant): channels.channel(name)
        for name in brief.channels
        for variant in range(variants(brief, name))
    }


def variants(brief: Brief, name: str) -> int:
    """Posters for a channel: of the product alone, one is like another."""
    return brief.variants if channels.channel(name).texts else 1


def poster_id(brief: Brief, name: str, variant: int) -> str:
    """Name a poster: its channel, and its number where there are several."""
    return f"{name}-{variant + 1}" if variants(brief, name) > 1 else name
