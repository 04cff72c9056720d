"""Finds our creatives' ids in what an ad platform says of an ad: its name, its link, its id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

# A campaign's id ends in eight hexadecimal digits; a dot, and a poster's or a copy's id follows.
_ID = re.compile(r"-[0-9a-f]{8}(?=\.([a-z0-9]+(?:-+[a-z0-9]+)*))")
_SLUG = "abcdefghijklmnopqrstuvwxyz0123456789-"


def known(outputs: str | Path) -> dict[str, frozenset[str]]:
    """The finished campaigns in a folder: their ids, and those of their posters and copies."""
    found = {}
    for path in sorted(Path(outputs).glob("*/campaign.json")):
        try:
            campaign = json.loads(path.read_text("utf-8"))
            parts = [each["id"] for field in ("posters", "copies") for each in campaign[field]]
            found[str(campaign["id"])] = frozenset(map(str, parts))
        except (OSError, ValueError, LookupError, TypeError):
            continue  # damaged: `aigc show` says so; its rows count as unknown
    return found


class Finder:
    """Finds a creative's id anywhere in a text: `Autumn | teapot-1a2b3c4d.taobao-main | v2`."""

    def __init__(self, campaigns: Mapping[str, frozenset[str]]) -> None:
        self.campaigns = campaigns
        self.find = lru_cache(1 << 16)(self._find)

    def knows(self, creative: str) -> bool:
        """Whether it is a part of a campaign that is there."""
        campaign, _, part = creative.partition(".")
        return part in self.campaigns.get(campaign, ())

    def _find(self, text: str) -> str:
        """Give the id, one of a campaign that is there for preference, or "" for none."""
        guess = ""
        for campaign, part in _ids(unquote(text).lower()):
            for name in _tails(campaign):
                parts = [each for each in self.campaigns.get(name, ()) if _heads(part, each)]
                if parts:
                    return f"{name}.{max(parts, key=len)}"
            guess = guess or f"{campaign}.{part}"
        return guess


def _ids(text: str) -> Iterator[tuple[str, str]]:
    """Campaign and part of each id; in linear time, for a text may be a link of any length."""
    for found in _ID.finditer(text):
        before = text[: found.start()]
        slug = before[len(before.rstrip(_SLUG)) :].lstrip("-")
        if slug:
            yield slug + found[0], found[1]


def _tails(name: str) -> list[str]:
    """`autumn-teapot-1a2b3c4d`, then without what an ad's name may have before it."""
    words = name.split("-")
    return ["-".join(words[start:]) for start in range(len(words) - 1)]


def _heads(part: str, known_part: str) -> bool:
    return part == known_part or part.startswith(f"{known_part}-")
