"""Which layout a poster takes, and how it follows product, words, channel, photo and variant."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from typeset_kit import caption, copy, cutout, plan, request

from aigc.campaign import Box, Caption, Pixels, pixel_box
from aigc.channels import all_channels, channel
from aigc.typeset import PlanRequest, choose, costs, layouts, whole
from aigc.typeset.builtin import Backend, composed, elements_of
from aigc.typeset.mass import cut, mass
from aigc.typeset.saliency import saliency

CHANNELS = {
    "square": "instagram-square",
    "portrait": "instagram-portrait",
    "story": "instagram-story",
    "landscape": "google-landscape",
    "leaderboard": "iab-leaderboard",
    "skyscraper": "iab-skyscraper",
}
SIZES = {"tall": (130, 400), "wide": (520, 200), "round": (300, 300)}
GERMAN = copy("Wasserabweisende Ausstattung", "Für den Alltag in Stadt und Land.", "Zum Angebot")


def heavy(side: str, width: int = 300, height: int = 300) -> Pixels:
    """A body at one side, a thin handle towards the other."""
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., :3] = 90
    picture[:, : width // 2, 3] = 255
    picture[height // 2 - 6 : height // 2 + 6, :, 3] = 255
    return picture if side == "left" else np.ascontiguousarray(picture[:, ::-1])


def chosen(asked: PlanRequest) -> str:
    (slots,) = Backend().plan([asked])
    return slots.layout


def iou(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    sizes = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (sum(sizes) - both)


# Families ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", CHANNELS)
def test_every_shape_has_all_five_families(shape: str) -> None:
    own = [each for each in layouts.all_layouts().values() if shape in each.shapes]
    cutouts = {each.family for each in own if not each.photo and each.background == "scene"}
    assert cutouts == {"centre", "split", "editorial", "promo", "framed"}


def test_the_offer_leads_where_there_is_one_and_a_tall_product_is_set_beside() -> None:
    reduced = [
        choose.families(plan(was="$99", discount="-40%", seed=number))[0] for number in range(12)
    ]
    assert reduced.count("promo") >= 9
    tall = caption(cutout=cutout(*SIZES["tall"]))
    free = [choose.families(plan(price="", seed=number, made_from=tall)) for number in range(12)]
    assert all(order[-1] == "promo" for order in free)
    assert sum(order.index("split") <= 1 for order in free) >= 7


def test_a_campaign_keeps_to_one_family_where_that_suits() -> None:
    kinds = {each.name: each.family for each in layouts.all_layouts().values()}
    kept = []
    for number in range(6):
        found = [kinds[chosen(plan(name, seed=number))] for name in CHANNELS.values()]
        kept.append(max(found.count(family) for family in set(found)))
    assert sum(kept) / len(kept) >= 3


# The product -------------------------------------------------------------------------------


def test_mass_is_measured() -> None:
    left, right = mass(heavy("left")), mass(heavy("right"))
    assert left.side == "left"
    assert right.side == "right"
    assert left.centre == pytest.approx(1 - right.centre, abs=0.02)
    assert mass(cutout()).side == ""
    assert mass(np.zeros((9, 9, 4), np.uint8)).fill == 0


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("layout", ["split", "mirror", "editorial", "frame", "sale"])
def test_the_heavy_side_stands_outwards(side: str, layout: str) -> None:
    boxes = elements_of(plan("google-landscape", made_from=caption(cutout=heavy(side))), layout)
    product, headline = boxes["product"].box, boxes["headline"].box
    assert (product[2] <= headline[0]) == (side == "left")


def test_mass_not_the_box_stands_in_the_middle() -> None:
    def middle(picture: Pixels) -> float:
        box = elements_of(plan(made_from=caption(cutout=picture)), "crown")["product"].box
        return (box[0] + box[2]) / 2

    assert middle(heavy("left")) > 0.52
    assert middle(heavy("right")) < 0.48
    assert middle(cutout()) == pytest.approx(0.5, abs=0.01)


def cropped(left: float, top: float, right: float, bottom: float) -> Caption:
    solid = np.full((300, 300, 4), 255, np.uint8)
    return caption(cutout=solid, subject=(left, top, right, bottom))


def test_only_edges_that_run_through_the_product_count_as_cut() -> None:
    assert cut(cropped(0.0, 0.1, 0.9, 0.9)) == (True, False, False, False)
    assert cut(cropped(0.1, 0.0, 1.0, 1.0)) == (False, True, True, True)
    assert cut(cropped(0.0, 0.1, 1.0, 0.9)) == (False, False, False, False)  # it cannot touch both
    thin = caption(cutout=cutout(), subject=(0.0, 0.0, 0.5, 0.9))  # an ellipse only touches
    assert cut(thin) == (False, False, False, False)
    own = cropped(0.0, 0.0, 1.0, 1.0).model_copy(update={"background": "transparent"})
    assert cut(own) == (False, False, False, False)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_product_cut_off_at_a_side_touches_that_side(side: str) -> None:
    edges = (0.0, 0.1, 0.8, 0.9) if side == "left" else (0.2, 0.1, 1.0, 0.9)
    for layout in ("split", "mirror", "editorial"):
        asked = plan("google-landscape", made_from=cropped(*edges))
        box = elements_of(asked, layout)["product"].box
        assert (box[0] if side == "left" else 1 - box[2]) == pytest.approx(0, abs=1e-6), layout


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("shape", ["square", "portrait", "landscape", "story"])
def test_the_product_is_the_hero(kind: str, shape: str) -> None:
    size = SIZES[kind]
    asked = plan(CHANNELS[shape], made_from=caption(cutout=cutout(*size)))
    (slots,) = Backend().plan([asked])
    left, top, right, bottom = slots.product
    assert max(right - left, bottom - top) >= 0.42, slots.layout


def test_a_tall_product_stands_beside_and_a_wide_one_above_or_below() -> None:
    def beside(kind: str) -> int:
        count = 0
        for number in range(6):
            made_from = caption(cutout=cutout(*SIZES[kind]))
            asked = plan(made_from=made_from, seed=number)
            boxes = elements_of(asked, chosen(asked))
            product, headline = boxes["product"].box, boxes["headline"].box
            count += min(product[3], headline[3]) - max(product[1], headline[1]) > 0.02
        return count

    assert beside("tall") >= 4
    assert beside("wide") == 0


# The words ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["square", "landscape", "portrait"])
def test_long_words_get_a_layout_that_sets_them_large_and_whole(shape: str) -> None:
    asked = plan(CHANNELS[shape], copies=(GERMAN,), language="de", price="59,90 €")
    boxes = elements_of(asked, chosen(asked))
    width, height = asked.channel.size
    assert boxes["headline"].size >= 5.5 * (width * height) ** 0.5 / 100
    assert "body" in boxes


@pytest.mark.parametrize("layout", ["split", "mirror"])
def test_a_column_is_as_wide_as_the_longest_word_asks(layout: str) -> None:
    short, long = (
        elements_of(plan("google-landscape", copies=(words,)), layout)["headline"]
        for words in (copy("Go on", GERMAN.body, "Buy"), GERMAN)
    )
    assert long.box[2] - long.box[0] > short.box[2] - short.box[0]
    assert long.size >= 5.5 * (1200 * 628) ** 0.5 / 100


def test_what_would_leave_words_out_costs_more() -> None:
    asked = plan()
    full = elements_of(asked, "crown")
    less = {name: each for name, each in full.items() if name != "body"}
    assert costs.costs(full, asked)["left out"] == 0
    assert costs.costs(less, asked)["left out"] > 0.3


def test_costs_name_what_is_wrong() -> None:
    asked = plan()
    good = elements_of(asked, "crown")
    assert costs.costs(good, asked)["overlap"] == 0
    small = good["product"].model_copy(update={"box": (0.45, 0.6, 0.55, 0.7)})
    onto = good["headline"].model_copy(update={"box": good["product"].box, "size": 20.0})
    assert costs.costs(good | {"product": small}, asked)["small product"] > 0.8
    bad = costs.costs(good | {"headline": onto}, asked)
    assert bad["overlap"] > 1
    assert bad["small headline"] > 0.8


def test_the_largest_hole_is_found() -> None:
    assert costs.largest_hole([]) == 1
    assert costs.largest_hole([(0, 0, 1, 1)]) == 0
    assert costs.largest_hole([(0, 0, 1, 0.5)]) == pytest.approx(0.5, abs=0.05)
    assert costs.largest_hole([(0.4, 0.4, 0.6, 0.6)]) == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("name", ["iab-mobile", "iab-mobile-large", "iab-leaderboard"])
def test_tiny_banners_are_read(name: str) -> None:
    for layout in layouts.all_layouts().values():
        if "leaderboard" in layout.shapes and layout.background == "scene":
            boxes = elements_of(plan(name), layout.name)
            assert min(each.size for each in boxes.values() if each.size) >= 9.9, layout.name
            if name == "iab-mobile":
                assert set(boxes) - {"panel"} == {"product", "headline", "cta"}, layout.name


# Variants ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", CHANNELS)
def test_variants_look_different(shape: str) -> None:
    asked = [plan(CHANNELS[shape], variant=number, variants=4) for number in range(4)]
    names = [chosen(each) for each in asked]
    assert len(set(names)) == 4
    kinds = {each.name: each.family for each in layouts.all_layouts().values()}
    assert len({kinds[name] for name in names}) == 4
    boxes = [elements_of(each, name) for each, name in zip(asked, names, strict=True)]
    alike = [
        min(iou(one[name].box, other[name].box) for name in ("product", "headline"))
        for one, other in combinations(boxes, 2)
    ]
    # Of four with the product beside the words, two and two share a side.
    assert sum(each >= 0.6 for each in alike) <= 2, (names, alike)


def test_six_variants_take_six_layouts() -> None:
    for shape in ("square", "portrait", "landscape"):
        asked = [plan(CHANNELS[shape], variant=number, variants=6) for number in range(6)]
        assert len({chosen(each) for each in asked}) == 6


def test_a_layout_to_avoid_is_avoided() -> None:
    tried: tuple[str, ...] = ()
    for _ in range(4):
        asked = plan().model_copy(update={"avoid": tried})
        assert chosen(asked) not in tried
        tried = (*tried, chosen(asked))
    every = tuple(layouts.all_layouts())
    assert chosen(plan().model_copy(update={"avoid": every}))  # none is left, so one comes again


def test_the_choice_is_the_same_each_time() -> None:
    for name in CHANNELS.values():
        assert chosen(plan(name)) == chosen(plan(name))


# White grounds -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(100, 400), (400, 100), (300, 300)])
def test_a_white_ground_is_filled_whatever_the_products_shape(size: tuple[int, int]) -> None:
    for each in all_channels().values():
        if each.background != "white":
            continue
        (slots,) = Backend().plan([plan(each.name, made_from=caption(cutout=cutout(*size)))])
        left, top, right, bottom = slots.product
        assert slots.quiet == ()
        assert max(right - left, bottom - top) >= 0.85, each.name
        assert min(left, top, 1 - right, 1 - bottom) >= 0.03, each.name


# Whole photos ------------------------------------------------------------------------------


def scenery(calm: str, size: tuple[int, int] = (1400, 1400)) -> Caption:
    """A photo that is busy but for one side; its subject is opposite."""
    width, height = size
    rng = np.random.default_rng(3)
    pixels = np.full((height, width, 4), 255, np.uint8)
    coarse = rng.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    pixels[..., :3] = np.kron(coarse, np.ones((20, 20, 1), np.uint8))
    half = {
        "top": np.s_[: height // 2],
        "bottom": np.s_[height // 2 :],
        "left": np.s_[:, : width // 2],
        "right": np.s_[:, width // 2 :],
    }[calm]
    pixels[half] = (190, 200, 210, 255)
    focus = {
        "top": (0.2, 0.55, 0.8, 0.95),
        "bottom": (0.2, 0.05, 0.8, 0.45),
        "left": (0.55, 0.2, 0.95, 0.8),
        "right": (0.05, 0.2, 0.45, 0.8),
    }[calm]
    return caption(cutout=pixels, subject=(0, 0, 1, 1), focus=focus, background="scene")


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_words_go_to_the_calm_side_of_a_photo(side: str) -> None:
    made_from = scenery(side)
    room = whole.room(made_from, (1080, 1080))
    assert room.side == side
    assert room.ample
    assert room.saliency <= whole.CALM
    headline = elements_of(plan(made_from=made_from), "over")["headline"].box
    x, y = (headline[0] + headline[2]) / 2, (headline[1] + headline[3]) / 2
    assert {"top": y < 0.5, "bottom": y > 0.5, "left": x < 0.5, "right": x > 0.5}[side]


def test_text_may_stand_on_a_photo_only_where_it_is_calm() -> None:
    def ways(made_from: Caption) -> set[str]:
        asked = [plan(made_from=made_from, variant=number, variants=4) for number in range(4)]
        return {layouts.named(chosen(each)).photo for each in asked}

    assert "over" in ways(scenery("top"))
    busy = scenery("top").cutout.copy()
    busy[:700] = busy[700:]
    assert ways(scenery("top").model_copy(update={"cutout": busy})) >= {"framed", "plate"}
    assert "over" not in ways(scenery("top").model_copy(update={"cutout": busy}))


def test_a_story_keeps_words_on_a_photo_out_of_the_apps_own() -> None:
    safe = channel("instagram-story").safe
    room = whole.room(scenery("top"), (1080, 1920), safe)
    assert room.text[3] - room.text[1] >= 0.24 + safe[0]


def test_saliency_marks_things_and_texture_not_walls() -> None:
    wall = np.full((200, 200, 3), 180, np.uint8)
    assert saliency(wall).max() < 0.05
    thing = wall.copy()
    thing[60:140, 60:140] = (200, 30, 40)
    seen = saliency(thing)
    assert seen[40:56, 40:56].mean() > 0.35  # all of it, not its outline only
    assert seen[:20].mean() < 0.1
    noise = np.random.default_rng(1).integers(0, 256, (24, 24, 3), np.uint8)
    texture = np.kron(noise, np.ones((8, 8, 1), np.uint8))
    assert saliency(texture).mean() > 0.4


@pytest.mark.parametrize("level", [20, 70, 130, 180, 240])
def test_words_on_a_photo_read_in_its_own_tones(level: int) -> None:
    pixels = np.full((1400, 1400, 4), 255, np.uint8)
    pixels[..., :3] = (level, level // 2 + 40, 90)
    pixels[800:, 300:1100, :3] = (200, 60, 50)
    made_from = caption(
        cutout=pixels,
        subject=(0, 0, 1, 1),
        focus=(3 / 14, 8 / 14, 11 / 14, 1.0),
        background="scene",
    )
    asked = request(plan(made_from=made_from), layout="over")
    made = composed(asked.plan, asked.scene)
    assert min(made.contrast.values()) >= 4.5
    left, top, right, bottom = pixel_box(made.boxes["subject"], (1080, 1080))
    assert (made.pixels[top + 5 : bottom, left + 5 : right - 5] == (200, 60, 50)).all()
    cover = made.backdrop[4, 4].astype(float) / (level, level // 2 + 40, 90)
    assert np.ptp(cover) < 0.45  # darker or lighter, still the photo's own hue
