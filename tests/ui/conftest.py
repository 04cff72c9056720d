"""What tests of the page share: a photo to drop, a served page, and browsers to see it in."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_kit import FLAGS, Shop, Site, Watch, served
from PIL import Image, ImageDraw, ImageFilter


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A teal jar with a lid on a warm ground, as PNG."""
    image = Image.new("RGB", (480, 480), (226, 216, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((120, 375, 370, 425), fill=(190, 178, 160))
    image = image.filter(ImageFilter.GaussianBlur(6))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((140, 150, 340, 405), 34, fill=(38, 116, 112))
    draw.rounded_rectangle((158, 170, 178, 385), 10, fill=(96, 170, 164))
    draw.rounded_rectangle((165, 90, 315, 160), 16, fill=(120, 84, 52))
    path = tmp_path / "my jar.png"
    image.save(path)
    return path


@pytest.fixture(scope="session")
def plain_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A real `aigc ui` whose stages are plain and quick."""
    with served(tmp_path_factory.mktemp("page")) as site:
        yield site


@pytest.fixture(scope="module")  # no longer: Playwright's loop is in other tests' way
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing = "Chromium is missing: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def shots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a test's screenshots go: AIGC_SCREENSHOTS keeps them."""
    kept = os.environ.get("AIGC_SCREENSHOTS")
    name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    return Path(kept or tmp_path) / name


@pytest.fixture
def visit(chromium: Any, shots: Path) -> Iterator[Callable[..., Shop]]:
    """Open a page in a browser of its own; fails if it asks another host, or a script breaks."""
    opened: list[tuple[Any, Watch]] = []

    def come(site: Site, language: str = "en", *, who: str = "", **context: Any) -> Shop:
        wide = {"viewport": {"width": 1440, "height": 1000}}
        browser = chromium.new_context(accept_downloads=True, **(wide | context))
        tab = browser.new_page()
        tab.set_default_timeout(30_000)
        opened.append((browser, Watch(tab)))
        return Shop(tab, site, language, shots / who)

    yield come
    wrong = [each for _, watch in opened for each in watch.wrong]
    for browser, _ in opened:
        browser.close()
    assert wrong == []
