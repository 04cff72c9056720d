"""A campaign's colours: readable, apart from the product, distinct between styles."""

import random

import pytest
from scene_kit import caption

from aigc.campaign import Caption
from aigc.scene.colours import contrast, theme
from aigc.styles import all_styles


def random_captions(count: int) -> list[Caption]:
    rng = random.Random(5)
    found = []
    for _ in range(count):
        shares = sorted((rng.random() for _ in range(rng.randint(1, 5))), reverse=True)
        total = sum(shares)
        found.append(caption([(f"#{rng.randrange(2**24):06x}", share / total) for share in shares]))
    return found


def test_contrast_holds_over_random_palettes():
    captions = random_captions(200)
    styles = list(all_styles().values())
    for number, one in enumerate(captions):
        style = styles[number % len(styles)]
        made = theme(style, one)
        assert contrast(made.on_accent, made.accent) >= 4.5
        assert contrast(made.accent, made.wall) >= 1.8
        assert contrast(made.ink, made.panel) >= 7
        assert contrast(made.ink, made.wall) >= (4.5 if style.chroma > 0.15 else 7)
        for ground in (made.wall, made.panel):
            assert contrast(made.muted, ground) >= 4.5
            assert contrast(made.highlight, ground) >= 4.5


@pytest.mark.parametrize("style", all_styles().values(), ids=lambda style: style.name)
@pytest.mark.parametrize("colour", ["#f4f4f2", "#121212", "#c8202a"])
def test_wall_stands_apart_from_the_product(style, colour):
    from coloraide import Color

    wall = theme(style, caption([(colour, 1.0)])).wall
    assert Color(wall).distance(colour, space="oklab") > 0.12


def test_brand_colour_gives_the_accent_its_hue():
    from coloraide import Color

    style = all_styles()["minimal"]
    accent = Color(theme(style, caption(), ("#00a36c",)).accent).convert("oklch")
    brand = Color("#00a36c").convert("oklch")
    assert abs((accent["hue"] - brand["hue"] + 180) % 360 - 180) < 12


def test_product_without_palette_gets_the_style_s_own_colours():
    for style in all_styles().values():
        assert contrast(theme(style, caption([])).ink, theme(style, caption([])).wall) >= 4.5


def test_a_second_brand_colour_is_that_of_prices():
    from coloraide import Color

    style, own = all_styles()["minimal"], caption([("#888888", 1.0)])
    brand = ("#f2b705", "#1d3f8f")  # the yellow is the more vivid
    both, one = theme(style, own, brand), theme(style, own, brand[:1])
    assert both.accent == one.accent
    blue = Color("#1d3f8f").convert("oklch")
    assert abs(Color(both.highlight).convert("oklch")["hue"] - blue["hue"]) < 15
    assert contrast(both.highlight, both.wall) >= 4.5
    assert theme(style, own, ("#f2b705", "#fbc52a")).highlight == one.highlight  # one hue
