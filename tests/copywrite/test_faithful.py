"""A claim that neither brief nor caption holds is named, in both languages."""

import numpy as np
import pytest

from aigc.campaign import Brief, Caption, Swatch, Tag
from aigc.copywrite.faithful import unsupported

BRIEF = Brief(
    name="Celadon Teapot",
    photo="x",
    features=("Hand-glazed", "holds 400 ml", "ceramic lid", "双层杯壁", "1,200 sold"),
    price="¥199",
)
CAPTION = Caption(
    text="a green teapot on a white table",
    tags=(Tag(word="teapot", probability=0.9),),
    palette=(Swatch(hex="#88aa88", name="green", share=0.8),),
    background="white",
    subject=(0, 0, 1, 1),
    cutout=np.zeros((2, 2, 4), np.uint8),
)


@pytest.mark.parametrize(
    "text",
    [
        "Hand-glazed. Holds 400 ml. Yours for ¥199.",
        "A green teapot with a ceramic lid, celadon through and through.",
        "Ceramics for the table. 1200 sold.",
        "绿色的茶壶，双层杯壁。最后，喝一口。",
        "Fill it, pour it, share it.",
        "إبريق يتسع ٤٠٠ مل.",
        "三餐四季，万物生。",
    ],
)
def test_what_is_known_may_be_said(text: str) -> None:
    assert unsupported(text, BRIEF, CAPTION) == []


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Holds 500 ml.", "500"),
        ("Only ¥99!", "99"),
        ("Ｏｎｌｙ ９９ left", "99"),
        ("Three cups of tea.", "three"),
        ("Solid oak.", "oak"),
        ("Stainless-steel spout", "stainless"),
        ("Italian design", "italian"),
        ("An award-winning pot", "award"),
        ("The best teapot", "best"),
        ("The world’s teapot", "world's"),
        ("Dermatologists agree", "dermatologists"),
        ("With free shipping", "free shipping"),
        ("50% off", "50"),
        ("A lifetime guarantee", "lifetime"),
        ("Eco friendly", "eco friendly"),
        ("A blue teapot", "blue"),
        ("Dishwasher safe", "dishwasher"),
        ("全网最低价", "全网"),
        ("景德镇出品", "景德镇"),
        ("纯棉内胆", "纯棉"),
        ("三层保护", "三层"),
        ("限时包邮", "限时"),
        ("红色茶壶", "红色"),
        ("获奖设计", "获奖"),
    ],
)
def test_an_unsupported_claim_is_named(text: str, claim: str) -> None:
    assert claim in unsupported(text, BRIEF, CAPTION)


def test_a_metal_among_the_colours_is_no_material() -> None:
    copper = CAPTION.model_copy(
        update={"palette": (Swatch(hex="#b87333", name="copper", share=1),)}
    )
    assert unsupported("A copper teapot", BRIEF, copper) == ["copper"]


def test_the_colours_of_a_whole_photo_are_not_said_to_be_the_products() -> None:
    cut_out = CAPTION.model_copy(update={"text": "a teapot"})
    whole = cut_out.model_copy(update={"cutout": np.full((2, 2, 4), 255, np.uint8)})
    assert unsupported("A green teapot", BRIEF, cut_out) == []
    assert unsupported("A green teapot", BRIEF, whole) == ["green"]


def test_a_sign_is_held_wherever_it_stands() -> None:
    brief = BRIEF.model_copy(update={"name": "A%"})
    assert unsupported("说走就走：A%", brief, CAPTION) == []
    assert unsupported("说走就走：A%", BRIEF, CAPTION) == ["%"]
