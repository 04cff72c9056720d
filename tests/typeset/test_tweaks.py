"""A poster that the merchant laid out by hand: moved as far as asked, and measured where it is."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pikepdf
import pytest
from typeset_kit import backdrop as drawn
from typeset_kit import caption, copy, cutout, plan, request, scene

from aigc import relayout
from aigc.campaign import Box, Pixels, pixel_box
from aigc.channels import all_channels
from aigc.errors import BriefError
from aigc.scene import Painting, SceneRequest
from aigc.scene.builtin import Backend as Painter
from aigc.typeset import PlanRequest, SetRequest, layouts
from aigc.typeset.builtin import Backend, composed, elements_of
from aigc.typeset.compose import resized

CHANNELS = {each.shape: each.name for each in reversed(all_channels().values()) if each.texts}
PLACED = [
    (layout.name, name)
    for layout in layouts.all_layouts().values()
    for shape, name in CHANNELS.items()
    if shape in layout.shapes and not layout.photo and layout.background == "scene"
]


def tweaked(plan: PlanRequest, **changes: Any) -> PlanRequest:
    return plan.model_copy(update=changes)


def boxes(plan: PlanRequest, layout: str) -> dict[str, Box]:
    return {name: each.box for name, each in elements_of(plan, layout).items()}


def texts(found: dict[str, Box]) -> dict[str, Box]:
    return {name: box for name, box in found.items() if not name.startswith(("product", "panel"))}


@pytest.mark.parametrize(("layout", "name"), PLACED)
def test_the_product_goes_where_it_is_sent_and_no_text_with_it(layout: str, name: str) -> None:
    plain = plan(name)
    before = boxes(plain, layout)
    left, top, right, bottom = before["product"]
    across = 0.5 * (1 - right) if 1 - right > left else -0.5 * left
    down = -0.5 * top
    after = boxes(tweaked(plain, product=(across, down)), layout)
    np.testing.assert_allclose(
        after["product"], (left + across, top + down, right + across, bottom + down), atol=1e-6
    )
    for name, box in texts(before).items():
        assert texts(after)[name] == pytest.approx(box)


@pytest.mark.parametrize(("layout", "name"), PLACED)
@pytest.mark.parametrize("by", [(0.02, 0.02), (-1.0, -1.0), (1.0, 1.0)])
def test_texts_move_as_one_block_within_the_safe_area(
    layout: str, name: str, by: tuple[float, float]
) -> None:
    plain = plan(name)
    before, after = boxes(plain, layout), boxes(tweaked(plain, text=by), layout)
    assert after["product"] == pytest.approx(before["product"])
    moves = [np.subtract(box, before[name]) for name, box in texts(after).items()]
    assert texts(after).keys() == texts(before).keys()
    for move in moves:
        np.testing.assert_allclose(move, moves[0], atol=1e-6)
    assert moves[0][0] * by[0] >= 0
    assert moves[0][1] * by[1] >= 0
    assert np.all(np.abs(moves[0][:2]) <= np.abs(by) + 1e-6)
    top, right, bottom, left = plain.channel.safe
    for name, box in texts(after).items():
        was = before[name]
        for edge, end in ((box[0] - left, was[0] - left), (box[1] - top, was[1] - top)):
            assert edge >= min(end, 0.0) - 1e-6, name
        assert box[2] <= max(1 - right, was[2]) + 1e-6
        assert box[3] <= max(1 - bottom, was[3]) + 1e-6
    for name, box in after.items():
        if name.startswith("panel"):  # an edge along the poster's stays there
            touching = [(edge < 2e-3 or edge > 1 - 2e-3) for edge in before[name]]
            kept = [now == pytest.approx(then) for now, then in zip(box, before[name], strict=True)]
            assert all(stays for touches, stays in zip(touching, kept, strict=True) if touches)


@pytest.mark.parametrize("by", [(-1.0, -1.0), (1.0, 1.0), (0.0, 0.0)])
@pytest.mark.parametrize("scale", [0.5, 2.0])
@pytest.mark.parametrize("name", CHANNELS.values())
def test_the_product_stays_wholly_on_the_poster_in_its_own_shape(
    name: str, scale: float, by: tuple[float, float]
) -> None:
    plain = plan(name)
    (slots,) = Backend().plan([plain])
    (moved,) = Backend().plan([tweaked(plain, layout=slots.layout, product=by, scale=scale)])
    left, top, right, bottom = moved.product
    assert min(moved.product) >= 0
    assert max(moved.product) <= 1
    width, height = plain.channel.size
    assert (right - left) * width / ((bottom - top) * height) == pytest.approx(0.75, rel=1e-3)
    larger = (right - left) / (slots.product[2] - slots.product[0])
    assert larger == pytest.approx(scale) if scale < 1 else 1 <= larger <= scale + 1e-9
    assert moved.floor == moved.product[3]  # it stands: its shadow goes where it goes


def test_what_stands_grows_from_its_base() -> None:
    plain = plan("instagram-story")
    (slots,) = Backend().plan([plain])
    (smaller,) = Backend().plan([tweaked(plain, layout=slots.layout, scale=0.6)])
    assert smaller.product[3] == pytest.approx(slots.product[3])
    assert smaller.floor == pytest.approx(slots.floor)


def test_the_pasted_pixels_are_the_products_own_where_its_box_says() -> None:
    moved = tweaked(plan(), layout="split", product=(-0.05, -0.1), scale=0.7)
    asked = request(moved)
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(made.boxes["product"], moved.channel.size)
    own = resized(moved.caption.cutout, (right - left, bottom - top))
    solid = own[..., 3] == 255
    assert (made.pixels[top:bottom, left:right][solid] == own[solid][:, :3]).all()


@pytest.mark.parametrize("layout", ["split", "card", "badge", "frame"])
def test_type_is_drawn_where_its_boxes_are(layout: str) -> None:
    """All that differs from the poster without texts lies in the boxes that are reported."""
    moved = tweaked(plan(), layout=layout, text=(0.01, -0.015))
    asked = request(moved)
    made = composed(asked.plan, asked.scene)
    bare = made.backdrop.copy()
    changed = (made.pixels != bare).any(axis=2)
    for name, box in made.boxes.items():
        left, top, right, bottom = pixel_box(box, moved.channel.size)
        slack = 0 if name == "product" else round(0.02 * moved.channel.size[0])
        changed[max(0, top - slack) : bottom + slack, max(0, left - slack) : right + slack] = False
    if layout == "frame":  # its line stays where it was
        inset = round(0.05 * moved.channel.size[0])
        changed = changed[inset:-inset, inset:-inset]
    assert not changed.any()
    assert min(made.contrast.values()) >= 4.5


def test_a_mirrored_poster_moves_the_way_that_is_seen() -> None:
    arabic = plan(copies=(copy("حقيبة الرحلات", "جيوب واسعة", "اشتر"),), language="ar")
    before = boxes(arabic, "split")
    after = boxes(tweaked(arabic, text=(-0.01, 0.0), product=(0.02, 0.0)), "split")
    assert after["headline"][0] == pytest.approx(before["headline"][0] - 0.01, abs=1e-6)
    assert after["product"][0] == pytest.approx(before["product"][0] + 0.02, abs=1e-6)


def test_an_edge_that_the_photo_cut_off_stays_hidden() -> None:
    cut = caption(cutout=np.full_like(cutout(), 255), subject=(0.1, 0.2, 0.9, 1.0))
    plain = plan(made_from=cut)
    before = boxes(plain, "split")["product"]
    assert before[3] == pytest.approx(1.0)  # it stands on the poster's own edge
    after = boxes(tweaked(plain, product=(-0.05, -0.2), scale=0.8), "split")["product"]
    assert after[3] == pytest.approx(1.0)
    assert after[0] < before[0] + 0.2
    card = boxes(plain, "card")
    assert card["product"][3] == pytest.approx(card["panel"][1], abs=2e-3)
    lifted = boxes(tweaked(plain, product=(0.0, -0.2)), "card")["product"]
    assert lifted == pytest.approx(card["product"])


def photo(width: int, height: int) -> Pixels:
    return np.full((height, width, 4), 255, np.uint8)


def test_a_whole_photo_moves_with_its_mat() -> None:
    whole = caption(cutout=photo(900, 1200), subject=(0, 0, 1, 1), background="scene")
    framed = next(
        each for each in layouts.fitting(plan().channel, whole=True) if each.photo == "framed"
    )
    moved = tweaked(plan(made_from=whole), layout=framed.name, product=(1.0, 0.03), scale=0.9)
    asked = request(moved, "dark")
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(made.boxes["product"], moved.channel.size)
    assert 0.95 < right / moved.channel.size[0] < 1  # room for the mat
    assert (made.pixels[top:bottom, left:right] == 255).all()
    mat = made.pixels[(top + bottom) // 2, [left - 4, right + 3]]
    assert (mat[0] == mat[1]).all()
    assert (mat[0] != made.pixels[top - 100, left - 100]).any()


def test_a_photo_that_fills_its_part_of_the_poster_stays() -> None:
    whole = caption(cutout=photo(900, 1200), subject=(0, 0, 1, 1), background="scene")
    names = {each.photo: each.name for each in layouts.fitting(plan().channel, whole=True)}
    for way in ("bleed", "over"):
        before = boxes(plan(made_from=whole), names[way])
        after = boxes(tweaked(plan(made_from=whole), product=(0.2, 0.1), scale=0.7), names[way])
        assert after == before


def test_a_pdf_shows_what_the_picture_shows() -> None:
    plain = plan("label")
    assert plain.channel.print is not None
    (slots,) = Backend().plan([plain])
    facts = []
    for by in ((0.0, 0.0), (0.02, 0.02)):
        moved = tweaked(plain, layout=slots.layout, text=by, product=(by[0], -by[1]))
        asked = request(moved)
        (poster,) = Backend().set([asked])
        with pikepdf.open(io.BytesIO(poster.data)) as pdf:
            told = json.loads(str(pdf.pages[0].PieceInfo["/aigc"].Private))
        facts.append((poster, told))
    (one, first), (other, second) = facts
    assert other.boxes["headline"] != one.boxes["headline"]
    trim = plain.channel.print.face
    assert first.keys() == second.keys()
    for told, poster in ((first, one), (second, other)):
        mm = next(each["box"] for each in told["elements"] if each["name"] == "headline")
        box = poster.boxes["headline"]
        assert mm == pytest.approx(
            [box[0] * trim[0], box[1] * trim[1], box[2] * trim[0], box[3] * trim[1]], abs=0.02
        )


def test_a_layout_of_ones_own_is_taken() -> None:
    for layout in ("split", "frame", "sale"):
        (slots,) = Backend().plan([tweaked(plan(), layout=layout)])
        assert slots.layout == layout


@pytest.mark.parametrize(
    ("layout", "name"), [("card", "instagram-story"), ("over", "instagram-square"), ("x", "x")]
)
def test_a_layout_that_cannot_be_is_refused_with_the_choices(layout: str, name: str) -> None:
    channel = name if name != "x" else "instagram-square"
    able = [each.name for each in layouts.fitting(plan(channel).channel, whole=False)]
    with pytest.raises(BriefError, match=f"layout '{layout}': not for {channel}") as refused:
        Backend().plan([tweaked(plan(channel), layout=layout)])
    assert str(refused.value).endswith(f"choose from {', '.join(able)}")


class Counting(Painter):
    """Paints plain walls, and says how often."""

    def paint(self, requests: Any) -> list[Painting]:
        asked.extend(requests)
        return [
            Painting(pixels=drawn("light", each.size), prompt="", negative="", seed=0)
            for each in requests
        ]


asked: list[SceneRequest] = []


@pytest.mark.parametrize("change", [{"layout": "split"}, {"product": (-0.4, 0.0)}])
def test_no_other_layout_is_tried_but_the_judge_says_what_is_covered(change: Any) -> None:
    """Moved onto the words: another layout would mend it, but the merchant chose."""
    asked.clear()
    own = {"layout": "split", "product": (-0.4, 0.0)} if "layout" in change else change
    moved = tweaked(plan(), **own)
    (slots,) = Backend(layout="split").plan([moved])
    done = relayout.finish(moved, scene(moved, slots), lambda _: {}, Counting(), Backend())
    assert done.poster.layout == "split"
    assert not asked
    assert done.poster.verdict is not None
    assert "covering" in {mark.check for mark in done.poster.verdict.at("fail")}


def test_nothing_changed_is_the_same_to_the_byte() -> None:
    plain = plan()
    (slots,) = Backend().plan([plain])
    (same,) = Backend().plan([tweaked(plain, layout=slots.layout)])
    assert same == slots
    posters = Backend().set(
        [
            SetRequest(plan=each, scene=scene(plain, slots), poster_id="p", metadata={})
            for each in (plain, tweaked(plain, layout=slots.layout, scale=1.0, text=(0.0, 0.0)))
        ]
    )
    assert posters[0].data == posters[1].data
