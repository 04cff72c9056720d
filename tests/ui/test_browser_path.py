"""The page in a real browser: from a dropped photo to a zip, in both languages, and what stops."""

from __future__ import annotations

import contextlib
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_kit import PATIENCE, Shop, Site, served

pytestmark = pytest.mark.browser

NAME = "Jar <img src=x onerror=alert(1)> ${alert(2)} {{ 7*7 }}"
SMALL = ("iab-rectangle", "iab-leaderboard")


def told(folder: Path) -> Any:
    """What the campaign says of itself, once it is whole."""
    for _ in range(600):
        with contextlib.suppress(FileNotFoundError):
            return json.loads((folder / "campaign.json").read_text("utf-8"))
        time.sleep(0.1)
    raise AssertionError(f"{folder.name} stays unfinished")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_from_a_photo_to_a_zip(
    language: str, visit: Callable[..., Shop], plain_site: Site, photo: Path, tmp_path: Path
) -> None:
    shop = visit(plain_site, language).open()
    shop.shot("first")
    name = f"{NAME} {language}"
    shop.drop(photo)
    shop.name(name)
    shop.channels(*SMALL)
    shop.shot("filled")
    shop.make()
    shop.posters(2)
    (folder,) = (each for each in shop.folders() if told(each)["brief"]["name"] == name)
    assert told(folder)["brief"]["channels"] == list(SMALL)
    shop.shot("made")

    caption = shop.tab.get_by_label(shop.say("review.sentence"))
    assert caption.input_value().strip() == "thing"
    first = shop.tab.get_by_role("form", name=shop.say("review.card", place=1))
    headline = first.get_by_label(shop.say("review.headline"), exact=True)
    assert headline.input_value().startswith(name)
    headline.fill("<b>Mine</b> & yours")
    shop.saved(lambda: headline.press("Enter"))
    leading = told(folder)["ranking"][0]["candidate_id"]
    (edited,) = (each for each in told(folder)["copies"] if each["headline"].startswith("<b>"))
    assert edited["headline"] == "<b>Mine</b> & yours"
    assert edited["id"] == leading
    assert {each["copy_id"] for each in told(folder)["posters"]} == {leading}
    shop.shot("edited")

    second = shop.tab.get_by_role("form", name=shop.say("review.card", place=2))
    lead = second.get_by_role("button", name=shop.say("review.lead"))
    other = told(folder)["ranking"][1]["candidate_id"]
    shop.saved(lead.click)
    assert {each["copy_id"] for each in told(folder)["posters"]} == {other}
    shop.saved(shop.tab.locator("#review-undo").click)
    assert {each["copy_id"] for each in told(folder)["posters"]} == {leading}
    shop.posters(2)
    shop.shot("undone")

    packed = shop.zip(tmp_path)
    with zipfile.ZipFile(packed) as zipped:
        names = zipped.namelist()
        assert "brief.yaml" in names
        for poster in told(folder)["posters"]:
            data = (folder / poster["file"]).read_bytes()
            assert data in [zipped.read(each) for each in names if each.endswith(".jpg")]
    with shop.tab.expect_download() as waiting:
        shop.tab.locator("a[download='brief.yaml']").click()
    assert "Mine" in Path(waiting.value.path()).read_text("utf-8")
    shop.shot("taken")
    # What is typed is text: no tag of it became an element, no template was run.
    assert not shop.tab.locator("img[src='x']").count()
    assert not shop.tab.locator("b", has_text="Mine").count()
    assert "49 " + language not in shop.tab.locator("body").inner_text()


def test_what_is_wrong_is_said_where_it_is(
    visit: Callable[..., Shop], plain_site: Site, photo: Path, tmp_path: Path
) -> None:
    shop = visit(plain_site).open()
    notes = tmp_path / "notes.jpg"
    notes.write_text("not a photo")
    shop.tab.locator("#photo input[type=file]").set_input_files(notes)
    shop.tab.get_by_text(shop.say("product.not_picture")).wait_for(timeout=PATIENCE)
    assert not shop.tab.locator("#photo img").count()
    shop.make()
    shop.tab.get_by_text(shop.say("product.no_photo")).wait_for()
    shop.drop(photo)
    shop.name(" ")
    shop.make()
    shop.tab.get_by_text(shop.say("product.no_name")).wait_for()
    shop.shot("wrong")


def test_stop_stops(visit: Callable[..., Shop], plain_site: Site, photo: Path) -> None:
    shop = visit(plain_site).open()
    before = shop.folders()
    shop.drop(photo)
    shop.name("Stopped jar")
    shop.channels(*SMALL)
    shop.features("at rank sleep 120")
    shop.make()
    stop = shop.button("live.stop")
    stop.wait_for(timeout=PATIENCE)
    shop.tab.locator("[aria-current=step]").wait_for(timeout=PATIENCE)
    shop.shot("runs")
    stop.click()
    shop.tab.get_by_role("status").filter(has_text=shop.say("live.stopped")).first.wait_for(
        timeout=PATIENCE
    )
    shop.shot("stopped")
    assert shop.folders() == before
    shop.features()
    shop.make()  # the page is as usable as before
    shop.posters(2)


def test_a_page_that_was_left_finds_its_work_again(
    visit: Callable[..., Shop], plain_site: Site, photo: Path, tmp_path: Path
) -> None:
    shop = visit(plain_site).open()
    shop.drop(photo)
    shop.name("Left jar")
    shop.channels(*SMALL)
    held = tmp_path / "held"
    shop.features(f"at rank wait {held}")
    shop.make()
    shop.tab.locator("[aria-current=step]").wait_for(timeout=PATIENCE)
    shop.open()  # loads it anew, in the middle
    shop.tab.get_by_role("tab", name=shop.say("page.history")).click()
    watch = shop.tab.get_by_role("button", name=f"{shop.say('history.watch')}: Left jar")
    watch.wait_for(timeout=PATIENCE)
    shop.shot("history")
    watch.click()
    shop.button("live.stop").wait_for(timeout=PATIENCE)
    shop.shot("watched")
    held.unlink()
    shop.posters(2)

    shop.open()
    shop.tab.get_by_role("tab", name=shop.say("page.history")).click()
    search = shop.tab.get_by_label(shop.say("history.search"), exact=True)
    search.fill("left jar")
    search.press("Enter")
    name = shop.say("history.open_name", name="Left jar")
    shop.tab.get_by_role("button", name=name).first.click(timeout=PATIENCE)
    shop.posters(2)
    assert shop.tab.get_by_role("heading", name="Left jar").is_visible()
    shop.shot("reopened")


def test_builtin_stages_from_a_photo_to_a_better_text(
    visit: Callable[..., Shop], photo: Path, tmp_path: Path
) -> None:
    """The real thing, once: another text is scored anew, and a nudge moves the product."""
    with served(tmp_path / "real", plain=False) as site:
        shop = visit(site).open()
        shop.drop(photo)
        shop.name("Teal Jar")
        shop.channels("iab-rectangle", "instagram-square")
        shop.make()
        live = shop.tab.get_by_role("progressbar", name=shop.say("live.title"))
        live.wait_for(timeout=PATIENCE)
        shop.posters(2)
        (folder,) = shop.folders()
        before = told(folder)
        shop.shot("made")

        first = shop.tab.get_by_role("form", name=shop.say("review.card", place=1))
        headline = first.get_by_label(shop.say("review.headline"), exact=True)
        headline.fill("the best jar in the world !!!")
        shop.saved(lambda: headline.press("Enter"))
        after = told(folder)
        best = before["ranking"][0]["candidate_id"]
        scores = [
            {each["candidate_id"]: each["total"] for each in campaign["ranking"]}[best]
            for campaign in (before, after)
        ]
        assert scores[1] < scores[0]
        assert after["ranking"][0]["candidate_id"] != best
        shop.shot("ranked-again")

        shop.posters(2)
        square = next(each for each in after["posters"] if each["id"] == "instagram-square")
        shop.tab.locator("section.posters img").nth(0).click()
        dialog = shop.tab.get_by_role("dialog", name=shop.say("posters.title"))
        dialog.wait_for()
        while "1080" not in dialog.inner_text():
            dialog.get_by_role("button", name=shop.say("posters.next")).click()
        dialog.get_by_role("spinbutton", name=shop.say("posters.scale")).fill("80")
        shop.shot("large", full=False)
        apply = dialog.get_by_role("button", name=shop.say("posters.apply"), exact=True)
        apply.click()
        shop.tab.wait_for_function("() => document.querySelector('.zoom-news')?.innerText.trim()")
        shop.tab.wait_for_timeout(500)
        for _ in range(120):
            moved = next(each for each in told(folder)["posters"] if each["id"] == square["id"])
            if moved["boxes"]["product"] != square["boxes"]["product"]:
                break
            shop.tab.wait_for_timeout(500)
        wide = [
            each["boxes"]["product"][2] - each["boxes"]["product"][0] for each in (square, moved)
        ]
        assert wide[1] == pytest.approx(0.8 * wide[0], rel=0.01)
        assert moved["layout"] == square["layout"]
        shop.shot("moved", full=False)
