"""The small parts of a score."""

from __future__ import annotations

import numpy as np
import pytest

from aigc.campaign import Brief, Copy
from aigc.channels import TextLimits
from aigc.rank import features
from aigc.rank.colours import agreement, named_colours, shares
from aigc.rank.compliance import DOUBTFUL, compliance, facts
from aigc.rank.language import in_english, script, sentences

BRIEF = Brief(
    name="Celadon teapot",
    photo="teapot.jpg",
    features=("holds 1,200 ml", "stoneware body"),
    price="¥199",
)
KNOWN = facts(BRIEF, None)
LIMITS = TextLimits(headline=30, body=80, cta=16)


def _copy(headline: str, body: str, cta: str) -> Copy:
    return Copy(id="c", headline=headline, body=body, cta=cta, hashtags=(), source="test")


@pytest.mark.parametrize("word", ["国家级", "最高级", "最佳"])
def test_words_of_the_statute_block(word: str) -> None:
    verdict = compliance(f"{word}茶壶", None)
    assert verdict.value == 0
    assert word in verdict.why


@pytest.mark.parametrize(
    "text",
    [
        "Holds 1200 ml of tea.",
        "Holds 1,200 ml. Yours for ¥199.",
        "A stoneware teapot for two.",
        "一只茶壶，一个人的下午。",
    ],
)
def test_what_the_brief_holds_may_be_said(text: str) -> None:
    assert compliance(text, KNOWN).value == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Holds 1500 ml.", "1500"),
        ("A porcelain teapot.", "porcelain"),
        ("Made in Italy.", "made in"),
        ("An award-winning shape.", "award"),
        ("Now with free shipping!", "free shipping"),
        ("今天下单打八折", "八折"),
        ("景德镇茶壶", "景德镇"),
    ],
)
def test_claims_absent_from_the_brief_block(text: str, named: str) -> None:
    verdict = compliance(text, KNOWN)
    assert verdict.value == 0
    assert named in verdict.why


def test_customary_superlatives_lower_but_do_not_block() -> None:
    assert compliance("The best teapot.", KNOWN).value == DOUBTFUL
    assert compliance("Bestow it on a friend.", KNOWN).value == 1  # whole words only
    assert compliance("全网第一的茶壶", KNOWN).value == DOUBTFUL


def test_without_a_brief_claims_pass_and_superlatives_are_a_warning() -> None:
    for text in ("A new classic: sweet, organic, made in Italy, 400 ml.", "景德镇茶壶，包邮"):
        assert compliance(text, None) == (1.0, "")
    value, why = compliance("The best teapot.", None)
    assert value == 1
    assert "the best" in why


def test_chinese_clauses_are_judged_by_rules() -> None:
    from aigc.rank.features import clauses

    assert clauses("一只茶壶，一个人的下午。") == 1
    assert clauses("的茶壶一只，一个人的下午。") == 0.5
    assert clauses("好好好，了的茶") == 0
    assert clauses("，。") == 0


def test_coverage_counts_words_and_paraphrase() -> None:
    from aigc._engines import encoder

    listed = ("keeps drinks hot for hours", "fits a car cup holder")

    def covered(text: str) -> float:
        cosines = encoder.encode(listed) @ encoder.encode(sentences(text)).T
        return features.coverage(listed, text, cosines)

    both = covered("Your coffee stays warm all day. It sits in the cup holder of your car.")
    one = covered("Your coffee stays warm all day. A gift for you.")
    none = covered("A bright colour for a bright day.")
    assert both > one > none
    assert none == 0
    assert features.coverage(listed, "Keeps drinks hot for hours; fits a car cup holder.") == 1


def test_chinese_coverage_goes_by_characters() -> None:
    listed = ("容量四百毫升", "双层隔热")
    assert features.coverage(listed, "双层隔热，不烫手") == pytest.approx(0.5)
    assert features.coverage(listed, "清晨的光") == 0


def test_length_falls_beyond_the_limit_and_when_nearly_empty() -> None:
    good = features.length(_copy("A teapot for two", "x" * 60, "Shop now"), LIMITS)
    long = features.length(_copy("A teapot for two", "x" * 96, "Shop now"), LIMITS)
    short = features.length(_copy("Tea", "x" * 60, "Shop now"), LIMITS)
    wide = features.length(_copy("茶" * 16, "x" * 60, "Shop now"), LIMITS)
    assert good == pytest.approx(1)
    assert long < good
    assert short < good
    assert wide < good  # 16 Chinese characters are 32 columns


def test_tone_prefers_its_own_marks() -> None:
    sale = "Order today and save! Limited offer, don't miss it."
    poem = "A quiet morning, soft light, the hush of rain."
    assert features.tone(sale, "promotional", "en") > features.tone(poem, "promotional", "en")
    assert features.tone(poem, "poetic", "en") > features.tone(sale, "poetic", "en")
    assert features.tone("限时优惠，立即抢", "promotional", "zh") > 0.5
    assert features.tone("限时优惠，立即抢", "poetic", "zh") < 0.5
    assert features.tone("A mug.", "fun", "en") == 0.5


def test_duplicates_lose_distinctness() -> None:
    texts = ["A mug for slow mornings.", "A mug for slow mornings!", "Run lighter, run farther."]
    first, second, third = features.distinctness(texts)
    assert first == second == 0
    assert third == 1
    assert features.distinctness(texts[:1]) == [1]


def test_colour_words_are_checked_against_the_product() -> None:
    pixels = np.full((40, 40, 3), 255, np.uint8)
    pixels[10:30, 10:30] = (200, 20, 30)
    product = np.zeros((40, 40), np.uint8)
    product[10:30, 10:30] = 255
    seen = shares(pixels, product)
    assert agreement("A red mug", seen) > 0.9
    assert agreement("一只红色的杯子", seen) > 0.9
    assert agreement("A blue mug", seen) < -0.5
    assert agreement("A mug", seen) == 0
    assert named_colours("dark green and navy blue") == ["dark green", "navy"]


def test_scripts_and_chinese_goods() -> None:
    assert script("T恤 new 上新") == "zh"
    assert script("Celadon teapot") == "en"
    assert script("شاي 🍵 123") == "other"
    assert in_english("这款跑步鞋配双肩包") == "running shoes, backpack"
    assert in_english("清晨的光") is None
