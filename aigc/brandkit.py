"""What a brand asks of every campaign, and its language, checked before anything is made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from aigc.campaign import Brief

# Scripts that write a word's grammar beside it with no space, or no spaces at all.
_UNSPACED = re.compile(
    r"[\u0590-\u0dff\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def avoided(text: str, words: Iterable[str]) -> list[str]:
    """The words of a do-not-use list that a text holds, whatever their case.

    Whole words in Latin, Greek and Cyrillic; anywhere in scripts that do not part words so.
    """
    return [word for word in words if word and _pattern(word).search(text)]


def wrongs(brief: Brief) -> Iterator[str]:
    """Say a language or colour that is none, and each text that holds a word the brand avoids.

    A name or a text of the merchant's own that holds such a word is a contradiction that only the
    merchant can settle. Each begins with the field.
    """
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", brief.language):
        yield f"language = '{brief.language}': no language tag; write en, zh-CN, th, ar"
    brand = brief.brand
    for i, colour in enumerate(brand.colours):
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
            yield f"brand.colours.{i} = '{colour}': no colour; write it as #rrggbb"
    if not brand.avoid:
        return
    own = {"name": brief.name, "product": brief.product, "brand.name": brand.name}
    own |= {"discount": brief.discount, "coupon": brief.coupon}
    for field in ("features", "badges"):
        own |= {f"{field}.{i}": text for i, text in enumerate(getattr(brief, field))}
    for i, copy in enumerate(brief.texts):
        own |= {f"texts.{i}.{name}": text for name, text in copy.model_dump().items()}
    for name, edited in brief.edits.texts.items():
        words = edited.model_dump(include={"headline", "body", "cta"})
        own |= {f"edits.texts.{name}.{part}": text for part, text in words.items()}
    for field, text in own.items():
        for word in avoided(text, brand.avoid):
            yield (
                f"{field} = '{text}': holds '{word}', which brand.avoid forbids; change one of them"
            )


def check_files(brief: Brief) -> None:
    """Raise BriefError for a logo that is no picture and for a font that cannot be used."""
    from aigc._engines import brandfont
    from aigc.typeset import logos

    for field in ("logo", "logo_on_dark"):
        if path := getattr(brief.brand, field):
            logos.load(path, f"brand.{field}")
    if brief.brand.font:
        brandfont.load(brief.brand.font)


@lru_cache(1024)
def _pattern(word: str) -> re.Pattern[str]:
    plain = r"\s+".join(map(re.escape, word.split()))
    if _UNSPACED.search(word):
        return re.compile(plain, re.IGNORECASE)
    return re.compile(rf"(?<!\w){plain}(?!\w)", re.IGNORECASE)
