"""Price, discount, coupon, code and seals: in every layout, apart from each other, readable."""

from __future__ import annotations

from typing import Any

import cv2
import pytest
from test_typeset_layouts import CASES as ALL
from test_typeset_layouts import check
from typeset_kit import COPY, copy, plan, request

from aigc.campaign import Box, Pixels, pixel_box
from aigc.channels import channel
from aigc.errors import BriefError
from aigc.typeset import qr, words
from aigc.typeset.builtin import composed, elements_of

LINK = "https://norrland.example/trail?c=ig"
LINKED = {  # channels of each shape on whose pictures a code may stand
    "square": "instagram-square",
    "portrait": "instagram-portrait",
    "story": "instagram-story",
    "landscape": "google-landscape",
}
CASES = [(layout, LINKED.get(channel(name).shape, name)) for layout, name in ALL]
FULL: dict[str, dict[str, Any]] = {
    "en": {"price": "$59.90", "was": "$89.90", "discount": "-30%", "coupon": "TRAIL20"},
    "zh-CN": {"price": "¥199", "was": "¥259", "discount": "7.7折", "coupon": "满199减30"},
    "ar": {"price": "199 ر.س", "was": "299 ر.س", "discount": "-30%", "coupon": "رحلة20"},
}
COPIES = {**COPY, "ar": ("سافر بخفّة وانطلق أبعد", "جيبان واسعان وأحزمة مريحة.", "تسوّق الآن")}
EXTRAS = {"link": LINK, "badges": ("OEKO-TEX 100", "Climate neutral")}


def full(name: str, language: str = "en", **more: Any) -> Any:
    return plan(name, language, (copy(*COPIES[language]),), **FULL[language], **EXTRAS, **more)


def scanned(pixels: Pixels, box: Box) -> str:
    """What a phone reads that is pointed at the code: some of the poster around it is in sight."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = pixel_box(box, (width, height))
    seen = pixels[max(top - 24, 0) : bottom + 24, max(left - 24, 0) : right + 24]
    for nearer in (1, 1.5, 2, 3):  # as one moves a phone
        view = cv2.resize(seen, None, fx=nearer, fy=nearer, interpolation=cv2.INTER_CUBIC)
        for reader in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
            if text := reader.detectAndDecode(view)[0]:
                return str(text)
    return ""


@pytest.mark.parametrize(("layout", "name"), CASES)
@pytest.mark.parametrize("language", FULL)
def test_the_whole_offer_keeps_apart_in_every_layout(layout: str, name: str, language: str) -> None:
    elements = elements_of(full(name, language), layout)
    check({each.name: each.box for each in elements.values()})
    assert {"product", "headline", "price", "cta"} <= set(elements)


@pytest.mark.parametrize(("layout", "name"), CASES)
def test_what_matters_least_goes_first(layout: str, name: str) -> None:
    """Of the parts of an offer; a layout may set words and offer in different rooms."""
    shown = set(elements_of(full(name), layout))
    parts = ["coupon", "was", "discount"]
    there = [part in shown for part in parts]
    assert there == sorted(there), shown


def test_offers_without_a_price_stand_alone() -> None:
    shown = elements_of(plan(price="", was="$9", discount="2 for 1"), "crown")
    assert "discount" in shown
    assert not {"price", "was"} & set(shown)  # nothing to be less than


def test_small_banners_keep_price_and_button() -> None:
    for name in ("iab-leaderboard", "iab-rectangle", "iab-skyscraper"):
        for layout, shape in CASES:
            if channel(shape).shape == channel(name).shape:
                shown = elements_of(full(name), layout)
                assert {"price", "cta"} <= set(shown)
                assert not {"qr", "badge-1"} & set(shown)


def test_the_old_price_is_smaller_and_struck() -> None:
    asked = request(full("instagram-square"), "light", "crown")
    made = composed(asked.plan, asked.scene)
    assert made.sizes["was"] < 0.6 * made.sizes["price"]
    left, top, right, bottom = pixel_box(made.boxes["was"], (1080, 1080))
    dark = made.pixels[top:bottom, left:right].max(axis=2) < 150
    assert dark.mean(axis=1).max() > 0.95  # one line from end to end
    assert made.texts["was"] == "$89.90"


@pytest.mark.parametrize("kind", ["light", "dark", "noise"])
@pytest.mark.parametrize("look", ["minimal", "luxury-dark"])
def test_every_part_reads(kind: str, look: str) -> None:
    for layout in ("crown", "split", "sale"):
        asked = request(full("instagram-square", look=look), kind, layout)
        made = composed(asked.plan, asked.scene)
        read = {"price", "was", "discount", "coupon", "cta", "badge-1"} & set(made.boxes)
        assert {"price", "discount", "cta"} <= read
        for name in read:
            assert made.contrast[name] >= 4.5, name


@pytest.mark.parametrize("name", ["instagram-square", "instagram-story", "facebook-feed"])
@pytest.mark.parametrize("look", ["minimal", "luxury-dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_phone_reads_the_code(name: str, look: str, language: str) -> None:
    read = 0
    for layout, shown in CASES:
        if channel(shown).shape != channel(name).shape:
            continue
        asked = request(full(name, language, look=look), "noise", layout)
        made = composed(asked.plan, asked.scene)
        if "qr" not in made.boxes:
            continue
        left, top, right, bottom = pixel_box(made.boxes["qr"], asked.plan.channel.size)
        modules = len(qr.rows(LINK)) + 2 * qr.QUIET
        assert (right - left) % modules == 0  # whole pixels
        assert (right - left) // modules >= qr.LEAST
        plate = made.pixels[top:bottom, left:right]
        module = (right - left) // modules
        quiet = qr.QUIET * module
        corner = 2 * module  # rounded
        assert (plate[corner : quiet - 1, corner:-corner] > 250).all()
        assert scanned(made.pixels, made.boxes["qr"]) == LINK, layout
        read += 1
    assert read >= 2


def test_a_photo_of_the_poster_still_gives_the_code() -> None:
    asked = request(full("instagram-portrait"), "light", "crown")
    made = composed(asked.plan, asked.scene)
    seen = cv2.resize(made.pixels, (720, 900), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, 70])
    assert scanned(cv2.imdecode(data, cv2.IMREAD_COLOR), made.boxes["qr"]) == LINK


@pytest.mark.parametrize(
    "link",
    ["www.norrland.example", "ftp://a.example", "https://", "https://a b.example", "tel:", "x:y"],
)
def test_names_a_link_that_no_phone_opens(link: str) -> None:
    with pytest.raises(BriefError, match=r"link = '.*https://"):
        qr.check(link)


def test_names_a_link_that_is_too_long() -> None:
    qr.check("https://a.example/" + "x" * 130)
    with pytest.raises(BriefError, match=r"link = .*198 bytes.*shorten"):
        qr.check("https://a.example/" + "x" * 180)


@pytest.mark.parametrize(
    "link", ["http://a.example", "tel:+861234", "mailto:a@b.example", "weixin://x"]
)
def test_takes_what_phones_open(link: str) -> None:
    assert len(qr.rows(link)) in (21, 25)


def test_a_price_of_arabic_letters_runs_from_the_right() -> None:
    assert words.label("199 ر.س")["rtl"]
    assert not words.label("-30%")["rtl"]
