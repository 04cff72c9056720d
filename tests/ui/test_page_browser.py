"""The page in a real browser: from a dropped photo to a zip, and back from mistakes."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

NAME = "Tea jar <img src=x onerror=alert(1)> ${alert(2)}"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page under test writes campaigns."""
    return tmp_path_factory.mktemp("campaigns")


@pytest.fixture(scope="module")
def page_url(outputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `aigc ui`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "aigc", "ui", "--port", str(port), "-o", str(outputs)]
    url = f"http://127.0.0.1:{port}"
    scratch = tmp_path_factory.mktemp("scratch")
    told = {
        "env": {**os.environ, "TMPDIR": str(scratch)},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
    }
    with subprocess.Popen(command, **told) as server:
        try:
            _wait_for(url, server)
            yield url
        finally:
            server.terminate()
            assert server.wait(60) == 0
            assert not [path for path in scratch.rglob("*.*") if path.is_file()]  # no upload stays


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if server.poll() is not None:
            pytest.fail(f"aigc ui ended: {server.stdout.read().decode()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.25)
    pytest.fail("aigc ui did not answer within a minute")


@pytest.fixture(scope="module")
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
def page(chromium: Any, page_url: str) -> Iterator[Any]:
    """A fresh tab on the page; it fails if it asks anything of another host, or a script breaks."""
    tab = chromium.new_page(viewport={"width": 1440, "height": 1000})
    elsewhere, broken = [], []
    tab.on("request", lambda request: _note_host(request.url, elsewhere))
    tab.on("pageerror", lambda error: broken.append(str(error)))
    tab.on("dialog", lambda dialog: (broken.append(dialog.message), dialog.dismiss()))
    tab.goto(page_url)
    tab.get_by_role("button", name="Make the campaign").wait_for()
    yield tab
    tab.close()
    assert elsewhere == []
    assert broken == []


def _note_host(url: str, elsewhere: list[str]) -> None:
    if not re.match(r"(data|blob|about):|http://127\.0\.0\.1:", url):
        elsewhere.append(url)


def test_from_a_photo_to_a_zip(page: Any, photo: Path, outputs: Path, tmp_path: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(photo)
    page.locator("#photo img").wait_for()
    page.get_by_label("Product name").fill(NAME)
    page.locator("#channels").get_by_title("Clear").click()
    channels = page.get_by_role("combobox", name="Channels")
    for channel in ("IAB medium rectangle", "IAB leaderboard"):
        channels.fill(channel)
        page.get_by_role("option", name=channel).click()
    page.keyboard.press("Escape")
    page.locator("button.label-wrap", has_text="Offer").click()
    page.get_by_label("Discount").fill("-20%")
    page.get_by_label("Features, one a line").fill("holds 300 ml\nairtight lid")
    page.get_by_role("button", name="Make the campaign").click()

    for sign in ("In the photo", "Copy, best first", "pictures are ready"):
        arrived = page.get_by_text(sign).or_(page.get_by_role("alert"))
        arrived.wait_for(timeout=120_000)
        assert page.get_by_role("alert").all_inner_texts() == []
    download = page.get_by_role("link", name="Download everything").or_(
        page.get_by_role("button", name="Download everything")
    )
    download.wait_for(timeout=60_000)
    assert page.locator(".stages li.done").count() == 5
    page.locator("#posters img").nth(1).wait_for()  # the gallery draws itself after the words
    assert page.locator("#posters img").count() == 2
    widths = "images => images.map(image => image.complete && image.naturalWidth)"
    page.wait_for_function(
        "[...document.querySelectorAll('#posters img')].every(image => image.naturalWidth > 0)"
    )
    assert page.locator("#posters img").evaluate_all(widths) == [300, 728]
    assert page.locator(".card").count() >= 8
    assert page.locator(".card .track i").first.bounding_box()["width"] > 0
    page.screenshot(path=tmp_path / "page.png", full_page=True)

    with page.expect_download() as waiting:
        download.click()
    waiting.value.save_as(tmp_path / "campaign.zip")
    (folder,) = (path for path in outputs.glob("[!.]*") if path.is_dir())
    assert waiting.value.suggested_filename == f"{folder.name}.zip"
    with zipfile.ZipFile(tmp_path / "campaign.zip") as packed:
        for name in ("campaign.json", "index.html", "typeset/iab-leaderboard.jpg"):
            assert packed.read(f"{folder.name}/{name}") == (folder / name).read_bytes()
        brief = json.loads(packed.read(f"{folder.name}/campaign.json"))["brief"]
    assert brief["name"] == NAME
    assert brief["channels"] == ["iab-rectangle", "iab-leaderboard"]
    assert brief["discount"] == "-20%"
    assert not list(outputs.rglob("*.zip"))


def test_a_text_file_is_refused_and_the_page_stays_usable(page: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not a photo")
    page.locator("#photo input[type=file]").set_input_files(tmp_path / "notes.jpg")
    page.get_by_text("'notes.jpg': not a picture").wait_for()
    page.locator("#photo img").wait_for(state="detached")
    page.get_by_role("button", name="Make the campaign").click()
    page.get_by_role("alert").filter(has_text="Drop a photo of the product first.").wait_for()
    assert page.get_by_role("button", name="Make the campaign").is_enabled()


def test_stop_stops(page: Any, photo: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(photo)
    page.locator("#photo img").wait_for()
    page.get_by_label("Product name").fill("Stopped jar")
    page.get_by_role("button", name="Make the campaign").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("status").filter(has_text="Stopped.").wait_for(timeout=60_000)
    assert page.get_by_role("button", name="Make the campaign").is_enabled()
    assert not page.locator("#posters img").count()


def test_nothing_but_its_own_files_is_served(page_url: str, outputs: Path) -> None:
    beside = outputs.parent / "secret.txt"
    beside.write_text("secret")
    for path in ("/etc/hostname", str(beside), f"{outputs}/../secret.txt", str(Path(__file__))):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{page_url}/gradio_api/file={path}")
        with refused.value as answer:
            assert answer.code in (403, 404)


def test_the_one_endpoint_has_a_name(page_url: str) -> None:
    with urllib.request.urlopen(f"{page_url}/gradio_api/info") as answer:
        info = json.load(answer)
    assert list(info["named_endpoints"]) == ["/campaign"]
    assert info["unnamed_endpoints"] == {}


def test_a_port_that_is_taken_is_said_in_one_line(page_url: str) -> None:
    port = page_url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "aigc", "ui", "--port", port]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.startswith(f"aigc: ui: cannot serve on 127.0.0.1:{port}")
    assert second.stderr.count("\n") == 1
