"""Every layout, in every shape it claims: it renders, fits, and keeps its elements apart."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typeset_kit import COPY, caption, copy, cutout, plan

from aigc.campaign import Box
from aigc.channels import all_channels, channel
from aigc.errors import BriefError
from aigc.typeset import layouts
from aigc.typeset.builtin import Backend, elements_of

SHAPES = {each.shape: each.name for each in reversed(all_channels().values()) if each.texts}
CASES = [
    (layout.name, SHAPES[shape])
    for layout in layouts.all_layouts().values()
    for shape in layout.shapes
    if layout.background == "scene"
]
LONGEST = {
    "en": copy(
        "Made for the long way home, every day on",
        "A quiet companion for bus rides, day hikes and weekends; pockets keep small things near.",
        "See the collection",
    ),
    "zh-CN": copy(
        "把喜欢的日子都装进这一只包里带去远方吧啊",
        "分层收纳让每样小物都有自己的位置，耐磨尼龙面料陪你走过四季，风雨无阻，出发只需要一个转身，现在就走。",
        "了解更多详情吧",
    ),
}


def overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def check(boxes: dict[str, Box]) -> None:
    for name, box in boxes.items():
        assert min(box) >= -1e-6, name
        assert max(box) <= 1 + 1e-6, name
        assert box[0] < box[2], name
        assert box[1] < box[3], name
    placed = {name: box for name, box in boxes.items() if not name.startswith("panel")}
    for (one, box), (other, second) in combinations(placed.items(), 2):
        assert overlap(box, second) < 1e-6, (one, other)


@pytest.mark.parametrize(("layout", "name"), CASES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("long", [False, True])
def test_keeps_elements_apart_and_on_the_canvas(
    layout: str, name: str, language: str, long: bool
) -> None:
    text = LONGEST[language] if long else copy(*COPY[language])
    elements = elements_of(plan(name, language, (text,)), layout)
    check({each.name: each.box for each in elements.values()})
    assert {"product", "headline", "price", "cta"} <= set(elements)


@pytest.mark.parametrize(("layout", "name"), CASES)
@pytest.mark.parametrize("size", [(90, 400), (600, 150)])
def test_keeps_the_shape_of_any_product(layout: str, name: str, size: tuple[int, int]) -> None:
    made_from = caption(cutout=cutout(*size))
    elements = elements_of(plan(name, made_from=made_from), layout)
    check({each.name: each.box for each in elements.values()})
    left, top, right, bottom = elements["product"].box
    width, height = channel(name).size
    assert (right - left) * width / ((bottom - top) * height) == pytest.approx(
        size[0] / size[1], rel=1e-3
    )


@pytest.mark.parametrize(("layout", "name"), CASES)
def test_leaves_no_trace_of_empty_elements(layout: str, name: str) -> None:
    bare = plan(name, copies=(copy(COPY["en"][0]),), price="", brand={})
    elements = elements_of(bare, layout)
    assert set(elements) - {"panel"} == {"product", "headline"}
    full = elements_of(plan(name), layout)
    assert elements["headline"].size >= full["headline"].size * 0.99


@pytest.mark.parametrize("shape", SHAPES)
def test_has_two_layouts_for_every_shape(shape: str) -> None:
    own = [name for name, channel_name in CASES if channel_name == SHAPES[shape]]
    assert len(own) >= 2


def test_takes_another_layout_for_each_variant() -> None:
    plans = [plan("instagram-square", variant=variant, variants=4) for variant in range(4)]
    assert len({slots.layout for slots in Backend().plan(plans)}) == 4


def test_sets_no_text_where_apps_draw_on_a_story() -> None:
    names = [name for name, channel_name in CASES if channel_name == SHAPES["story"]]
    for layout, language in product(names, ("en", "zh-CN")):
        for each in elements_of(plan(SHAPES["story"], language), layout).values():
            if each.name not in ("product", "panel"):
                assert each.box[1] >= 0.14, (layout, each.name)
                assert each.box[3] <= 0.80, (layout, each.name)


def test_sets_headline_large_and_body_readable() -> None:
    for layout, name in CASES:
        if name == SHAPES["square"]:
            elements = elements_of(plan("instagram-square"), layout)
            assert elements["headline"].size >= 66, layout
            assert elements["body"].size >= 28, layout


def test_gives_the_whole_white_ground_to_the_product() -> None:
    (slots,) = Backend().plan([plan("jd-main")])
    assert slots.layout == "plain"
    assert slots.quiet == ()
    left, top, right, bottom = slots.product
    assert max(right - left, bottom - top) == pytest.approx(0.92, abs=0.01)


def test_stands_a_cropped_product_on_an_edge() -> None:
    cropped = caption(subject=(0.1, 0.1, 0.9, 1.0))
    for variant, name in product(range(6), ("google-landscape", "instagram-portrait")):
        asked = plan(name, made_from=cropped, variant=variant, variants=6)
        (slots,) = Backend().plan([asked])
        block = elements_of(asked, slots.layout).get("panel")
        edges = [1.0] + ([block.box[1]] if block else [])
        assert min(abs(slots.product[3] - edge) for edge in edges) < 1e-6, slots.layout
        assert slots.floor is None


def test_lays_a_garment_flat_and_stands_a_bag() -> None:
    backend = Backend()
    (hung,) = backend.plan([plan(product="linen shirt")])
    (standing,) = backend.plan([plan(product="backpack")])
    assert hung.floor is None
    assert standing.floor == standing.product[3]


def test_names_the_layouts_where_one_is_unknown() -> None:
    with pytest.raises(BriefError, match=r"no layout 'x'.*crown"):
        Backend(layout="x").plan([plan()])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    headline=st.text(
        st.sampled_from("abWMil ,.-éß 你好世界，。的é한국ひらカ🙂❤️\u200d漢123¥$%·—“”"),
        min_size=1,
        max_size=120,
    ),
    body=st.text(st.characters(codec="gb2312"), max_size=120),
    case=st.sampled_from(CASES),
)
@example(headline="W" * 120, body="长" * 120, case=("split", "iab-leaderboard"))
@example(headline="长" * 120, body="W" * 120, case=("crown", "iab-skyscraper"))
@example(headline="🙂", body="", case=("crown", "instagram-square"))
def test_never_overflows(headline: str, body: str, case: tuple[str, str]) -> None:
    layout, name = case
    elements = elements_of(plan(name, "zh-CN", (copy(headline, body, "Go"),)), layout)
    check({each.name: each.box for each in elements.values()})
