"""Reads finished posters back: whether they say what they were told to say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from aigc.campaign import Box, Pixels, Verdict, pixel_box
from aigc.typeset.judge import Case, pixels_of
from aigc.typeset.judge.checks import letters
from aigc.typeset.judge.parts import parts
from aigc.typeset.judge.rules import mark

LEAST = 16.0  # px: smaller type is read by people who know the words, not by machines
_SCRIPTS = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "DIGIT", "FULLWIDTH")


def read_back(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Add the mark `ocr` to each poster whose texts are 16 px or more and can be read at all."""
    return [_read(case, verdict) for case, verdict in zip(cases, verdicts, strict=True)]


def _read(case: Case, verdict: Verdict) -> Verdict:
    agreed = agreement(case)
    if agreed is None:
        return verdict
    share, worst = agreed
    return verdict.model_copy(update={"marks": (*verdict.marks, mark("ocr", share, worst))})


def agreement(case: Case) -> tuple[float, str] | None:
    """Share of the texts' letters that are read as they were set, and what was read worst.

    None where no text is large enough, or none is in a script that the reader knows.
    """
    from aigc._engines import ocr

    poster = case.poster
    picture = pixels_of(poster)
    if picture is None or not poster.texts:
        return None
    boxes = parts(poster).texts
    right = total = 0
    worst, least = "", 1.0
    for name, text in poster.texts.items():
        said = letters(text)
        size = poster.sizes.get(name, 0.0)
        if name not in boxes or size < LEAST or not said or not readable(said):
            continue
        read = letters(ocr.read(_crop(picture, boxes[name], size, _outlined(name)), size))
        if name in ("price", "was") and re.search(
            r"\d", said
        ):  # a small $ or ¥ looks like an S or a v
            said, read = (re.sub(r"\D", "", each) for each in (said, read))
        same = max(len(said) - distance(said, read), 0)
        right, total = right + same, total + len(said)
        if same / len(said) < least:
            worst, least = f"{name} reads '{read}'", same / len(said)
    return (right / total, worst) if total else None


def readable(text: str) -> bool:
    """Whether every letter is of a script that the reader knows."""
    return all(unicodedata.name(letter, "").startswith(_SCRIPTS) for letter in text)


def distance(one: str, other: str) -> int:
    """Least number of letters to put in, leave out or change (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, another in enumerate(other, 1):
            change = before + (letter != another)
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, change)
    return row[-1]


def _outlined(name: str) -> bool:
    """Whether a text's box has an outline, which looks like brackets and figures."""
    return name == "coupon" or name.startswith("badge")


def _crop(picture: Pixels, box: Box, size: float, outlined: bool) -> Pixels:
    left, top, right, bottom = pixel_box(box, (picture.shape[1], picture.shape[0]))
    pad = round((-0.4 if outlined else 0.35) * size)
    return picture[max(top - pad, 0) : bottom + pad, max(left - pad, 0) : right + pad]
