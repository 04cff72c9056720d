"""The page for everyone: on a phone by touch, by keyboard alone, in light and in dark."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_kit import PATIENCE, Shop, Site

pytestmark = pytest.mark.browser

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
# What of a page is wider than the screen, and the words whose contrast is too low.
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DIM = (Path(__file__).parent / "dim.js").read_text("utf-8")


def fits(shop: Shop) -> None:
    assert shop.tab.evaluate(WIDER) <= 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_a_phone_by_touch(
    language: str, visit: Callable[..., Shop], plain_site: Site, photo: Path, tmp_path: Path
) -> None:
    shop = visit(plain_site, language, **PHONE).open()
    fits(shop)
    shop.shot("first")
    shop.drop(photo)
    shop.name("Pocket jar")
    shop.tab.locator("#channels label:has(input:not(:checked)):visible").first.tap()
    chosen = shop.tab.locator("#channels input:checked").count()
    fits(shop)
    shop.shot("filled")
    shop.button("product.go").tap()
    shop.posters(chosen)
    fits(shop)
    shop.shot("made")

    first = shop.tab.get_by_role("form", name=shop.say("review.card", place=1))
    headline = first.get_by_label(shop.say("review.headline"), exact=True)
    headline.tap()
    headline.fill("Fits a pocket")
    shop.saved(first.get_by_role("button", name=shop.say("review.save")).tap)
    fits(shop)
    shop.posters(chosen)
    shop.tab.locator("section.posters img").first.tap()
    dialog = shop.tab.get_by_role("dialog", name=shop.say("posters.title"))
    dialog.wait_for()
    fits(shop)
    shop.shot("large", full=False)
    dialog.get_by_role("button", name=shop.say("posters.close")).first.tap()
    with zipfile.ZipFile(shop.zip(tmp_path)) as packed:
        assert len([name for name in packed.namelist() if name.endswith(".jpg")]) >= chosen
    for part in ("catalogue", "history", "feedback"):
        tab = shop.tab.get_by_role("tab", name=shop.say(f"page.{part}"))
        if not tab.is_visible():  # the last ones are behind a button
            shop.tab.locator(".overflow-menu > button").tap()
            tab = shop.tab.locator(".overflow-dropdown button", has_text=shop.say(f"page.{part}"))
        tab.tap()
        shop.tab.wait_for_timeout(500)
        fits(shop)
        shop.shot(part)


def test_what_is_touched_is_large_enough(visit: Callable[..., Shop], plain_site: Site) -> None:
    shop = visit(plain_site, **PHONE).open()
    small = shop.tab.evaluate(
        """() => [...document.querySelectorAll('button, a[href], select, #channels label')]
            .filter(each => each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
            .map(each => [each.textContent.trim().slice(0, 40), each.getBoundingClientRect()])
            .filter(([, box]) => box.width > 1 && box.bottom > 0 && box.height < 40)
            .map(([text, box]) => `${text}: ${box.height}`)"""
    )
    assert small == []


class Keys:
    """Someone who has nothing but a keyboard."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.tab = shop, shop.tab

    def go(self, to: Any, most: int = 160) -> None:
        """Press Tab until the keyboard is there; the place must show that it is."""
        to.wait_for(state="attached", timeout=PATIENCE)
        for _ in range(most):
            if to.evaluate("each => each === document.activeElement"):
                return
            self.tab.keyboard.press("Tab")
        pytest.fail(f"{to}: cannot be reached by Tab")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)


def test_by_keyboard_alone_from_photo_to_zip(
    visit: Callable[..., Shop], plain_site: Site, photo: Path, tmp_path: Path
) -> None:
    shop = visit(plain_site).open()
    keys = Keys(shop)
    keys.go(shop.tab.locator("#photo input[type=file]"))
    with shop.tab.expect_file_chooser() as waiting:
        keys.press("Enter")
    waiting.value.set_files(photo)
    shop.tab.locator("#photo img").wait_for(timeout=PATIENCE)
    keys.go(shop.tab.get_by_label(shop.say("product.name"), exact=True))
    shop.tab.keyboard.type("Typed jar")
    box = shop.tab.locator("#channels input[type=checkbox]:visible").nth(1)
    before = box.is_checked()
    keys.go(box)
    keys.press("Space")
    assert box.is_checked() != before
    shop.shot("ticked", full=False)
    chosen = shop.tab.locator("#channels input:checked").count()
    keys.go(shop.button("product.go"))
    keys.press("Enter")
    shop.posters(chosen)

    first = shop.tab.get_by_role("form", name=shop.say("review.card", place=1))
    headline = first.get_by_label(shop.say("review.headline"), exact=True)
    keys.go(headline)
    keys.press("Control+a")
    shop.tab.keyboard.type("Written without a mouse")
    shop.shot("typed", full=False)
    shop.saved(lambda: keys.press("Enter"))
    shop.posters(chosen)
    keys.go(shop.button("take.whole"))
    shop.shot("focus", full=False)
    keys.press("Enter")
    save = shop.tab.get_by_role("link", name=shop.say("take.save"))
    save.wait_for(timeout=PATIENCE)
    keys.go(save)
    with shop.tab.expect_download() as download:
        keys.press("Enter")
    download.value.save_as(tmp_path / "campaign.zip")
    assert zipfile.is_zipfile(tmp_path / "campaign.zip")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_told_from_what_is_behind_them(
    scheme: str, visit: Callable[..., Shop], plain_site: Site, photo: Path
) -> None:
    shop = visit(plain_site, color_scheme=scheme).open()
    shop.tab.wait_for_timeout(500)
    shop.shot("first")
    assert shop.tab.evaluate(DIM) == []
    shop.drop(photo)
    shop.name("Seen jar")
    shop.make()
    shop.posters(3)
    shop.shot("made")
    assert shop.tab.evaluate(DIM) == []
    for part in ("catalogue", "history", "feedback"):
        shop.tab.get_by_role("tab", name=shop.say(f"page.{part}")).click()
        shop.tab.wait_for_timeout(800)
        shop.shot(part)
        assert shop.tab.evaluate(DIM) == [], part


def test_on_a_large_screen_lines_stay_readable(
    visit: Callable[..., Shop], plain_site: Site
) -> None:
    shop = visit(plain_site, viewport={"width": 3840, "height": 2160}).open()
    fits(shop)
    shop.shot("first", full=False)
    form = shop.tab.locator("#product-form").bounding_box()
    assert form["width"] <= 1400


def test_every_control_has_a_name(visit: Callable[..., Shop], plain_site: Site) -> None:
    shop = visit(plain_site).open()
    for part in ("product", "catalogue", "history", "feedback"):
        shop.tab.get_by_role("tab", name=shop.say(f"page.{part}")).click()
        shop.tab.wait_for_timeout(500)
        nameless = shop.tab.evaluate(
            """() => [...document.querySelectorAll('button, a[href], input, select, textarea')]
                .filter(each => each.checkVisibility({visibilityProperty: true})
                    && !each.closest('[aria-hidden=true]'))
                .filter(each => !(each.getAttribute('aria-label') || each.labels?.length
                    || each.getAttribute('aria-labelledby') || each.textContent.trim()
                    || each.title || each.querySelector('img[alt]:not([alt=""])')))
                .map(each => each.outerHTML.slice(0, 160))"""
        )
        assert nameless == [], part
