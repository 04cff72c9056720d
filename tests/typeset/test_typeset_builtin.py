"""Finished posters: product pixels, contrast, size, bytes, metadata."""

from __future__ import annotations

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typeset_kit import backdrop, caption, copy, cutout, plan, request

from aigc.campaign import Brand, pixel_box
from aigc.channels import all_channels
from aigc.errors import BriefError
from aigc.typeset import contrast, layouts
from aigc.typeset.builtin import Backend, composed
from aigc.typeset.compose import resized
from aigc.typeset.encode import XMP, encode

KINDS = ("light", "dark", "grey", "split", "stripes", "noise")


@pytest.mark.parametrize("name", ["wechat-moments", "google-landscape", "iab-skyscraper"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("look", ["minimal", "luxury-dark"])
def test_reads_on_any_ground(name: str, kind: str, look: str) -> None:
    made = composed(*_parts(name, kind, look))
    texts = {each for each in made.boxes if not each.startswith(("product", "panel", "cover"))}
    assert set(made.contrast) == texts
    assert min(made.contrast.values()) >= 4.5, made.contrast


def test_contrast_is_that_of_the_drawn_pixels() -> None:
    planned, scene = _parts("instagram-square", "grey", "minimal")
    made = composed(planned, scene)
    left, top, right, bottom = pixel_box(made.boxes["headline"], planned.channel.size)
    drawn = made.pixels[top:bottom, left:right].reshape(-1, 3)
    light = contrast.luminance(drawn)
    reached = (light.max() + 0.05) / (light.min() + 0.05)
    assert reached == pytest.approx(made.contrast["headline"], rel=0.1)


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        (layout.name, name)
        for layout in layouts.all_layouts().values()
        for name, shape in {
            "wechat-moments": "square",
            "instagram-portrait": "portrait",
            "instagram-story": "story",
            "google-landscape": "landscape",
            "iab-leaderboard": "leaderboard",
            "iab-skyscraper": "skyscraper",
        }.items()
        if shape in layout.shapes and layout.background == "scene"
    ],
)
def test_never_touches_the_products_pixels(layout: str, name: str) -> None:
    asked = request(plan(name), "noise", layout)
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(asked.scene.slots.product, asked.plan.channel.size)
    product = resized(asked.plan.caption.cutout, (right - left, bottom - top))
    solid = cv2.erode((product[..., 3] == 255).astype(np.uint8), np.ones((3, 3))) > 0
    assert solid.sum() > 0.5 * solid.size
    there = made.pixels[top:bottom, left:right]
    assert np.array_equal(there[solid], product[..., :3][solid])


SIZES = ["wechat-moments", "instagram-story", "iab-rectangle", "iab-leaderboard", "iab-skyscraper"]


@pytest.mark.parametrize("kind", ["light", "noise"])
def test_fits_its_channel(kind: str) -> None:
    for name in [*SIZES, "jd-main"]:
        channel = all_channels()[name]
        (poster,) = Backend().set([request(plan(channel.name), kind)])
        with Image.open(io.BytesIO(poster.data)) as image:
            assert image.size == channel.size == poster.size
            assert image.format == {"jpg": "JPEG", "png": "PNG"}[channel.format]
            assert image.mode == "RGB"
            assert not image.getexif()
            image.load()
        assert len(poster.data) <= channel.max_bytes
        assert poster.file == f"typeset/p.{channel.format}"


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_uses_the_bytes_it_has(kind: str) -> None:
    pixels = backdrop("noise", (120, 90))
    for limit in (3_000, 8_000):
        data = encode(pixels, kind, limit, {})
        assert 0.6 * limit < len(data) <= limit
    with pytest.raises(BriefError, match="does not fit into 200 bytes"):
        encode(pixels, kind, 200, {})


def test_carries_its_metadata() -> None:
    pixels = backdrop("light", (60, 40))
    said = {"Software": "aigc", "Description": "包", XMP: "<x:xmpmeta/>"}
    with Image.open(io.BytesIO(encode(pixels, "png", 10**6, said))) as image:
        assert {key: image.info[key] for key in said} == said
    with Image.open(io.BytesIO(encode(pixels, "jpg", 10**6, said))) as image:
        assert json.loads(image.info["comment"]) == {"Software": "aigc", "Description": "包"}
        assert image.info["xmp"] == b"<x:xmpmeta/>"


def test_is_the_same_to_the_byte_alone_or_in_a_batch() -> None:
    asked = [request(plan(name)) for name in ("iab-rectangle", "iab-leaderboard")]
    together = Backend().set(asked)
    again = [Backend().set([each])[0] for each in asked]
    assert [poster.data for poster in together] == [poster.data for poster in again]


def test_shows_the_best_copy_that_the_channel_takes() -> None:
    long = copy("Far too long for any of these channels " * 2)
    for copies, shown in (((long, copy("One"), copy("Two")), "One"), ((long,), long.id)):
        asked = request(plan("iab-rectangle", copies=copies))
        assert composed(asked.plan, asked.scene).copy_id == shown


def test_puts_the_logo_where_the_name_would_be(tmp_path: Path) -> None:
    mark = np.zeros((40, 160, 4), np.uint8)
    mark[8:32, 10:150] = (20, 20, 20, 255)
    Image.fromarray(mark).save(tmp_path / "logo.png")
    brand = Brand(name="Norrland", logo=str(tmp_path / "logo.png"))
    asked = request(plan(brand=brand), "dark", "crown")
    made = composed(asked.plan, asked.scene)
    assert "brand" not in made.boxes
    left, top, right, bottom = pixel_box(made.boxes["logo"], asked.plan.channel.size)
    assert (right - left) / (bottom - top) == pytest.approx(140 / 24, rel=0.05)
    inside = made.pixels[top:bottom, left:right]
    assert np.abs(inside[3:-3, 3:-3].astype(int) - 20).max() <= 2
    plate = made.pixels[top - 3, (left + right) // 2]
    assert plate.min() > 200  # a dark logo on a dark scene stands on a white plate


def test_says_when_the_logo_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg/>")
    brand = Brand(logo=str(tmp_path / "logo.svg"))
    with pytest.raises(BriefError, match=r"brand\.logo = .*logo\.svg"):
        Backend().plan([plan(brand=brand)])


def test_sets_arabic_as_a_mirror_image() -> None:
    arabic = (copy("حقيبة ظهر خفيفة", cta="تسوق"),)
    asked = request(plan("google-landscape", "ar", arabic, price="59 $"), layout="split")
    made = composed(asked.plan, asked.scene)
    left, top, right, bottom = pixel_box(made.boxes["headline"], asked.plan.channel.size)
    assert made.boxes["product"][2] < made.boxes["headline"][0]
    drawn = made.pixels[top:bottom, left:right].min(axis=2) < 100
    assert 0.05 < drawn.mean() < 0.6  # letters, neither nothing nor boxes
    assert drawn[:, -12:].any()  # lines start at the right


@pytest.mark.parametrize("size", [(90, 120), (600, 800)])
def test_resamples_without_dark_fringes(size: tuple[int, int]) -> None:
    flat = cutout()
    flat[..., :3] = np.where(flat[..., 3:] > 0, 200, 0)
    other = resized(flat, size)
    seen = other[..., 3] > 24
    assert other[..., :3][seen].min() >= 190


def test_knows_what_stands() -> None:
    backend = Backend()
    own_alpha = caption(background="transparent", subject=(0, 0, 1, 1))
    whole_photo = caption(cutout=np.full((80, 120, 4), 255, np.uint8), subject=(0, 0, 1, 1))
    for made_from, stands in ((own_alpha, True), (whole_photo, False)):
        (slots,) = backend.plan([plan(made_from=made_from)])
        assert slots.floor == (slots.product[3] if stands else None)
        assert slots.product[3] < 0.99  # whole: nothing cuts it off


def _parts(name, kind, look):
    asked = request(plan(name, look=look), kind)
    return asked.plan, asked.scene
