"""What becomes of a merchant's text before it is set."""

from __future__ import annotations

import pytest

from aigc import events
from aigc.errors import BriefError
from aigc.typeset import breaks, words
from aigc.typeset.faces import glyphs


def cleaned(text: str) -> str:
    return words.clean(text, "copy.headline", glyphs())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Sun 🌞 tea 🍵", "Sun tea"),
        ("夏日👩‍👩‍👧特惠", "夏日特惠"),
        ("  two\n lines\t", "two lines"),
        ("cafe\u0301", "café"),
        ("ab\u0000c\u202ed", "abcd"),
        ("شاي أخضر", "شاي أخضر"),
        ("Чай 한국 ひらがな", "Чай 한국 ひらがな"),
    ],
)
def test_drops_only_what_harms_nobody(text: str, kept: str) -> None:
    assert cleaned(text) == kept


def test_says_which_pictures_it_left_out() -> None:
    heard: list[str] = []
    with events.listening(lambda event: heard.append(event.message)):
        cleaned("tea 🍵")
    assert heard == ["copy.headline: left out 🍵, in no font"]


def test_names_a_letter_that_no_font_has() -> None:
    with pytest.raises(
        BriefError, match=r"copy\.headline = 'tea က'.*U\+1000 MYANMAR LETTER KA.*Thai, Devanagari"
    ):
        cleaned("tea က")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("¥199", ("¥", "199", "", "")),
        ("$1,299.50", ("$", "1,299", ".50", "")),
        ("19,90 €", ("", "19", ",90", "€")),
        ("US$ 20", ("US$", "20", "", "")),
        ("99元起", ("", "99", "", "元起")),
        ("free", ("", "free", "", "")),
        ("NT$1,290", ("NT$", "1,290", "", "")),
        ("١٬٢٩٩٫٥٠ ر.س", ("", "١٬٢٩٩", "٫٥٠", "ر.س")),
        ("2 for $30", ("", "2 for $30", "", "")),
    ],
)
def test_parts_a_price(text: str, parts: tuple[str, str, str, str]) -> None:
    assert tuple(words.price(text).values()) == parts


def test_holds_names_and_clauses_together() -> None:
    flow = breaks.flowing("青瓷茶壶，一壶知春的好日子慢慢来", ["青瓷茶壶"])
    assert breaks.JOINER.join("青瓷茶壶") in flow["flow"]
    assert flow["clauses"] == ["青瓷茶壶", "一壶知春的好日子慢慢来"]
    assert breaks.JOINER.join("一壶知春的好日子慢慢来") in flow["kept"]


def test_leaves_no_short_word_alone() -> None:
    assert breaks.flowing("Ready when you are")["flow"].endswith(f"you{breaks.STICKY_SPACE}are")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A hairdryer for every day", ["A hairdryer", "for every day"]),
        ("A sofa and the morning light", ["A sofa and the", "morning light"]),
        ("You, me and a camera", ["You, me", "and a camera"]),
        ("Carry less", ["Carry less"]),
        ("轻装出发随心远行", ["轻装出发随心远行"]),
    ],
)
def test_halves_a_headline_without_clauses(text: str, lines: list[str]) -> None:
    flow = breaks.flowing(text)
    assert flow["clauses"] == lines
    assert flow["halved"] == (len(lines) > 1)


def test_lets_an_endless_word_break() -> None:
    assert breaks.flowing("a" * 40)["tokens"] == ["a"]
