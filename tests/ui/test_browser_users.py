"""Several merchants at one page, in browsers of their own: none sees another's work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_kit import PATIENCE, Shop, Site, served

pytestmark = pytest.mark.browser

ACCOUNTS = ("--auth", "ann:one-secret", "--auth", "bo:two-secret")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A page that asks who comes in."""
    with served(tmp_path_factory.mktemp("guarded"), *ACCOUNTS) as site:
        yield site


def come_in(shop: Shop, name: str, password: str) -> None:
    shop.tab.goto(shop.site.url)
    shop.tab.get_by_label(shop.say("door.name"), exact=True).fill(name)
    shop.tab.get_by_label(shop.say("door.password"), exact=True).fill(password)
    shop.button("door.come_in").click()


def order(shop: Shop, photo: Path, name: str, *features: str) -> None:
    shop.drop(photo)
    shop.name(name)
    shop.channels("iab-rectangle")
    shop.features(*features)
    shop.make()


def history(shop: Shop) -> str:
    shop.tab.get_by_role("tab", name=shop.say("page.history")).click()
    panel = shop.tab.locator("#tab-history, [role=tabpanel]").locator("visible=true").first
    panel.get_by_role("status").first.or_(
        panel.get_by_role("heading", name=shop.say("history.making"))
    ).first.wait_for(timeout=PATIENCE)
    return str(panel.inner_text())


def test_a_wrong_password_opens_nothing(visit: Callable[..., Shop], guarded: Site) -> None:
    shop = visit(guarded)
    come_in(shop, "ann", "two-secret")
    shop.tab.get_by_role("alert").wait_for()
    shop.shot("refused")
    shop.tab.goto(guarded.url)
    assert shop.tab.get_by_label(shop.say("door.password"), exact=True).is_visible()


def test_two_at_once_never_see_each_others_work(
    visit: Callable[..., Shop], guarded: Site, photo: Path, tmp_path: Path
) -> None:
    ann, bo = visit(guarded, who="ann"), visit(guarded, who="bo")
    for shop, name, password in ((ann, "ann", "one-secret"), (bo, "bo", "two-secret")):
        come_in(shop, name, password)
        shop.button("product.go").wait_for(timeout=PATIENCE)
    held = tmp_path / "held"
    held.touch()
    order(ann, photo, "Anns own jar", f"at caption wait {held}")
    ann.tab.locator("[aria-current=step]").wait_for(timeout=PATIENCE)
    order(bo, photo, "Bos own jar")
    # Bo is told the place in line, and nothing of whose work is before it.
    bo.tab.get_by_text(bo.say("live.ahead_one")).wait_for(timeout=PATIENCE)
    bo.shot("waits")
    assert "Anns" not in bo.tab.locator("body").inner_text()
    assert "Bos" not in history(ann)
    ann.tab.get_by_role("tab", name=ann.say("page.product")).click()
    held.unlink()
    ann.posters(1)
    bo.posters(1)

    sources = {shop: _shown(shop) for shop in (ann, bo)}
    for shop, other in ((ann, bo), (bo, ann)):
        mine, theirs = ("Anns", "Bos") if shop is ann else ("Bos", "Anns")
        shop.open()
        seen = history(shop)
        assert f"{mine} own jar" in seen
        assert theirs not in seen
        assert theirs not in shop.tab.content()
        for address in sources[shop]:
            assert shop.tab.request.get(address).ok
        for address in sources[other]:  # what another sees is not served, whoever knows where
            assert shop.tab.request.get(address).status in (403, 404)
        shop.shot("history")
    stranger = visit(guarded, who="stranger")
    for address in (*sources[ann], *sources[bo]):
        answer = stranger.tab.request.get(address, max_redirects=0)
        assert not answer.ok


def _shown(shop: Shop) -> list[str]:
    """Where the pictures and downloads of the campaign in hand come from."""
    found: Any = shop.tab.evaluate(
        "[...document.querySelectorAll('section.posters img')].map(each => each.src)"
        ".concat([...document.querySelectorAll('section.take a')].map(each => each.href))"
    )
    assert len(found) >= 3
    return [str(each) for each in found if each.startswith("http")]


def test_two_windows_of_one_merchant_show_the_same_work(
    visit: Callable[..., Shop], plain_site: Site, photo: Path
) -> None:
    one, other = visit(plain_site, who="one").open(), visit(plain_site, who="other").open()
    order(one, photo, "Twice seen jar")
    one.posters(1)
    history(other)
    name = other.say("history.open_name", name="Twice seen jar")
    other.tab.get_by_role("button", name=name).first.click(timeout=PATIENCE)
    other.posters(1)

    def headline(shop: Shop) -> Any:
        first = shop.tab.get_by_role("form", name=shop.say("review.card", place=1))
        return first.get_by_label(shop.say("review.headline"), exact=True)

    def change(shop: Shop, text: str) -> None:
        headline(shop).fill(text)
        shop.saved(lambda: headline(shop).press("Enter"))

    change(one, "Changed in the first")
    body = other.tab.get_by_role("form", name=other.say("review.card", place=1)).get_by_label(
        other.say("review.body"), exact=True
    )
    body.fill("Added in the second")
    body.press("Enter")
    # Nothing is lost: either both stand, or the second is told and shown what is there now.
    other.tab.get_by_text("Changed in the first").or_(
        other.tab.get_by_text(other.say("review.stale"))
    ).first.wait_for(timeout=PATIENCE)
    (folder,) = (
        each for each in one.folders() if "Twice seen jar" in (each / "campaign.json").read_text()
    )
    assert "Changed in the first" in (folder / "campaign.json").read_text()
