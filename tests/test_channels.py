"""Channels: what they take, what they refuse, and how one is found."""

from typing import get_args

import pytest

from aigc.channels import Market, all_channels, channel, columns, strictest, widest
from aigc.cli_lists import MARKETS
from aigc.errors import BriefError

SCREENS = [row for row in all_channels().values() if row.print is None]
# What the platforms publish: size in pixels, most bytes.
PUBLISHED = {
    "pinduoduo-carousel": ((750, 750), 1_000_000),
    "pinduoduo-banner": ((750, 352), 100_000),
    "xiaohongshu": ((1242, 1660), None),
    "wechat-moments": ((800, 800), 300_000),
    "youtube-thumbnail": ((1280, 720), 2_000_000),
    "google-landscape": ((1200, 628), 5_120_000),
    "google-square-600": ((600, 600), 5_120_000),
    "shopify": ((2048, 2048), 20_000_000),
    "pinterest": ((1000, 1500), 20_000_000),
    "iab-rectangle": ((300, 250), 150_000),
    "iab-large-rectangle": ((336, 280), 150_000),
    "iab-leaderboard": ((728, 90), 150_000),
    "iab-billboard": ((970, 250), 150_000),
    "iab-skyscraper": ((160, 600), 150_000),
    "iab-half-page": ((300, 600), 150_000),
    "iab-mobile": ((320, 50), 150_000),
    "iab-mobile-large": ((320, 100), 150_000),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_are_kept(name: str) -> None:
    size, most = PUBLISHED[name]
    row = channel(name)
    assert row.size == size
    assert most is None or row.max_bytes <= most


def test_there_are_many_and_those_of_one_platform_stand_together() -> None:
    assert len(SCREENS) >= 45
    platforms = [row.platform for row in all_channels().values()]
    runs = [one for one, before in zip(platforms, ["", *platforms], strict=False) if one != before]
    assert len(runs) == len(set(runs))
    assert {row.market for row in SCREENS} == set(get_args(Market)) == set(MARKETS)
    assert all(columns(row.title) <= 44 for row in SCREENS)


def test_main_pictures_of_marketplaces_take_the_product_alone() -> None:
    bare = {row.name for row in SCREENS if not row.texts}
    assert bare >= {"amazon-main", "jd-main", "taobao-white", "pinduoduo-main", "ebay", "lazada"}
    assert bare >= {"tiktok-shop", "pinduoduo-banner"}
    amazon = channel("amazon-main")
    assert min(amazon.size) >= 1600
    assert amazon.fill >= 0.85
    for name in bare:
        row = channel(name)
        assert row.background == "white"
        assert not any(row.allows(element) for element in ("headline", "price", "logo", "link"))


def test_no_marketplace_of_china_lets_a_code_lead_away() -> None:
    shops = [row for row in SCREENS if row.market == "china"]
    assert len(shops) >= 15
    assert not any(row.allows("link") for row in shops)
    assert channel("taobao-main").allows("headline")
    assert channel("instagram-square").allows("link")


def test_stories_keep_clear_of_the_apps_buttons() -> None:
    for row in SCREENS:
        top, right, bottom, left = row.safe
        assert top + bottom < 0.6
        assert left + right < 0.4
        assert row.shape != "story" or min(top, bottom) > 0
    assert channel("instagram-reel").safe[2] == 0.35


def test_limits_of_several() -> None:
    names = ["google-landscape", "xiaohongshu", "iab-mobile"]
    assert strictest(names).headline == 26
    assert widest(names).headline == 40
    # Nothing is set on these, so they bind no copy, unless there are no others.
    assert strictest(["amazon-main", "xiaohongshu"]) == channel("xiaohongshu").text
    assert strictest(["amazon-main"]) == channel("amazon-main").text


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("instagram", "instagram-square, instagram-portrait, instagram-story, instagram-reel?"),
        ("Amazon Main", "amazon-main"),
        ("TIKTOK", "tiktok-shop, tiktok?"),
        ("youtube_thumbnail", "youtube-thumbnail?"),
        ("leaderbord", "iab-leaderboard?"),
    ],
)
def test_a_wrong_name_is_answered_with_near_ones(asked: str, meant: str) -> None:
    with pytest.raises(BriefError) as caught:
        channel(asked)
    assert meant in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("asked", ["", "   ", "电视", "x" * 5000])
def test_a_name_like_none_is_answered_with_where_to_look(asked: str) -> None:
    with pytest.raises(BriefError, match="`aigc channels` lists them"):
        channel(asked)
