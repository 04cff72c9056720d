"""The merchant's own texts as candidates, in any language."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from aigc.campaign import Brief, Copy
from aigc.channels import columns

SOURCE = "own"
LONGEST_TAG = 24  # columns
MOST_TAGS = 5


def copies(brief: Brief) -> list[Copy]:
    """The brief's own texts, word for word, in their order."""
    tags = hashtags((brief.product, brief.name, brief.brand.name))
    return [
        Copy(id=f"own{number + 1:02d}", source=SOURCE, hashtags=tags, **text.model_dump())
        for number, text in enumerate(brief.texts)
    ]


def hashtags(names: Iterable[str]) -> tuple[str, ...]:
    """Up to five tags of names: words run together, each with a capital; marks stay on letters."""
    made: dict[str, str] = {}
    for name in names:
        kept = "".join(" " if _parts(each) else each for each in name if each not in "'’")
        tag = "".join(part[:1].upper() + part[1:] for part in kept.split())
        if tag and not tag.isdigit() and columns(tag) <= LONGEST_TAG:
            made.setdefault(tag.casefold(), f"#{tag}")
    return tuple(made.values())[:MOST_TAGS]


def _parts(character: str) -> bool:
    return character != "_" and unicodedata.category(character)[0] not in "LMN"
