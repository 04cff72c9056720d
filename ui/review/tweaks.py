"""What the posters' buttons and fields change in a campaign's edits; none is trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from aigc.campaign import Edits, Poster, Tweak
from aigc.errors import BriefError
from aigc.revise import layouts, locked
from aigc.styles import all_styles

from .work import Work

_SEEDS = 2**32
_MOVES = {"product_x": ("product", 0), "product_y": ("product", 1), "text_x": ("text", 0)} | {
    "text_y": ("text", 1)
}


def change(work: Work, edits: Edits, told: Mapping[str, Any]) -> Edits | None:
    """Give the edits after an event of the posters; None where it is none of theirs.

    Raises BriefError for a poster, a name or a number that cannot be.
    """
    do = told.get("do")
    if do == "style":
        style = _one_of("style", told.get("value"), ["auto", *all_styles()])
        return _all(edits, {"style": style}, {"style": ""})
    if do == "backdrops":
        return _all(edits, {"seed": _unused(work, edits)}, {"seed": None})
    deeds: dict[Any, Callable[[Work, Edits, Poster, Tweak, Any], Tweak]] = {
        "tweak": _tweaked,
        "again": _again,
        "reset": lambda _work, _edits, _poster, tweak, _told: Tweak(locked=tweak.locked),
        "keep": _kept,
    }
    if not isinstance(do, str) or do not in deeds:
        return None
    poster = _poster(work, told.get("poster"))
    tweak = deeds[do](work, edits, poster, edits.posters.get(poster.id, Tweak()), told)
    return edits.model_copy(update={"posters": _without_plain({**edits.posters, poster.id: tweak})})


def _all(edits: Edits, update: Mapping[str, Any], freed: Mapping[str, Any]) -> Edits:
    """Change all posters but the locked ones; what one had of its own, it has no more."""
    posters = {
        name: tweak if tweak.locked else tweak.model_copy(update=freed)
        for name, tweak in edits.posters.items()
    }
    return edits.model_copy(update={**update, "posters": _without_plain(posters)})


def _without_plain(posters: Mapping[str, Tweak]) -> dict[str, Tweak]:
    """In the order of their names, so that the same edits are written the same."""
    return {name: posters[name] for name in sorted(posters) if posters[name] != Tweak()}


def _tweaked(work: Work, _edits: Edits, poster: Poster, tweak: Tweak, told: Any) -> Tweak:
    """Take over the fields that were changed; the others stay."""
    fields = told.get("fields")
    if not isinstance(fields, Mapping):
        raise BriefError("poster: nothing is said of what to change; press Apply again")
    new: dict[str, Any] = {"product": list(tweak.product), "text": list(tweak.text)}
    for name, given in fields.items():
        if name in _MOVES:
            side, axis = _MOVES[name]
            new[side][axis] = _number(name, given, -100, 100) / 100
        elif name == "scale":
            new["scale"] = _number(name, given, 50, 200, 100) / 100
        elif name == "copy_id":
            new["copy_id"] = _one_of(name, given, [each.id for each in work.campaign.copies])
        elif name == "layout":
            new["layout"] = _one_of(name, given, layouts(work.campaign, poster.id))
        elif name == "style":
            new["style"] = _one_of(name, given, all_styles())
        else:
            raise BriefError(f"poster: no field '{str(name)[:40]}'; reload the page")
    moved = any((*new["product"], *new["text"])) or new.get("scale", tweak.scale) != 1
    if moved and not new.get("layout", tweak.layout):
        # Else the first layout that is chosen would be moved, not the one the judge fell back to.
        new["layout"] = poster.layout if poster.layout in layouts(work.campaign, poster.id) else ""
    return Tweak.model_validate({**tweak.model_dump(), **new})


def _again(work: Work, edits: Edits, _poster: Poster, tweak: Tweak, _told: Any) -> Tweak:
    return tweak.model_copy(update={"seed": _unused(work, edits)})


def _kept(work: Work, edits: Edits, poster: Poster, tweak: Tweak, told: Any) -> Tweak:
    """Locked with all that it has now; let go, it has that until all posters change."""
    if told.get("value") != "1":
        return tweak.model_copy(update={"locked": False})
    brief = work.campaign.brief.model_copy(update={"edits": edits})
    return locked(work.campaign.model_copy(update={"brief": brief}), poster.id)


def _unused(work: Work, edits: Edits) -> int:
    """A seed that no poster has."""
    own = [tweak.seed for tweak in edits.posters.values()]
    seeds = [work.campaign.brief.seed, *(each for each in (edits.seed, *own) if each is not None)]
    return (max(seeds) + 1) % _SEEDS


def _poster(work: Work, given: Any) -> Poster:
    for poster in work.campaign.posters:
        if poster.id == given:
            return poster
    raise BriefError(f"poster '{str(given)[:80]}': this campaign has none; reload the page")


def _one_of(what: str, given: Any, known: Any) -> str:
    """A name that is known, or none at all."""
    if isinstance(given, str) and (not given or given in known):
        return given
    raise BriefError(f"{what} '{str(given)[:80]}': this poster cannot take it; reload the page")


def _number(what: str, given: Any, least: float, most: float, empty: float = 0.0) -> float:
    """A number that was typed; an empty field means none."""
    if given == "":
        return empty
    try:
        number = float(given) if isinstance(given, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(given, bool) or not least <= number <= most:  # NaN is neither
        raise BriefError(f"{what} '{str(given)[:40]}': take a number from {least:g} to {most:g}")
    return round(number, 3)
