"""Around a painting: banners cut from it, masks, what cannot be used, shadow and calm."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scene_kit import LYING, STANDING, caption, request

from aigc import channels
from aigc._engines import ocr
from aigc.campaign import Slots, pixel_box
from aigc.scene import finish, inplace, light, plain, shadow, usable
from aigc.scene.builtin import Backend as Studio
from aigc.scene.canvas import LONGEST, canvas
from aigc.typeset import compose
from aigc.typeset.judge.metrics import gradient

RNG = np.random.default_rng
WALL = Slots(layout="t", product=(0.6, 0.2, 0.95, 0.85), quiet=((0.05, 0.1, 0.5, 0.9),), floor=0.85)


def shot(asked):
    return light.shot(asked, -1, RNG(0))


def texture(size=(540, 540), seed=0) -> np.ndarray:
    """A busy picture: soft noise."""
    noise = RNG(seed).normal(0, 1, (size[1], size[0], 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 60 * noise / noise.std(), 0, 255).astype(np.uint8)


def wash(size=(540, 540)) -> np.ndarray:
    """A calm picture: light that falls off to the right."""
    across = np.linspace(220, 150, size[0])[None, :, None]
    return np.broadcast_to(across, (size[1], size[0], 3)).astype(np.uint8)


def finished(painted, asked, *, strength=1.0, thrown=True, grain=0.0):
    return finish.finished(
        painted,
        shot(asked),
        asked.caption.cutout,
        strength=strength,
        thrown=thrown,
        grain=grain,
        rng=RNG(0),
    )


# canvas


def test_a_canvas_has_a_shape_that_models_know_and_holds_what_was_asked_for():
    for size in {each.size for each in channels.all_channels().values()}:
        for slots in (STANDING, LYING, WALL):
            asked = request(size, slots=slots)
            made = canvas(asked)
            wide, tall = made.request.size
            assert 1 / LONGEST - 0.02 < wide / tall < LONGEST + 0.02
            whole = np.zeros((tall, wide, 3), np.uint8)
            assert made.cut(whole).shape == (size[1], size[0], 3)
            moved, was = made.request.slots, asked.slots
            pairs = zip((moved.product, *moved.quiet), (was.product, *was.quiet), strict=True)
            for there, here in pairs:
                at = pixel_box(here, size)
                shifted = tuple(
                    side + (made.left, made.top)[number % 2] for number, side in enumerate(at)
                )
                assert pixel_box(there, made.request.size) == shifted
            assert (moved.floor is None) == (was.floor is None)


def test_usual_shapes_are_painted_as_they_are():
    asked = request((1200, 628))
    assert canvas(asked).request is asked


def test_a_banner_s_floor_lies_low_on_its_canvas():
    made = canvas(request((728, 90), slots=WALL))
    assert 0.6 < made.request.slots.floor < 0.8
    assert made.top > 0


# in place


@pytest.mark.parametrize("product", [STANDING.product, (0.6, -0.1, 1.2, 0.9), (0.2, 0.5, 0.8, 1.1)])
@pytest.mark.parametrize("size", [(540, 540), (300, 600)])
def test_the_cut_out_stands_where_typesetting_pastes_it(product, size):
    asked = request(size, slots=Slots(layout="t", product=product, floor=product[3]))
    left, top, right, bottom = pixel_box(product, size)
    cutout = compose.resized(asked.caption.cutout, (right - left, bottom - top))
    ground = texture(size)
    layer = inplace.placed(asked.caption, asked)
    assert layer.shape == (size[1], size[0], 4)
    assert np.array_equal(compose.over(ground, layer), compose.over(ground, cutout, (left, top)))


def test_the_mask_leaves_the_product_alone_and_reaches_under_its_rim():
    asked = request((540, 540))
    layer = inplace.placed(asked.caption, asked)
    mask = inplace.mask(layer)
    solid = (layer[..., 3] > 127).astype(np.uint8)
    inner = cv2.erode(solid, np.ones((23, 23), np.uint8)) > 0
    assert inner.sum() > 5000
    assert mask[inner].max() < 0.01
    assert (mask[solid == 0] == 1).all()
    rim = (solid > 0) & (cv2.erode(solid, np.ones((3, 3), np.uint8)) == 0)
    assert mask[rim].min() > 0.5
    assert mask.dtype == np.float32


def test_a_product_that_fills_the_picture_is_kept_to_its_edge():
    asked = request((200, 200), slots=Slots(layout="t", product=(-0.1, -0.1, 1.1, 1.1)))
    solid = caption().cutout.copy()
    solid[..., 3] = 255
    layer = inplace.placed(caption().model_copy(update={"cutout": solid}), asked)
    assert inplace.mask(layer).max() == 0


def test_the_product_gets_its_pixels_back_and_typesetting_its_rim():
    asked = request((540, 540))
    layer, painted = inplace.placed(asked.caption, asked), texture()
    back = inplace.put_back(painted, layer)
    opaque = layer[..., 3] == 255
    assert np.array_equal(back[opaque], layer[opaque][:, :3])
    assert np.array_equal(back[~opaque], painted[~opaque])
    assert np.array_equal(compose.over(back, layer), compose.over(painted, layer))


def test_the_start_is_a_set_with_the_product_on_it():
    asked = request((540, 540), "natural")
    ground = inplace.ground(asked, shot(asked))
    layer = inplace.placed(asked.caption, asked)
    opaque = layer[..., 3] == 255
    assert np.array_equal(ground.start[opaque], layer[opaque][:, :3])
    assert ground.control is None
    assert ground.start[~opaque].std() > 1


def test_control_images_show_edges_or_depth():
    asked = request((540, 540))
    layer = inplace.placed(asked.caption, asked)
    edges = inplace.ground(asked, shot(asked), "org/controlnet-canny").control
    assert set(np.unique(edges)) == {0, 255}
    away = cv2.dilate((layer[..., 3] > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert edges[away].max() == 0
    near = inplace.ground(asked, shot(asked), "org/controlnet-depth").control[..., 0].astype(int)
    _, _, right, bottom = pixel_box(STANDING.product, (540, 540))
    assert near[5, 5] < near[bottom, 5] < near[-1, 5]  # wall, floor, floor before the product
    assert abs(near[300, 250] - near[bottom, 5]) < 20  # upright where it stands
    assert right < 540


# usable


def test_black_and_flat_pictures_cannot_be_used():
    assert usable.fault(np.zeros((90, 90, 3), np.uint8)) == usable.BLACK
    assert usable.fault(np.full((90, 90, 3), 12, np.uint8)) == usable.BLACK
    assert usable.fault(np.full((90, 90, 3), 120, np.uint8)) == usable.FLAT
    grain = 120 + RNG(0).integers(-3, 4, (400, 400, 3))
    assert usable.fault(grain.astype(np.uint8)) == usable.FLAT
    assert usable.fault(texture()) == ""
    assert usable.fault(wash()) == ""


@pytest.mark.parametrize("style", ["minimal", "luxury-dark", "fresh", "tech"])
def test_quiet_and_dark_sets_can_be_used(style):
    asked = request((540, 540), style)
    assert usable.fault(Studio(ornaments="drawn").paint([asked])[0].pixels) == ""


def test_letters_make_a_picture_useless_but_not_those_of_the_product():
    picture = Image.fromarray(wash((900, 900)))
    draw = ImageDraw.Draw(picture)
    draw.text((80, 90), "GRAND OPENING", "#202020", font_size=80)
    draw.text((90, 210), "every day", "#b02020", font_size=60)
    lettered = np.asarray(picture)
    assert usable.fault(lettered, None, ocr.read) == usable.LETTERS
    assert usable.fault(wash((900, 900)), None, ocr.read) == ""
    confetti = request((900, 900), "promo")
    drawn = Studio(ornaments="drawn").paint([confetti])[0].pixels
    assert usable.fault(drawn, None, ocr.read) == ""
    painted = np.ones((900, 900), np.float32)
    painted[60:320, 40:880] = 0  # the product's own label
    assert usable.fault(lettered, painted, ocr.read) == ""
    assert usable.fault(lettered, np.zeros((900, 900), np.float32), ocr.read) == ""


def test_black_beside_the_product_is_black():
    asked = request((200, 200))
    layer = inplace.placed(asked.caption, asked)
    black = compose.over(np.zeros((200, 200, 3), np.uint8), layer)
    assert usable.fault(black) == ""
    assert usable.fault(black, inplace.mask(layer)) == usable.BLACK


# finish


def test_nothing_is_changed_where_nothing_is_asked_for():
    every = np.arange(256, dtype=np.uint8)
    painted = np.tile(every[None, :, None], (200, 1, 3))
    asked = request((256, 200))
    assert np.array_equal(finished(painted, asked, strength=0), painted)


@pytest.mark.parametrize("slots", [STANDING, WALL])
def test_busy_places_get_calm_under_texts_and_stay_sharp_elsewhere(slots):
    asked = request((540, 540), slots=slots)
    made = finished(texture(), asked)
    left, top, right, bottom = pixel_box(slots.quiet[0], (540, 540))
    quiet = (slice(top, bottom), slice(left, right))
    assert gradient(texture())[quiet].mean() > 2 * finish.CALM
    assert gradient(made)[quiet].mean() < 1.15 * finish.CALM
    away = (slice(470, 530), slice(470, 530))
    assert gradient(made)[away].mean() > 0.8 * gradient(texture())[away].mean()


def test_a_calm_painting_is_left_alone():
    asked = request((540, 540), slots=WALL)
    changed = finished(wash(), asked).astype(int) - wash()
    left, top, right, _ = pixel_box(WALL.quiet[0], (540, 540))
    assert np.abs(changed[top : top + 200, left:right]).max() == 0


def test_calm_takes_no_colour_from_the_product():
    """The blur beside a red product that stands in the painting stays grey."""
    asked = request((540, 540), slots=WALL)
    own = shadow.Outline(shot(asked), asked.caption.cutout)
    painted = texture().copy()
    painted[...] = painted[..., :1]
    layer = inplace.placed(asked.caption, asked)
    painted[layer[..., 3] > 0] = (255, 0, 0)
    calm = finish.calmed(finish._TO_LINEAR[painted], shot(asked), own)
    assert not np.array_equal(calm, finish._TO_LINEAR[painted])
    beside = calm[:, : pixel_box(WALL.product, (540, 540))[0] - 2]
    assert np.ptp(beside, axis=2).max() < 0.02


def test_the_shadow_is_darkest_at_the_base_and_lighter_in_place():
    asked = request((540, 540))
    _, _, _, bottom = pixel_box(STANDING.product, (540, 540))
    under = (slice(bottom, bottom + 3), slice(190, 300))
    whole, half = (finished(wash(), asked, thrown=thrown) for thrown in (True, False))
    assert whole[under].mean() < 0.8 * wash()[under].mean()
    assert whole[under].mean() < half[under].mean() < wash()[under].mean()
    assert np.abs(half[:, :60].astype(int) - wash()[:, :60]).max() <= 1  # none is thrown


def test_a_glossy_style_s_floor_mirrors_the_product():
    floor = (slice(464, 480), slice(180, 260))  # the cup is blue
    dark = (wash() // 4).astype(np.uint8)
    asked = request((540, 540), "tech")
    matt = asked.model_copy(update={"style": asked.style.model_copy(update={"gloss": 0.0})})
    seen, dull = (finished(dark, each)[floor][..., 2].mean() for each in (asked, matt))
    assert seen > dull + 3


def test_light_is_taken_from_the_painting():
    asked = request((540, 540))
    bright_left = finish.lit(shot(asked), finish._TO_LINEAR[wash()])
    bright_right = finish.lit(shot(asked), finish._TO_LINEAR[wash()[:, ::-1]])
    even = finish.lit(shot(asked), finish._TO_LINEAR[np.full_like(wash(), 180)])
    assert (bright_left.side, bright_right.side, even.side) == (-1, 1, -1)


@pytest.mark.parametrize("product", [(-0.1, -0.1, 1.1, 1.1), (0.9, 0.9, 0.95, 1.0)])
@pytest.mark.parametrize("size", [(200, 160), (64, 90)])
def test_products_at_and_over_the_border_are_finished(product, size):
    for floor in (product[3], None):
        slots = Slots(layout="t", product=product, quiet=((0.0, 0.0, 0.5, 0.4),), floor=floor)
        made = finished(texture(size), request(size, slots=slots))
        assert made.shape == (size[1], size[0], 3)


# plain


def test_plain_grounds_are_told_from_scenes():
    solid = caption().cutout.copy()
    solid[..., 3] = 255
    photo = caption(subject=(0.0, 0.0, 1.0, 1.0)).model_copy(update={"cutout": solid})
    assert plain.is_plain(request(caption=photo))
    assert plain.is_plain(request(background="white"))
    assert not plain.is_plain(request())
