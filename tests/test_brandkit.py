"""Words that a brand does not use, and languages that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc import brandkit, brief
from aigc.campaign import Brand, Brief
from aigc.errors import BriefError

LEAST: dict[str, Any] = {"name": "Mug", "photo": "mug.jpg"}


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("A CHEAP mug", "cheap", True),
        ("Cheapest mug", "cheap", False),  # another word
        ("dirt-cheap", "cheap", True),
        ("low  price", "low price", True),
        ("Дешёвая кружка", "дешёвая", True),
        ("全网最便宜的杯子", "便宜", True),
        ("ถูกที่สุดในตลาด", "ถูก", True),
        ("والأرخص", "الأرخص", True),
        ("mug", "", False),
    ],
)
def test_finds_words_whole_and_characters_anywhere(text: str, word: str, found: bool) -> None:
    assert brandkit.avoided(text, (word,)) == ([word] if found else [])


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", "Cheap Mug", "name"),
        ("features", ["a cheap one"], r"features\.0"),
        ("coupon", "CHEAP 10", "coupon"),
        ("texts", [{"headline": "Mug", "body": "So cheap."}], r"texts\.0\.body"),
    ],
)
def test_names_ones_own_text_that_holds_an_avoided_word(field: str, value: Any, named: str) -> None:
    with pytest.raises(BriefError, match=rf"{named} = .*holds 'cheap', which brand\.avoid"):
        brief.make(LEAST | {field: value, "brand": {"avoid": ["cheap"]}})


@pytest.mark.parametrize("language", ["thai", "e", "en us", "英文"])
def test_names_a_language_that_is_none(language: str) -> None:
    with pytest.raises(BriefError, match=rf"language = '{language}': no language tag; write en"):
        brief.make(LEAST | {"language": language})


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g"])
def test_names_a_colour_that_is_none(colour: str) -> None:
    with pytest.raises(BriefError, match=rf"brand\.colours\.1 = '{colour}': no colour"):
        brief.make(LEAST | {"brand": {"colours": ["#aa0000", colour]}})


def test_the_brands_tone_outweighs_the_briefs() -> None:
    made = Brief(**LEAST, tone="fun", brand=Brand(tone="poetic"))
    assert made.voice == "poetic"
    assert Brief(**LEAST, tone="fun").voice == "fun"


def test_checks_the_brands_files_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_text("no picture")
    for field, name in (("logo", "logo.png"), ("logo_on_dark", "gone.png"), ("font", "gone.ttf")):
        brand = Brand(**{field: str(tmp_path / name)})
        with pytest.raises(BriefError, match=rf"brand\.{field} = '.*{name}'"):
            brandkit.check_files(Brief(**LEAST, brand=brand))
