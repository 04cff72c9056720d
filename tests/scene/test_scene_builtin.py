"""Studio sets: deterministic, any size, calm where text stands, shadows where light says."""

import itertools
import pickle

import cv2
import numpy as np
import pytest
from scene_kit import LYING, STANDING, caption, request

from aigc.campaign import Slots, pixel_box
from aigc.scene.builtin import Backend
from aigc.scene.sets import SETS
from aigc.styles import all_styles


def luminance(pixels: np.ndarray) -> np.ndarray:
    linear = (pixels.astype(np.float32) / 255) ** 2.2
    return linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def grey(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)


LIGHT_BLACK_AND_VIVID = itertools.product(SETS, ("fresh", "luxury-dark", "promo"))
OWN = [(name, style.name) for style in all_styles().values() for name in style.sets]


@pytest.mark.parametrize(("name", "style"), sorted({*LIGHT_BLACK_AND_VIVID, *OWN}))
def test_sets_paint_in_any_light_and_in_their_styles(name, style):
    pixels = Backend(set=name).paint([request((240, 300), style)])[0].pixels
    assert pixels.shape == (300, 240, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 1  # lit, not flat


def test_same_seed_same_picture_and_batch_equals_singles():
    asked = [request(seed=seed, style=style) for seed, style in ((1, "fresh"), (2, "promo"))]
    backend = Backend()
    batch = backend.paint(asked)
    again = pickle.loads(pickle.dumps(backend)).paint(list(reversed(asked)))
    assert np.array_equal(batch[0].pixels, again[1].pixels)
    assert np.array_equal(batch[1].pixels, again[0].pixels)


def test_seed_changes_the_picture():
    one, other = (Backend(set="window").paint([request(seed=seed)])[0].pixels for seed in (1, 2))
    assert np.abs(one.astype(int) - other).mean() > 1


@pytest.mark.parametrize(
    "size", [(1080, 1920), (1200, 628), (728, 90), (160, 600), (300, 250), (48, 48)]
)
def test_sizes(size):
    assert Backend().paint([request(size)])[0].pixels.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("slots", [STANDING, LYING])
def test_white_is_pure_at_the_border_and_shaded_at_the_product(slots):
    pixels = Backend().paint([request((400, 400), slots=slots, background="white")])[0].pixels
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()
    left, top, right, bottom = pixel_box(slots.product, (400, 400))
    near = pixels[top : bottom + 12, left:right]
    assert near.min() < 245
    assert (np.ptp(pixels, axis=2) == 0).all()  # a grey shadow, never a tint


def test_gradients_do_not_band():
    pixels = Backend(set="studio").paint([request((900, 900))])[0].pixels
    column = pixels[:, 30, 1].astype(int)
    longest = max(len(list(run)) for _, run in itertools.groupby(column))
    assert longest < 12
    bare = Backend(set="studio", grain=0).paint([request((900, 900))])[0].pixels
    longest_bare = max(len(list(run)) for _, run in itertools.groupby(bare[:, 30, 1]))
    assert longest_bare > longest


@pytest.mark.parametrize("style", ["minimal", "natural", "luxury-dark"])
def test_shadow_is_darkest_at_the_base(style):
    asked = request((600, 600), style)
    pixels = luminance(Backend(set="studio", light="left").paint([asked])[0].pixels)
    left, _, right, bottom = pixel_box(STANDING.product, (600, 600))
    cup = slice(left + 20, left + int((right - left) * 0.7))
    seam = pixels[bottom + 1 : bottom + 4, cup].mean()
    lower = pixels[bottom + 40 : bottom + 44, cup].mean()
    far = pixels[bottom + 1 : bottom + 4, 20:60].mean()
    assert seam < 0.9 * lower
    assert seam < 0.85 * far


def test_cast_shadow_falls_away_from_the_light():
    left, _, right, bottom = pixel_box(STANDING.product, (600, 600))
    rows = slice(bottom - 25, bottom - 5)

    def sides(light: str) -> tuple[float, float]:
        asked = request((600, 600), "minimal")
        pixels = luminance(Backend(set="studio", light=light, grain=0).paint([asked])[0].pixels)
        return pixels[rows, left - 45 : left - 5].mean(), pixels[
            rows, right + 5 : right + 45
        ].mean()

    from_left, from_right = sides("left"), sides("right")
    assert from_left[1] < from_right[1]
    assert from_right[0] < from_left[0]


def test_a_product_without_floor_gets_a_shadow_below_and_no_horizon():
    size = (500, 500)
    pixels = luminance(
        Backend(set="studio", grain=0).paint([request(size, "minimal", LYING)])[0].pixels
    )
    left, _, right, bottom = pixel_box(LYING.product, size)
    under = pixels[bottom + 2 : bottom + 6, left + 30 : right - 80].mean()
    assert under < 0.9 * pixels[bottom + 2 : bottom + 6, 20:50].mean()


def test_a_product_cut_off_by_its_photo_never_stands():
    cut = request((400, 400), "fresh", caption=caption(subject=(0.1, 0.1, 0.9, 1.0)))
    lies = request((400, 400), "fresh", LYING)
    backend = Backend(set="studio")
    assert np.array_equal(backend.paint([cut])[0].pixels, backend.paint([lies])[0].pixels)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("size", "slots"),
    [
        ((600, 600), STANDING),
        ((600, 600), LYING),
        (
            (960, 500),
            Slots(
                layout="test",
                product=(0.58, 0.2, 0.92, 0.86),
                quiet=((0.05, 0.12, 0.47, 0.88),),
                floor=0.86,
            ),
        ),
    ],
)
def test_text_gets_quiet(name, size, slots):
    pixels = grey(Backend(set=name, grain=0).paint([request(size, "fresh", slots)])[0].pixels)
    left, top, right, bottom = pixel_box(slots.quiet[0], size)
    zone = pixels[top:bottom, left:right]
    slope = np.hypot(*np.gradient(zone))
    assert slope.mean() < 0.8
    assert np.percentile(slope, 99) < 5
    assert zone.std() < 12


def test_dark_style_is_dark_and_light_style_light():
    def mean(style: str) -> float:
        return float(luminance(Backend().paint([request(style=style)])[0].pixels).mean())

    assert mean("luxury-dark") < 0.1
    assert mean("minimal") > 0.5


def test_glossy_floor_mirrors_the_product():
    asked = request((500, 500), "luxury-dark")
    matt = asked.model_copy(update={"style": asked.style.model_copy(update={"gloss": 0.0})})
    glossy, dull = (
        Backend(set="studio", grain=0).paint([each])[0].pixels for each in (asked, matt)
    )
    left, _, right, bottom = pixel_box(STANDING.product, (500, 500))
    area = np.s_[bottom + 4 : bottom + 20, left + 20 : left + 100]
    assert glossy[area][..., 2].mean() > dull[area][..., 2].mean() + 5  # the cup is blue
    assert right < 500


def test_podium_stands_under_the_product():
    size = (600, 600)
    with_podium = Backend(set="podium", grain=0).paint([request(size)])[0].pixels.astype(int)
    without = Backend(set="studio", grain=0).paint([request(size)])[0].pixels.astype(int)
    _, _, _, bottom = pixel_box(STANDING.product, size)
    changed = np.abs(with_podium - without).sum(axis=2)
    assert changed[bottom + 10 : bottom + 40, 250:350].mean() > 10


@pytest.mark.parametrize("product", [(-0.1, -0.1, 1.1, 1.1), (0.9, 0.9, 0.95, 1.0)])
def test_products_at_and_over_the_border(product):
    slots = Slots(layout="test", product=product, floor=product[3])
    for name in SETS:
        assert Backend(set=name).paint([request((200, 160), slots=slots)])[0].pixels.shape == (
            160,
            200,
            3,
        )


def test_an_empty_cutout_still_gives_a_backdrop():
    blank = caption().model_copy(update={"cutout": np.zeros((20, 20, 4), np.uint8), "palette": ()})
    pixels = Backend().paint([request(caption=blank)])[0].pixels
    assert np.isfinite(pixels).all()
    assert pixels.std() > 1
