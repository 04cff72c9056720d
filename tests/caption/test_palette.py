"""Colours: measured on drawn products, named as a shop would."""

import numpy as np
import pytest

from aigc.campaign import Swatch
from aigc.caption import palette as colour
from aigc.caption.palette import chinese, colour_name, colours, main_colours, palette


def drawn(*bands, noise=3):
    """A product of horizontal bands: (rgb, rows) each; (H, 100, 3), and its full matte."""
    rows = [np.full((count, 100, 3), rgb, float) for rgb, count in bands]
    pixels = np.concatenate(rows)
    pixels += np.random.default_rng(1).normal(0, noise, pixels.shape)
    pixels = pixels.clip(0, 255).astype(np.uint8)
    return pixels, np.full(pixels.shape[:2], 255, np.uint8)


def swatch(code, share):
    return Swatch(hex=code, name=colour_name(colour._lab(code)), share=share)


def test_the_table_is_sound():
    names = {entry.name for entry in colours()}
    assert 35 <= len(names) <= 55
    assert all(entry.name_zh for entry in colours())
    assert len({entry.name_zh for entry in colours()}) == len(names)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("#ffffff", "white"),
        ("#000000", "black"),
        ("#808080", "grey"),
        ("#cc1122", "red"),
        ("#000080", "navy"),
        ("#800020", "burgundy"),
        ("#008080", "teal"),
        ("#808000", "olive"),
        ("#ffd700", "yellow"),
        ("#87ceeb", "light blue"),
        ("#2255cc", "blue"),
        ("#fffbe0", "ivory"),
        ("#e2d2b4", "beige"),
        ("#ffb6c1", "pink"),
        ("#228b22", "green"),
        ("#6b4020", "brown"),
    ],
)
def test_known_colours_have_their_names(code, name):
    assert colour_name(colour._lab(code)) == name


def test_a_metal_is_never_measured():
    for code in ("#c0c0c0", "#d4af37", "#b87333"):
        assert colour_name(colour._lab(code)) not in ("silver", "gold", "copper")


def test_one_colour_is_one_swatch():
    (only,) = palette(*drawn(((30, 60, 160), 100)))
    assert only.name == "blue"
    assert only.share == pytest.approx(1)


def test_shares_follow_the_areas():
    found = palette(*drawn(((200, 30, 40), 70), ((20, 40, 150), 30)))
    assert [round(one.share, 2) for one in found] == [0.7, 0.3]
    assert main_colours(found) == ("red",)


def test_a_red_mug_in_half_shadow_is_red():
    pixels, alpha = drawn(((190, 25, 35), 45), ((128, 126, 126), 45), ((240, 240, 240), 10))
    found = palette(pixels, alpha)
    assert found[0].name == "red"
    assert main_colours(found) == ("red",)


def test_shades_of_one_colour_are_one_colour():
    found = palette(*drawn(((200, 40, 45), 40), ((150, 25, 30), 35), ((105, 15, 22), 25)))
    assert len(main_colours(found)) == 1


def test_a_white_shirt_with_a_small_print_is_white():
    assert main_colours(palette(*drawn(((240, 240, 240), 85), ((220, 30, 30), 15)))) == ("white",)


def test_two_colours_of_like_weight_are_both_named():
    named = main_colours(palette(*drawn(((15, 15, 15), 55), ((235, 235, 235), 45))))
    assert set(named) == {"black", "white"}


def test_a_second_colour_is_weighed_against_all_shades_of_the_first():
    found = palette(
        *drawn(((132, 132, 132), 30), ((170, 170, 170), 25), ((96, 96, 96), 25), ((12, 12, 12), 20))
    )
    assert main_colours(found) == ("grey",)


def test_three_vivid_hues_are_multicoloured():
    found = palette(*drawn(((220, 30, 30), 30), ((30, 160, 60), 30), ((30, 60, 200), 30)))
    assert main_colours(found) == (colour.MULTICOLOURED,)


def test_the_background_does_not_count():
    pixels, alpha = drawn(((30, 60, 160), 50), ((250, 250, 250), 50))
    alpha[50:] = 120  # mixed edge pixels
    (only,) = palette(pixels, alpha)
    assert only.name == "blue"


def test_an_empty_matte_has_no_colours():
    pixels, alpha = drawn(((30, 60, 160), 10))
    assert palette(pixels, np.zeros_like(alpha)) == ()
    assert main_colours(()) == ()


def test_at_most_five_colours_and_the_same_each_time():
    noise = np.random.default_rng(0).integers(0, 256, (120, 120, 3), dtype=np.uint8)
    alpha = np.full((120, 120), 255, np.uint8)
    first = palette(noise, alpha)
    assert len(first) <= colour.MOST
    assert palette(noise, alpha) == first


def test_names_translate():
    assert chinese("navy") == "藏蓝色"
    assert all(chinese(swatch(code, 1).name) for code in ("#123456", "#abcdef", "#fedcba"))
