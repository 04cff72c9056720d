"""What the judge says of a poster, in the merchant's words."""

from __future__ import annotations

import re
from typing import NamedTuple

from aigc.campaign import Mark, Poster

from ..words import Say

_LEVELS = ("fail", "warn")


class Said(NamedTuple):
    """One thing that the judge found."""

    level: str  # fail or warn
    text: str


def said(say: Say, poster: Poster) -> list[Said]:
    """What is to be looked at, the worst first; empty where every check passes."""
    marks = poster.verdict.marks if poster.verdict else ()
    return [Said(level, _text(say, m)) for level in _LEVELS for m in marks if m.level == level]


def _text(say: Say, mark: Mark) -> str:
    """A check's sentence, with the parts of the poster that it is about."""
    try:
        return say(f"posters.mark_{mark.check}", what=_what(say, mark))
    except KeyError:  # a check that the page has no words for keeps its own
        return mark.remedy


def _what(say: Say, mark: Mark) -> str:
    """Name what a mark is about: its remedy begins with it, as `cta: margin 0.018 …`."""
    found = re.match(rf"(.*?): {re.escape(mark.check)} ", mark.remedy)
    names = re.split(r", | and ", found[1]) if found else [""]
    return say("posters.element_and").join(_element(say, name) for name in names)


def _element(say: Say, name: str) -> str:
    try:
        return say(f"posters.element_{name}")
    except KeyError:
        return name
