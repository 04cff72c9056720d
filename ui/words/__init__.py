"""The page's words, a folder a language and a file a part of the page."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}
TAGS = {"en": "en", "zh": "zh-CN"}  # as browsers write them
Say = Callable[..., str]  # say("form.name"), say("live.ahead", count=3)


@cache
def all_words(language: str) -> dict[str, str]:
    """Every sentence of a language by `part.key`, its blanks in braces."""
    files = sorted((Path(__file__).parent / language).glob("*.toml"))
    parts = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in files}
    return {f"{part}.{key}": text for part, words in parts.items() for key, text in words.items()}


def speaker(language: str) -> Say:
    """Give what finds a sentence by its key and fills its blanks."""
    words = all_words(language)

    def say(key: str, **blanks: object) -> str:
        return words[key].format(**blanks)

    return say
