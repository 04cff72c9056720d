"""Style packs load, differ, cover every tone, and are chosen with a reason."""

from itertools import combinations
from typing import get_args

import pytest
from coloraide import Color
from scene_kit import caption

from aigc import brief as briefs
from aigc import prompts, seasons
from aigc.campaign import Brand, Brief, Tone
from aigc.errors import BriefError
from aigc.scene.colours import theme
from aigc.scene.sets import SETS
from aigc.styles import all_styles, check, choose, look


def brief(**fields) -> Brief:
    return Brief(**({"name": "Thing", "photo": "x.jpg"} | fields))


def best(**fields):
    return choose(brief(**fields), caption())[0]


def test_every_pack_says_what_a_diffusion_model_must_and_must_not_paint():
    assert set(all_styles()) >= {
        "minimal", "fresh", "natural", "luxury-dark", "promo", "playful-kids", "tech", "street",
        "retro", "spring-festival", "mid-autumn", "618", "double-11", "black-friday", "christmas",
        "ramadan", "diwali", "valentine",
    }  # fmt: skip
    for pack in all_styles().values():
        assert len(pack.scene) > 40
        assert {"text", "logo", "product"} <= {word.strip() for word in pack.negative.split(",")}


def test_packs_name_only_what_there_is():
    nouns = prompts.table("copywrite/categories.toml")
    for pack in all_styles().values():
        assert set(pack.sets) <= set(SETS)
        assert {*pack.categories, *pack.never} <= set(nouns)
        assert set(pack.occasions) <= set(seasons.festivals())
        assert set(pack.markets) <= set(seasons.all_markets())
        assert bool(pack.occasions) == bool(pack.markets)


def test_every_festival_has_a_style_and_dates_in_order():
    packs = all_styles().values()
    for name, festival in seasons.festivals().items():
        assert any(name in pack.occasions for pack in packs)
        assert bool(festival.day) != bool(festival.dates)
        assert list(festival.dates) == sorted(festival.dates)


def test_gatherings_of_four_stay_out_of_spring_festival():
    assert all(each.count != 4 for each in all_styles()["spring-festival"].decoration)


@pytest.mark.parametrize("tone", get_args(Tone))
def test_auto_suits_the_tone(tone):
    for seed in range(5):
        found = best(tone=tone, seed=seed)
        assert tone in found.style.tones
        assert f"a {tone} tone" in found.why


def test_auto_suits_the_product():
    found = best(name="Wireless headphones", tone="functional")
    assert "electronics" in found.style.categories
    assert found.why == "suits electronics and a functional tone"
    assert best(name="Bear", product="plush toy", tone="fun").style.name == "playful-kids"


def test_a_brand_s_voice_outweighs_the_brief_s():
    assert "poetic" in best(tone="fun", brand=Brand(tone="poetic")).style.tones


@pytest.mark.parametrize(
    ("day", "market", "language", "style", "why"),
    [
        ("2027-01-30", "China", "en", "spring-festival",
         "opens 2027-01-30, a week before Spring Festival in China"),
        ("2027-02-10", "", "zh-CN", "spring-festival",
         "opens 2027-02-10, 4 days after Spring Festival in China, going by the language 'zh-CN'"),
        ("2026-09-24", "中国", "zh-CN", "mid-autumn", "a day before Mid-Autumn Festival in China"),
        ("2026-06-01", "CN", "zh-CN", "618", "17 days before the 618 sales"),
        ("2026-11-11", "china", "en", "double-11", "on Double 11 in China"),
        ("2026-11-28", "US", "en", "black-friday", "a day after Black Friday in the United States"),
        ("2026-12-01", "Germany, UK", "en", "christmas", "24 days before Christmas"),
        ("2026-03-01", "Saudi Arabia", "en", "ramadan", "11 days after the start of Ramadan"),
        ("2030-12-20", "Indonesia", "en", "ramadan", "6 days before the start of Ramadan"),
        ("2026-11-01", "India", "en", "diwali", "a week before Diwali in India"),
        ("2027-02-01", "France", "en", "valentine", "13 days before Valentine’s Day in Europe"),
    ],
)  # fmt: skip
def test_the_market_s_festival_comes_first(day, market, language, style, why):
    found = best(date=day, market=market, language=language)
    assert found.style.name == style
    assert why in found.why


@pytest.mark.parametrize(
    ("day", "market", "never"),
    [
        ("2026-12-20", "Saudi Arabia", "christmas"),
        ("2026-12-20", "China", "christmas"),
        ("2026-11-25", "China", "black-friday"),
        ("2026-11-05", "Germany", "diwali"),
        ("2026-03-01", "United States", "ramadan"),
        ("2026-06-18", "Atlantis", "618"),
        ("", "China", "spring-festival"),
        ("2027-04-10", "China", "spring-festival"),
    ],
)
def test_no_festival_out_of_its_market_or_season(day, market, never):
    ranking = choose(brief(date=day, market=market), caption())
    assert never not in {choice.style.name for choice in ranking}
    assert len(ranking) >= 6  # enough for as many variants as may be asked for


def test_a_named_style_is_the_only_choice_and_says_so():
    (found,) = choose(brief(style="christmas", market="China", date="2026-06-10"), caption())
    assert (found.style.name, found.why) == ("christmas", "named in the brief")


def test_variants_of_auto_take_the_ranking_in_turn():
    ranking = choose(brief(), caption())
    taken = [look(ranking, variant, 7).style.name for variant in range(6)]
    assert taken == [choice.style.name for choice in ranking[:6]]
    assert len(set(taken)) == 6


@pytest.mark.parametrize("name", all_styles())
def test_variants_of_a_named_style_differ_in_set_or_hue(name):
    ranking = choose(brief(style=name), caption())
    looks = [look(ranking, variant, 3).style for variant in range(4)]
    for one, other in combinations(looks, 2):
        walls = theme(one, caption()).wall, theme(other, caption()).wall
        assert one.sets[0] != other.sets[0] or walls[0] != walls[1]


def test_unknown_style_and_day_are_refused_by_name():
    with pytest.raises(BriefError, match="no style 'x'; choose from auto, 618, black-friday"):
        check(brief(style="x"))
    with pytest.raises(BriefError, match="date = '2026-02-30'"):
        briefs.check(brief(date="2026-02-30"))


def test_packs_look_different():
    one = caption()
    for first, second in combinations(all_styles().values(), 2):
        walls = theme(first, one).wall, theme(second, one).wall
        accents = theme(first, one).accent, theme(second, one).accent
        apart = max(Color(a).distance(b, space="oklab") for a, b in (walls, accents))
        assert apart > 0.06, (first.name, second.name)
