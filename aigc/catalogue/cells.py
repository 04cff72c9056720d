"""What a merchant means by a cell: a list in one string, 199.0, a day, a shop's HTML."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from html import unescape
from html.parser import HTMLParser
from typing import Any

LISTS = ("features", "channels", "badges", "texts", "brand.colours", "brand.avoid")
_PARTS = re.compile(r"[;；|\n\r]+")
_COMMAS = re.compile(r"[;；|\n\r,，、]+")  # where an item never holds a comma of its own
_COMMA_LISTS = ("channels", "badges", "brand.colours", "brand.avoid")
_ERROR = re.compile(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+[\d:.]+Z?)?")
_NUMBER = re.compile(r"\d[\d,.\u00a0 ]*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])")
_LONGEST = 200  # characters of one feature, as Brief has it
_MOST = 8  # features that a description gives; a list of the merchant's own is taken whole


def plain(value: Any) -> Any:
    """A cell as it reads: no 199.0, no midnight, None where it is empty."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return None  # how data frames write what is missing
        whole = value == int(value) and abs(float(value)) < 1e15
        return int(value) if whole else float(f"{value:.10g}")
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value


def unescaped(value: Any, escapes: Mapping[str, str]) -> Any:
    """A cell as it was before the exporter guarded it from spreadsheets, and replaced `escapes`."""
    if not escapes or not isinstance(value, str):
        return value
    if value[:1] == "'" and value[1:2] in ("=", "+", "-", "@"):
        value = value[1:]
    for written, meant in escapes.items():
        value = value.replace(written, meant)
    return value


def error(value: Any) -> str:
    """The error that a spreadsheet left in a cell, `#N/A`; empty where there is none."""
    found = _ERROR.fullmatch(value) if isinstance(value, str) else None
    return found[0] if found else ""


def meant(field: str, value: Any, currency: str = "", *, html: bool = False) -> Any:
    """What a cell says of a field: lists from one string, prices and days as they are printed.

    `html`: texts may hold tags and entities, and a description stands for the features.
    """
    if field == "features" and html and isinstance(value, str):
        return points(value)
    if field in LISTS:
        return listed(field, value)
    if html and isinstance(value, str):
        value = unescape(value)
    if field == "product" and isinstance(value, str) and (html or ">" in value):
        return kind(value, "/>|" if html else ">")
    if field in ("price", "was"):
        return money(value, currency)
    if field == "date" and isinstance(value, str):
        found = _DAY.fullmatch(value)
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else value
    return value


def kind(category: str, marks: str = ">") -> str | None:
    """What a product is, by the last part of its category; None where that is no word for one.

    `Kitchen > Mugs` is mugs to a shopper; of `Home & Living` no sentence can be made.
    """
    last = re.split(f"[{marks}]", category)[-1].strip()
    return last if last and not re.search(r"[&,;+]", last) else None


def listed(field: str, value: Any) -> Any:
    """A list from JSON, or from items that stand between `;`, `|` or line ends."""
    if not isinstance(value, str):
        return value
    if value.startswith(("[", "{")):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            pass  # brackets of the merchant's own
        else:
            return found if isinstance(found, list) else [found]
    if field == "features" and ("<" in value or len(value) > _LONGEST):
        return points(value)
    items = (_COMMAS if field in _COMMA_LISTS else _PARTS).split(value)
    return [item for each in items if (item := each.strip().lstrip("•·▪*").strip())]


def points(text: str) -> list[str]:
    """The selling points of a description: its bullets, else its first sentences."""
    if not _PARTED.search(text):
        text = text.replace("\n", "<br>")  # as WordPress shows it, and as plain text is meant
    reader = _Reader()
    reader.feed(text)
    reader.close()
    bullets, blocks = reader.found()
    if bullets:
        return [each for each in bullets if len(each) <= _LONGEST][:_MOST]
    said = [each.strip() for block in blocks for each in _SENTENCE.split(block)]
    return [each for each in said if 3 < len(each) <= _LONGEST][:_MOST]


def number(value: Any) -> Decimal | None:
    """The amount of a price that is a bare number, whichever mark stands before its cents."""
    text = str(value).strip()
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        return None
    text = re.sub(r"[\u00a0 ]", "", text)
    cents = re.search(r"[.,](\d{1,2})$", text)
    whole = re.sub(r"[.,]", "", text[: cents.start()] if cents else text)
    try:
        return Decimal(f"{whole}.{cents[1]}" if cents else whole)
    except InvalidOperation:
        return None


def money(value: Any, currency: str = "") -> Any:
    """A price as it is printed: 199.0 and `$` make $199; what is no bare number stays."""
    if number(value) is None:
        return value
    if isinstance(value, float):
        value = f"{value:.2f}" if round(value, 2) == value else str(value)
    text = re.sub(r"[.,]0{1,2}$", "", str(value).strip())
    if "{}" in currency:
        return currency.replace("{}", text)
    # A code or a word stands behind the amount, a sign before it.
    return f"{text} {currency}" if currency.isalpha() and currency.isascii() else currency + text


_BLOCKS = {
    "p", "div", "br", "li", "ul", "ol", "tr", "td", "th", "table", "section", "h1", "h2", "h3",
    "h4", "h5", "h6",
}  # fmt: skip
_PARTED = re.compile(r"<(p|br|div|li|ul|ol|tr|h\d)\b", re.IGNORECASE)
_UNSEEN = ("script", "style", "head", "template")


class _Reader(HTMLParser):
    """The bullets of a description, and its blocks of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._bullets: list[str] = []
        self._blocks: list[str] = []
        self._now: list[str] = []
        self._unseen = 0
        self._in_bullet = False

    def found(self) -> tuple[list[str], list[str]]:
        """All that was read."""
        self._end()
        return self._bullets, self._blocks

    def handle_starttag(self, tag: str, _attributes: Any) -> None:
        """Begin a block, or what is not shown."""
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self._end()
            self._in_bullet = tag == "li" or (self._in_bullet and tag not in ("ul", "ol"))

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self._end()
            self._in_bullet = self._in_bullet and tag not in ("li", "ul", "ol")

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._unseen:
            self._now.append(data)

    def _end(self) -> None:
        text = " ".join("".join(self._now).split())
        self._now.clear()
        if text:
            (self._bullets if self._in_bullet else self._blocks).append(text)
