"""The product's noun and the form of its features are told from their words."""

import pytest

from aigc.copywrite.words import find_noun, form, is_plain, language, with_article
from tests.copywrite.test_copywrite_builtin import request


@pytest.mark.parametrize(
    ("name", "word", "number", "category", "chinese"),
    [
        ("Starter Yoga Bag, Iron Grey", "yoga bag", "singular", "bags", "瑜伽包"),
        ("RunX Running Shoe", "running shoes", "plural", "shoes", "跑鞋"),
        ("Camera Lens", "camera lens", "singular", "electronics", "镜头"),
        ("God Morgon Apple Juice", "apple juice", "mass", "food", "苹果汁"),
        ("Boxing Gloves", "boxing gloves", "plural", "sport", "拳击手套"),
        ("rc car", "RC car", "singular", "toys", "遥控车"),
        ("青瓷茶壶", "", "singular", "drinkware", "茶壶"),
        ("Zorblax", "zorblax", "singular", "generic", ""),
    ],
)
def test_noun_of_a_name(name: str, word: str, number: str, category: str, chinese: str) -> None:
    one = request(name=name)
    assert find_noun(one.brief, one.caption, "en") == (word, category, number)
    assert find_noun(one.brief, one.caption, "zh-CN").word == chinese


def test_the_photo_helps_where_the_brief_is_silent() -> None:
    one = request(name="🎁", word="sandal")
    assert find_noun(one.brief, one.caption, "en").word == "sandals"
    assert find_noun(one.brief, one.caption, "zh-CN").word == "凉鞋"


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("holds 400 ml", "verb"),
        ("double wall", "noun"),
        ("two zippered compartments", "noun"),
        ("hand-glazed", "adjective"),
        ("made of oak", "adjective"),
        ("The lid stays on", "sentence"),
        ("soft and warm", "other"),
        ("dishwasher safe", "other"),
        ("双层杯壁", "foreign"),
    ],
)
def test_form_of_a_feature(feature: str, expected: str) -> None:
    assert form(feature, "en") == expected


def test_articles() -> None:
    phrases = ["double wall", "umbrella handle", "LED spotlight", "two pockets", "stitching"]
    assert [with_article(phrase) for phrase in phrases] == [
        "a double wall", "an umbrella handle", "an LED spotlight", "two pockets", "stitching",
    ]  # fmt: skip


def test_plain_names_and_languages() -> None:
    assert is_plain("Crème & Co. 2", "en")
    assert not is_plain("茶壶", "en")
    assert is_plain("RunX 跑鞋", "zh-CN")
    assert not is_plain("Gift 🎁", "en")
    assert not is_plain("إبريق", "zh-CN")
    assert [language(name) for name in ("zh", "zh_CN", "EN", "en-US")] == [
        "zh-CN", "zh-CN", "en", "en",
    ]  # fmt: skip
