"""Remakes the pictures of the page in docs/images: python docs/screenshots.py."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
PATIENCE = 300_000  # ms: a campaign is made meanwhile
WIDE = {"viewport": {"width": 1440, "height": 1000}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


def main() -> None:
    """Make an example's campaign at a real page, and take its picture on the way."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "aigc", "ui", "--port", "0", "-o", folder]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
                _walk(browser, _address(server))
                browser.close()
            finally:
                server.terminate()


def _walk(browser: Any, url: str) -> None:
    """The form as an example fills it, the review of its campaign, and that on a phone."""
    page = browser.new_page(**WIDE)
    page.goto(url)
    page.locator(".examples-card").first.click()
    page.locator("#photo img").wait_for()
    page.wait_for_timeout(1500)  # the form fills itself
    _photograph(page, "page-product")
    page.get_by_role("button", name="Make the campaign").click()
    page.locator("section.posters img").first.wait_for(timeout=PATIENCE)
    page.set_viewport_size({"width": 1440, "height": 1900})  # the first posters are in it
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(3000)  # its pictures are drawn
    _photograph(page, "page-review")

    phone = browser.new_page(**PHONE)
    phone.goto(url)
    phone.get_by_role("tab", name="History").tap()
    phone.get_by_role("button", name=re.compile("^Open ")).first.tap()
    phone.locator("section.posters img").first.wait_for(timeout=PATIENCE)
    phone.locator("section.posters").scroll_into_view_if_needed()
    phone.wait_for_timeout(3000)
    _photograph(phone, "page-phone")


def _address(server: subprocess.Popen[str]) -> str:
    """Where the page is, as the server tells."""
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"http://\S+:\d+", line):
            return found[0]
    raise SystemExit("aigc ui ended before it served")


def _photograph(page: Any, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=88)


if __name__ == "__main__":
    main()
