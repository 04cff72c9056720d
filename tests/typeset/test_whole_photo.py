"""Posters of a photo that no product could be cut out of: it is shown whole, and shown well."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest
from typeset_kit import caption, copy, plan, request

from aigc.campaign import Box, Caption, Pixels, pixel_box
from aigc.channels import all_channels, channel
from aigc.scene import SceneRequest
from aigc.scene.builtin import Backend as Painter
from aigc.typeset import layouts, whole
from aigc.typeset.builtin import Backend, composed

CHANNELS = {each.shape: each.name for each in reversed(all_channels().values()) if each.texts}
CHANNELS["portrait-3:4"] = "xiaohongshu"
CHANNELS["landscape-6:5"] = "iab-rectangle"
PHOTOS = {  # size, focus
    "tall": ((900, 1200), (0.2, 0.1, 0.8, 0.95)),
    "wide": ((1200, 800), (0.1, 0.15, 0.7, 0.9)),
    "square": ((1000, 1000), (0.3, 0.3, 0.9, 0.95)),
    "all-subject": ((1000, 1000), (0.0, 0.0, 1.0, 1.0)),
    "small": ((348, 348), (0.2, 0.1, 0.8, 0.9)),
    "panorama": ((1800, 500), (0.4, 0.0, 0.6, 1.0)),
    "tower": ((300, 1500), (0.1, 0.3, 0.9, 0.8)),
}


def photo(size: tuple[int, int], focus: Box = (0.0, 0.0, 1.0, 1.0)) -> Caption:
    """A photo in which each pixel says where it is: red to the right, green downwards."""
    width, height = size
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)[None]
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    pixels[..., 2] = 90
    return caption(cutout=pixels, subject=(0, 0, 1, 1), focus=focus, background="scene")


def there(pixels: Pixels, box: Box) -> Pixels:
    """The pixels of a poster in a box."""
    left, top, right, bottom = pixel_box(box, (pixels.shape[1], pixels.shape[0]))
    return pixels[top:bottom, left:right]


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes overlap by more than a pixel's rounding."""
    slack = 2e-3
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > slack
        and min(one[3], other[3]) - max(one[1], other[1]) > slack
    )


@pytest.mark.parametrize("shape", CHANNELS)
@pytest.mark.parametrize(("kind", "language"), list(zip(PHOTOS, cycle(("en", "zh-CN")))))
def test_the_subject_is_in_sight_and_nothing_stands_on_the_photo(
    shape: str, kind: str, language: str
) -> None:
    size, focus = PHOTOS[kind]
    asked = request(plan(CHANNELS[shape], language, made_from=photo(size, focus)), "noise")
    made = composed(asked.plan, asked.scene)
    assert set(made.boxes) >= {"product", "subject", "headline", "price", "cta"}
    for name, box in made.boxes.items():
        if name not in ("product", "subject"):
            assert not meet(box, made.boxes["product"]), name
    assert min(made.contrast.values()) >= 4.5
    subject = there(made.pixels, made.boxes["subject"])[..., :2].reshape(-1, 2) / 255
    # All of the focus: its corners are there, by the colours that say where they are.
    np.testing.assert_allclose(subject.min(0), focus[:2], atol=0.03)
    np.testing.assert_allclose(subject.max(0), focus[2:], atol=0.03)
    assert (there(made.pixels, made.boxes["product"])[..., 2] == 90).all()


@pytest.mark.parametrize("shape", CHANNELS)
@pytest.mark.parametrize("kind", PHOTOS)
@pytest.mark.parametrize("variant", [0, 1])
def test_a_photo_keeps_its_shape_and_is_not_blown_up(shape: str, kind: str, variant: int) -> None:
    size, focus = PHOTOS[kind]
    made_from = photo(size, focus)
    (slots,) = Backend().plan([plan(CHANNELS[shape], made_from=made_from, variant=variant)])
    left, top, right, bottom = pixel_box(slots.product, channel(CHANNELS[shape]).size)
    part = whole.shown(made_from, (right - left) / (bottom - top))
    across = (right - left) / (size[0] * (part[2] - part[0]))
    down = (bottom - top) / (size[1] * (part[3] - part[1]))
    assert across == pytest.approx(down, rel=0.03)
    assert across <= whole.MOST_ENLARGED * 1.03
    assert min(part[2] - part[0], part[3] - part[1]) >= 1 - whole.MOST_CUT - 0.03


@pytest.mark.parametrize("shape", CHANNELS)
def test_every_shape_has_ways_to_show_a_photo(shape: str) -> None:
    own = layouts.for_photos(channel(CHANNELS[shape]))
    low = {"over"} if shape == "leaderboard" else set()  # no photo has a side for a line of words
    assert set(own) == {"framed", "plate", "bleed", "over"} - low
    assert all(layouts.named(name).photo == way for way, name in own.items())


def test_the_arrangement_follows_photo_and_channel_and_variants_alternate() -> None:
    def ways(kind: str, name: str) -> list[str]:
        made_from = photo(*PHOTOS[kind])
        plans = [plan(name, made_from=made_from, variant=variant) for variant in (0, 1)]
        return [layouts.named(slots.layout).photo for slots in Backend().plan(plans)]

    assert ways("wide", "instagram-square") == ["bleed", "framed"]
    assert ways("tall", "google-landscape") == ["bleed", "framed"]
    assert ways("all-subject", "instagram-square") == ["framed", "plate"]  # no room to crop
    assert ways("small", "instagram-portrait") == ["framed", "plate"]  # it would look soft


def test_a_photo_up_to_the_edges_leaves_no_text_out() -> None:
    long = copy(
        "Made for the long way home, every day on", "It keeps small things near. " * 3, "Go"
    )
    made_from = photo((1000, 1000), (0.1, 0.05, 0.9, 0.95))
    for name in CHANNELS.values():
        asked = plan(name, copies=(long,), made_from=made_from)
        safe = composed(asked, request(asked, "light", "gallery").scene)
        made = composed(asked, request(asked).scene)
        assert set(made.boxes) >= set(safe.boxes)


def test_what_was_painted_does_not_show_around_a_photo() -> None:
    asked = plan("instagram-portrait", made_from=photo((600, 600)))
    one, other = (composed(asked, request(asked, kind).scene) for kind in ("noise", "dark"))
    assert np.array_equal(one.pixels, other.pixels)
    top = one.pixels[:8].reshape(-1, 3)
    assert (top == top[0]).all()


def test_a_photo_throws_no_shadow() -> None:
    asked = plan("instagram-square", made_from=photo((600, 600)))
    (slots,) = Backend().plan([asked])
    for background in ("scene", "white"):
        painted = SceneRequest(
            size=(540, 540),
            slots=slots,
            style=asked.style,
            brief=asked.brief,
            caption=asked.caption,
            background=background,
            seed=1,
        )
        wall = Painter().paint([painted])[0].pixels
        assert (wall == wall[0, 0]).all()
        assert (wall[0, 0] == 255).all() == (background == "white")


def test_a_white_channel_shows_the_photo_alone_on_white() -> None:
    asked = request(plan("jd-main", made_from=photo((300, 200))), "noise")
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(made.boxes["product"], (800, 800))
    assert (right - left, bottom - top) == (480, 320)  # 1.6 times its own size
    outside = made.pixels.copy()
    outside[top:bottom, left:right] = 255
    assert (outside == 255).all()


def test_a_square_product_is_no_whole_photo() -> None:
    box = caption(cutout=np.full((80, 120, 4), 255, np.uint8), subject=(0.2, 0.2, 0.8, 0.8))
    assert not box.whole
    (slots,) = Backend().plan([plan(made_from=box)])
    assert not layouts.named(slots.layout).photo


@pytest.mark.parametrize("name", ["bleed", "gallery", "crown"])
def test_a_layout_asked_for_by_name_takes_any_photo(name: str) -> None:
    for size, focus in PHOTOS.values():
        asked = request(plan(made_from=photo(size, focus)), layout=name)
        assert asked.scene.slots.layout == name
        assert min(composed(asked.plan, asked.scene).contrast.values()) >= 4.5
