"""The merchant's own texts as candidates, the words a brand avoids, and the brand's tone."""

from __future__ import annotations

import pytest
from test_copywrite_builtin import GRAMMAR, TONES, request

from aigc import prompts
from aigc.brandkit import avoided
from aigc.copywrite import own
from aigc.errors import BriefError

TEXTS = [
    {"headline": "เดินทางเบาสบาย", "body": "ช่องเก็บของกว้าง", "cta": "ช้อปเลย"},
    {"headline": "ไปได้ไกลกว่าเดิม"},
]


def test_own_texts_come_first_as_they_are() -> None:
    copies = GRAMMAR.write(
        [request(texts=({"headline": "My Pot!", "body": "It pours.", "cta": "Buy"},))]
    )[0]
    first, *rest = copies
    assert (first.headline, first.body, first.cta) == ("My Pot!", "It pours.", "Buy")
    assert first.source == own.SOURCE
    assert len(rest) >= 8
    assert all(copy.source != own.SOURCE for copy in rest)
    assert len({copy.id for copy in copies}) == len(copies)


@pytest.mark.parametrize("language", ["th", "ar", "ja", "ko", "hi", "zh-TW", "fr"])
def test_another_language_needs_texts_and_takes_them(language: str) -> None:
    copies = GRAMMAR.write([request(language=language, texts=TEXTS, name="กระเป๋าเป้")])[0]
    assert [copy.headline for copy in copies] == [text["headline"] for text in TEXTS]
    assert copies[1].cta == ""  # nothing is made up in a language that is not known
    with pytest.raises(BriefError, match=rf"language = '{language}'.*`texts`.*aigc backends"):
        GRAMMAR.write([request(language=language)])


@pytest.mark.parametrize("word", ["you", "shop"])
def test_no_copy_holds_an_avoided_word(word: str) -> None:
    held = 0
    for tone in TONES:
        for copy in GRAMMAR.write([request(tone=tone)])[0]:
            held += bool(avoided(f"{copy.headline} {copy.body} {copy.cta}", (word,)))
        for copy in GRAMMAR.write([request(tone=tone, brand={"avoid": [word]})])[0]:
            whole = " ".join((copy.headline, copy.body, copy.cta, *copy.hashtags))
            assert avoided(whole.replace("#", " "), (word,)) == []
    assert held  # else this test says nothing


def test_avoiding_everything_is_named() -> None:
    calls = prompts.table("copywrite/en.toml")["cta"]["promotional"]
    with pytest.raises(BriefError, match=r"brand\.avoid = .*leaves no text.*`texts`"):
        GRAMMAR.write([request(brand={"avoid": calls})])


def test_the_brands_tone_is_the_one_that_is_written() -> None:
    told, poetic, fun = (
        [copy.headline for copy in GRAMMAR.write([request(**brief)])[0]]
        for brief in (
            {"tone": "fun", "brand": {"tone": "poetic"}},
            {"tone": "poetic"},
            {"tone": "fun"},
        )
    )
    assert told == poetic
    assert told != fun


def test_tags_keep_the_marks_of_their_letters() -> None:
    assert own.hashtags(("हल्का बैग", "กระเป๋าเป้", "trail pack 2", "42")) == (
        "#हल्काबैग",
        "#กระเป๋าเป้",
        "#TrailPack2",
    )
