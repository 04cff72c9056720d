"""What a diffusion model is asked for: the right words, and no more than it reads."""

import re
from functools import cache

import numpy as np
import pytest
from scene_kit import LYING, STANDING, caption, request

from aigc import channels, stage
from aigc.campaign import Attributes, Box, Brief, Copy, Slots
from aigc.scene import light
from aigc.scene.prompt import ROOM, Asked, asked, quiet_sides, tokens
from aigc.styles import all_styles
from aigc.typeset import PlanRequest, layouts

WAYS = ("backdrop", "in-place")
# Nothing that few-step models, which read no negative prompt, would take for an order.
NEVER = re.compile(
    r"\b(product|text|letters?|logo|sale|sign|word|people|person|hands?|bottle|package|no)\b"
)
BRIEF = Brief(
    name="Zephyr 3000",
    photo="a.png",
    product="coffee mug",
    market="China",
    date="2027-04-03",
    brand={"name": "Acme"},
)


def ask(way="backdrop", side=-1, **fields) -> Asked:
    made = request(**fields)
    return asked(made, light.shot(made, side, np.random.default_rng(0)), way)


@cache
def planned() -> dict[str, Slots]:
    """Where every layout for cut-outs puts product and texts."""
    copy = Copy(
        id="c", headline="A mug to keep", body="It holds 400 ml", cta="Shop", hashtags=(), source=""
    )
    found = {}
    for layout in layouts.all_layouts().values():
        fitting = [
            each
            for each in channels.all_channels().values()
            if each.shape in layout.shapes and each.background == layout.background
        ]
        if layout.photo or not fitting:
            continue
        plan = PlanRequest(
            channel=fitting[0],
            variant=0,
            style=all_styles()["minimal"],
            brief=BRIEF.model_copy(update={"price": "$12"}),
            caption=caption(),
            copies=(copy,),
            seed=1,
        )
        (found[layout.name],) = stage.configure("typeset", "builtin", {"layout": layout.name}).plan(
            [plan]
        )
    return found


@pytest.mark.parametrize("way", WAYS)
def test_every_style_in_every_layout_fits_and_says_what_matters(way):
    assert len(planned()) > 8
    for style in all_styles():
        for slots in planned().values():
            made = ask(way, style=style, slots=slots, brief=BRIEF)
            assert tokens(made.prompt) <= ROOM
            assert tokens(made.negative) <= ROOM
            for side in quiet_sides(slots):
                assert f"{side}" in made.prompt
            assert all_styles()[style].scene.split(",")[1].strip() in made.prompt
            lowered = made.prompt.lower()
            assert "zephyr" not in lowered
            assert "acme" not in lowered
            words = made.negative.split(", ")
            assert {"text", "letters", "logo", "watermark", "people", "hands"} <= set(words)
            own = [each.strip() for each in all_styles()[style].negative.split(",")]
            assert set(own) - {"product"} <= set(words)
            assert len(words) == len(set(words))


def test_a_backdrop_is_empty_and_names_nothing_that_must_not_be_seen():
    for style in all_styles():
        made = ask(style=style, brief=BRIEF)
        assert not NEVER.search(made.prompt.lower()), made.prompt
        assert "mug" not in made.prompt
        assert {"product", "coffee mug"} <= set(made.negative.split(", "))


def test_in_place_names_the_product_and_forbids_a_second_one():
    made = ask("in-place", brief=BRIEF)
    assert made.prompt.startswith("one x coffee mug standing")
    assert "second coffee mug" in made.negative
    assert "product" not in made.negative.split(", ")
    assert "empty" not in made.prompt


def test_a_name_is_never_drawn():
    brief = Brief(name="Qwertz Ultra", photo="a.png", brand={"name": "Qwertz"})
    for way in WAYS:
        made = ask(way, brief=brief)
        assert not re.search("qwertz|ultra", f"{made}".lower())
    branded = Brief(name="Thing", photo="a.png", product="mug", brand={"name": "Mug & Co"})
    assert "mug" not in ask("in-place", brief=branded).prompt


def test_what_a_vision_model_saw_names_the_product():
    seen = caption().model_copy(update={"attributes": Attributes(category="Teapot")})
    assert "teapot" in ask("in-place", caption=seen).prompt
    foreign = caption().model_copy(update={"attributes": Attributes(category="茶壶")})
    assert ask("in-place", caption=foreign).prompt.isascii()


def test_lying_products_get_a_flat_lay_and_standing_ones_a_surface():
    assert ask(slots=LYING).prompt.startswith("flat lay")
    assert "surface in the foreground" in ask(slots=STANDING).prompt
    assert "lying on a surface" in ask("in-place", slots=LYING).prompt


@pytest.mark.parametrize(
    ("boxes", "sides"),
    [
        (((0.05, 0.1, 0.35, 0.9),), ["left"]),
        (((0.65, 0.1, 0.95, 0.9),), ["right"]),
        (((0.1, 0.02, 0.9, 0.3), (0.1, 0.8, 0.9, 0.98)), ["top", "bottom"]),
        (((0.1, 0.02, 0.9, 0.3), (0.4, 0.9, 0.5, 0.92)), ["top"]),
        ((), []),
    ],
)
def test_quiet_is_where_the_texts_are(boxes: tuple[Box, ...], sides: list[str]):
    slots = Slots(layout="t", product=(0.38, 0.32, 0.62, 0.78), quiet=boxes)
    assert quiet_sides(slots) == sides


def test_light_comes_from_the_shot_s_side():
    assert "light from the left" in ask(side=-1).prompt
    assert "light from the right" in ask(side=1).prompt


@pytest.mark.parametrize(
    ("market", "date", "style", "said", "unsaid"),
    [
        ("China", "2027-04-03", "natural", ("spring light", "Chinese interior"), ("winter",)),
        ("Australia", "2027-01-03", "natural", ("summer light",), ("winter",)),
        ("Germany", "2027-01-03", "natural", ("winter light", "European"), ("summer",)),
        ("Singapore", "2027-01-03", "natural", ("tropical",), ("winter", "summer")),
        ("Germany, Australia", "2027-01-03", "natural", (), ("winter", "summer", "European")),
        ("", "", "natural", (), ("American", "spring light")),
        ("Germany", "2027-12-01", "christmas", ("fir",), ("winter light", "European")),
        ("Germany", "2027-12-01", "tech", ("neon",), ("winter light", "European")),
    ],
)
def test_market_and_season(market, date, style, said, unsaid):
    brief = Brief(name="Thing", photo="a.png", market=market, date=date)
    prompt = ask(style=style, brief=brief).prompt
    for word in said:
        assert word in prompt
    for word in unsaid:
        assert word not in prompt


def test_a_wall_that_follows_the_product_is_named():
    assert "background" in ask(style="fresh").prompt
    assert "background" not in ask(style="promo").prompt


def test_tokens_are_not_counted_short():
    """Counts by CLIP's own tokenizer, of texts as they are here."""
    for text, count in (
        ("empty night stage in deep blue, one huge golden full moon, low mist, paper clouds", 18),
        ("empty 1970s style studio, concentric painted arcs in mustard, orange, brown", 20),
        ("large plain area at the top and on the left, soft light from the left", 16),
        ("text, letters, words, numbers, logo, watermark, signature, sign, people", 18),
    ):
        assert tokens(text) >= count
