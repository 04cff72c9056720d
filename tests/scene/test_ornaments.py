"""Ornaments: on no product and no text, from either source, the same for the same seed."""

import cv2
import numpy as np
import pytest
from PIL import Image
from scene_kit import LYING, STANDING, request

from aigc import events
from aigc._engines import store
from aigc.campaign import Slots, pixel_box
from aigc.errors import MissingExtra
from aigc.scene import objects
from aigc.scene.builtin import Backend
from aigc.scene.ornaments import DRAWINGS, drawn
from aigc.styles import Decoration, all_styles

BESIDE = Slots(
    layout="test",
    product=(0.55, 0.3, 0.9, 0.88),
    quiet=((0.06, 0.3, 0.46, 0.52), (0.06, 0.6, 0.4, 0.7)),
    floor=0.88,
)
DECORATED = [style.name for style in all_styles().values() if style.decoration]
CODES = {each.object for style in all_styles().values() for each in style.decoration} - {""}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A stand-in for the packaged objects: blue discs with a red upper left."""
    pixels = np.zeros((256, 256, 4), np.uint8)
    cv2.circle(pixels, (128, 128), 100, (20, 40, 220, 255), -1)
    cv2.circle(pixels, (90, 90), 30, (230, 20, 20, 255), -1)
    for code in CODES:
        Image.fromarray(pixels).save(tmp_path / f"{code}.webp", lossless=True)
    monkeypatch.setattr(objects, "folder", lambda: tmp_path)
    monkeypatch.setattr(objects, "present", lambda: True)
    objects.sized.cache_clear()
    objects._original.cache_clear()
    objects.height.cache_clear()
    yield tmp_path
    objects.sized.cache_clear()
    objects._original.cache_clear()
    objects.height.cache_clear()


@pytest.fixture
def no_package(monkeypatch, tmp_path):
    """Nothing fetched, and no npm to fetch with."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))


def with_and_without(asked, **options):
    """The picture with ornaments, and bare."""
    return tuple(
        Backend(grain=0, ornaments=source, **options).paint([asked])[0].pixels
        for source in ("drawn", "none")
    )


@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("side", [-1, 1])
def test_every_kind_is_drawn_in_its_tint_and_lit(kind, side):
    for way in range(DRAWINGS[kind].ways):
        sprite = drawn(kind, "#c02030", 96, side, way)
        assert sprite.light.shape == (*sprite.cover.shape, 3)
        assert sprite.cover.max() > 0.85
        assert 0.02 < sprite.cover.mean() < 0.95
        assert sprite.light.min() >= 0
        assert sprite.light.max() <= 1


def test_light_comes_from_the_key_s_side():
    left, right = (drawn("bauble", "#c02030", 192, side, 0).light.sum(axis=2) for side in (-1, 1))
    half = left.shape[1] // 2
    assert left[:, :half].sum() > left[:, half:].sum()
    assert right[:, half:].sum() > right[:, :half].sum()


@pytest.mark.parametrize("name", DECORATED)
@pytest.mark.parametrize(
    ("size", "slots"), [((480, 480), LYING), ((600, 340), BESIDE), ((360, 640), STANDING)]
)
def test_ornaments_touch_neither_text_nor_product(name, size, slots):
    asked = request(size, name, slots)
    dressed, bare = with_and_without(asked)
    for box in slots.quiet:
        left, top, right, bottom = pixel_box(box, size)
        assert np.array_equal(dressed[top:bottom, left:right], bare[top:bottom, left:right])
    left, top, right, bottom = pixel_box(slots.product, size)
    cover = cv2.resize(asked.caption.cutout[..., 3], (right - left, bottom - top)) > 127
    changed = (dressed != bare).any(axis=2)[top:bottom, left:right]
    assert not (changed & cover).any()


@pytest.mark.parametrize("name", DECORATED)
def test_every_decorated_style_shows_its_ornaments(name):
    dressed, bare = with_and_without(request((540, 540), name, BESIDE))
    assert (dressed != bare).any(axis=2).mean() > 0.002


def test_same_seed_same_ornaments_and_another_seed_others():
    asked = request((480, 480), "christmas", BESIDE)
    one, again = (Backend(ornaments="drawn").paint([asked])[0].pixels for _ in range(2))
    other = Backend(ornaments="drawn").paint([asked.model_copy(update={"seed": 99})])[0].pixels
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_ornaments_do_not_depend_on_the_batch():
    asked = [request((420, 420), name, BESIDE) for name in ("diwali", "valentine")]
    backend = Backend(ornaments="drawn")
    for alone, together in zip(asked, backend.paint(asked), strict=True):
        assert np.array_equal(backend.paint([alone])[0].pixels, together.pixels)


@pytest.mark.parametrize("size", [(90, 90), (728, 90)])
def test_small_banners_stay_bare(size):
    dressed, bare = with_and_without(request(size, "christmas"))
    assert np.array_equal(dressed, bare)


def test_white_backgrounds_stay_bare():
    dressed, bare = with_and_without(request((400, 400), "christmas", background="white"))
    assert np.array_equal(dressed, bare)


def test_objects_are_shown_where_they_are_there(package):
    asked = request((720, 720), "promo", BESIDE)
    shown = Backend(grain=0).paint([asked])[0].pixels.astype(int)
    drawn_ones = Backend(grain=0, ornaments="drawn").paint([asked])[0].pixels.astype(int)
    blue = (shown[..., 2] - shown[..., 0] > 60) & (np.abs(shown - drawn_ones).sum(axis=2) > 60)
    assert blue.mean() > 0.005
    assert Backend().materials == objects.version()
    assert Backend(ornaments="drawn").materials == {}


def test_an_object_is_never_enlarged_until_it_is_soft(package):
    code = min(CODES)
    assert objects.height(code) <= 1.3 * 201
    big = request((1400, 1400), "promo", BESIDE)
    large = big.style.decoration[0].model_copy(update={"size": 0.45, "count": 1})
    style = big.style.model_copy(update={"decoration": (large,), "sets": ("studio",)})
    asked = big.model_copy(update={"style": style})
    assert np.array_equal(
        Backend().paint([asked])[0].pixels, Backend(ornaments="drawn").paint([asked])[0].pixels
    )


def test_gleam_of_an_object_is_on_the_key_s_side(package):
    code = min(CODES)
    left, right = (objects.sized(code, 100, side).light for side in (-1, 1))
    assert np.array_equal(left, right[:, ::-1])
    assert left[:, :50, 0].sum() > left[:, 50:, 0].sum()


def test_without_npm_the_style_is_drawn_and_says_so_once(no_package):
    seen = []
    asked = [request((300, 300), "promo", seed=seed) for seed in (1, 2)]
    with events.listening(seen.append):
        pictures = Backend().paint(asked)
    said = [event.message for event in seen if "ornaments" in event.message]
    assert len(said) == 1
    assert "aigc models pull decoration-3d" in said[0]
    assert Backend().materials == {}
    for one, same in zip(pictures, Backend(ornaments="drawn").paint(asked), strict=True):
        assert np.array_equal(one.pixels, same.pixels)


def test_objects_that_must_be_had_and_cannot_are_an_error(no_package):
    with pytest.raises(MissingExtra, match="needs npm"):
        Backend(ornaments="objects").paint([request((300, 300), "promo")])


def test_a_style_that_names_no_object_says_nothing(no_package):
    seen = []
    with events.listening(seen.append):
        Backend().paint([request((300, 300), "minimal")])
    assert seen == []


def test_code_points_of_the_styles_are_in_the_package_s_form():
    for code in CODES:
        assert Decoration(kind="star", place="floor", object=code).object == code
    assert store.models()[objects.PACKAGE].optional
