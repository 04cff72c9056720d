"""Style packs load, differ, and cover every tone."""

from itertools import combinations
from typing import get_args

import pytest
from coloraide import Color
from scene_kit import caption

from aigc.campaign import Tone
from aigc.errors import BriefError
from aigc.scene.colours import theme
from aigc.styles import all_styles, style


def test_every_pack_says_what_a_diffusion_model_must_and_must_not_paint():
    assert set(all_styles()) >= {
        "minimal", "fresh", "natural", "luxury-dark", "promo", "playful"
    }  # fmt: skip
    for pack in all_styles().values():
        assert len(pack.scene) > 40
        assert {"text", "logo", "product"} <= {word.strip() for word in pack.negative.split(",")}


@pytest.mark.parametrize("tone", get_args(Tone))
def test_auto_suits_the_tone(tone):
    for seed in range(5):
        assert tone in style("auto", tone, seed).tones


def test_unknown_style_names_the_choices():
    with pytest.raises(BriefError, match="no style 'x'; choose from auto, fresh"):
        style("x", "fun", 0)


def test_packs_look_different():
    one = caption()
    for first, second in combinations(all_styles().values(), 2):
        walls = theme(first, one).wall, theme(second, one).wall
        accents = theme(first, one).accent, theme(second, one).accent
        apart = max(Color(a).distance(b, space="oklab") for a, b in (walls, accents))
        assert apart > 0.06, (first.name, second.name)
