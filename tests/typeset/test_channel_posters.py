"""A poster for every channel: its size, its bytes, and what the platform refuses kept off it."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from typeset_kit import caption, copy, cutout, plan

from aigc.campaign import Brand, Pixels, Poster, Scene
from aigc.channels import all_channels, channel
from aigc.scene import SceneRequest
from aigc.scene.builtin import Backend as Painter
from aigc.typeset import SetRequest
from aigc.typeset.builtin import Backend

SCREENS = [name for name, row in all_channels().items() if row.print is None]
BARE = [name for name in SCREENS if not channel(name).texts]
OFFER = {
    "was": "$79.90",
    "discount": "-25%",
    "coupon": "PACK20",
    "link": "https://shop.example/trail-pack",
    "badges": ("CE", "OEKO-TEX"),
}
COPIES = (
    copy("Carry less. Go further.", "Two roomy compartments and padded straps.", "Shop now"),
    copy("Pack light", "Two compartments.", "Buy"),
)


def made(name: str, product: Pixels | None = None) -> Poster:
    """Make a poster as the flow does: planned, painted by the builtin scenes, set."""
    shown = caption() if product is None else caption(cutout=product)
    planned = plan(name, copies=COPIES, made_from=shown, **OFFER)
    (slots,) = Backend().plan([planned])
    request = SceneRequest(
        size=planned.channel.size,
        slots=slots,
        style=planned.style,
        brief=planned.brief,
        caption=planned.caption,
        background=planned.channel.background,
        seed=1,
    )
    pixels = Painter().paint([request])[0].pixels
    scene = Scene(id="s", channel=name, style="minimal", seed=1, slots=slots, image=pixels)
    (poster,) = Backend().set(
        [SetRequest(plan=planned, scene=scene, poster_id=name, metadata={"Software": "aigc"})]
    )
    return poster


def decoded(poster: Poster) -> Pixels:
    with Image.open(io.BytesIO(poster.data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("name", SCREENS)
def test_every_channel_gets_its_size_under_its_limit(name: str) -> None:
    row = channel(name)
    poster = made(name)
    with Image.open(io.BytesIO(poster.data)) as image:
        assert image.size == row.size == poster.size
        assert image.format == {"jpg": "JPEG", "png": "PNG"}[row.format]
        image.load()
    assert len(poster.data) <= row.max_bytes
    if not row.texts:
        assert {each.rstrip("-0123456789") for each in poster.boxes} == {"product"}
        return
    assert "headline" in poster.boxes
    assert row.links or not {"qr", "link"} & poster.boxes.keys()
    top, right, bottom, left = row.safe
    for element, box in poster.boxes.items():
        if element == "product" or poster.grounds.get(element) == "none":
            continue
        assert box[0] >= left - 0.002, element
        assert box[1] >= top - 0.002, element
        assert box[2] <= 1 - right + 0.002, element
        assert box[3] <= 1 - bottom + 0.002, element


WIDE, TALL = (420, 150), (130, 400)


@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize("shape", [(240, 320), WIDE, TALL])
def test_the_product_alone_stands_on_pure_white(name: str, shape: tuple[int, int]) -> None:
    row = channel(name)
    poster = made(name, cutout(*shape))
    pixels = decoded(poster)
    edge = max(2, round(0.02 * min(row.size)))
    for border in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
        assert border.min() == 255  # of the file as it is uploaded, after JPEG
    seen = pixels.min(axis=2) < 150  # darker than a soft shadow
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    high = (rows[-1] - rows[0] + 1) / row.size[1]
    wide = (columns[-1] - columns[0] + 1) / row.size[0]
    assert max(high, wide) >= row.fill
    assert max(high, wide) >= 0.8
    # Nothing stands beside it: what is dark is one thing, and that is the product.
    left, top, right, bottom = poster.boxes["product"]
    inside = np.zeros_like(seen)
    size = row.size
    inside[
        int(top * size[1]) : int(np.ceil(bottom * size[1])),
        int(left * size[0]) : int(np.ceil(right * size[0])),
    ] = True
    assert not (seen & ~cv2.dilate(inside.astype(np.uint8), np.ones((9, 9))).astype(bool)).any()


def test_nothing_of_the_brand_stands_where_text_is_refused(tmp_path) -> None:
    mark = np.full((40, 160, 4), (200, 30, 30, 255), np.uint8)
    Image.fromarray(mark).save(tmp_path / "logo.png")
    brand = Brand(name="Norrland", logo=str(tmp_path / "logo.png"))
    for name in ("amazon-main", "instagram-square"):
        planned = plan(name, copies=COPIES, brand=brand, **OFFER)
        (slots,) = Backend().plan([planned])
        assert bool(slots.quiet) == channel(name).texts


def test_a_code_only_where_it_may_lead_away() -> None:
    for name, allowed in (("instagram-portrait", True), ("xiaohongshu", False)):
        assert ("qr" in made(name).boxes) == allowed
