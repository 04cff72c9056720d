"""A real page in a real browser: its server, its tabs, and what a merchant does on it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aigc.stage import STAGES
from ui.words import Say, speaker

PLAIN = tuple(word for stage in STAGES for word in (f"--{stage}", "plain"))
EVERYWHERE = Path(__file__).parents[1] / "batches" / "everywhere"  # plain stages, where named
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 60_000  # ms, on a busy machine


class Site(NamedTuple):
    """A running `aigc ui`."""

    url: str
    outputs: Path


class Shop:
    """A merchant at the page, in one language; what is done and looked at goes by its labels."""

    def __init__(self, tab: Any, site: Site, language: str, shots: Path) -> None:
        self.tab, self.site, self.language = tab, site, language
        self.say: Say = speaker(language)
        self._shots, self._taken = shots, 0

    def open(self) -> Shop:
        """Open the page, and wait until it can be used."""
        self.tab.goto(self.site.url + ("/" if self.language == "en" else f"/{self.language}/"))
        self.button("product.go").wait_for(timeout=PATIENCE)
        self.tab.locator("#photo input[type=file]").wait_for(state="attached", timeout=PATIENCE)
        return self

    def shot(self, step: str, *, full: bool = True) -> None:
        """Keep a picture of the page as it now is."""
        self._taken += 1
        self._shots.mkdir(parents=True, exist_ok=True)
        name = f"{self._taken:02}-{step}.png"
        self.tab.screenshot(path=self._shots / name, full_page=full, animations="disabled")

    def button(self, key: str, **blank: Any) -> Any:
        """Find a button by what it says."""
        return self.tab.get_by_role("button", name=self.say(key, **blank), exact=True)

    def drop(self, *photos: Path) -> None:
        """Drop photos on the page, and wait until they are shown."""
        before = self.tab.locator("#photo img").count()
        self.tab.locator("#photo input[type=file]").set_input_files(list(photos))
        self.tab.locator("#photo img").nth(before + len(photos) - 1).wait_for(timeout=PATIENCE)

    def name(self, name: str) -> None:
        """Type the product's name."""
        self.tab.get_by_label(self.say("product.name"), exact=True).fill(name)

    def channels(self, *wanted: str) -> None:
        """Tick these channels, by their pictures, and no others."""
        ticked = self.tab.locator("#channels input[type=checkbox]:checked")
        while ticked.count():
            self._tile(ticked.first.get_attribute("value")).click()
        more = self.tab.locator("#channels .channels-more")
        if more.get_attribute("aria-expanded") == "false":
            more.click()
        for name in wanted:
            search = self.tab.locator("#channels input[type=search]")
            search.fill(name)
            self._tile(name).click()
            search.fill("")
        assert ticked.count() == len(wanted)

    def _tile(self, name: str) -> Any:
        return self.tab.locator(f"#channels label:has(input[value='{name}'])")

    def features(self, *lines: str) -> None:
        """Unfold the words, and type the selling points."""
        field = self.tab.get_by_label(self.say("product.features"))
        if not field.is_visible():
            self.tab.get_by_role("button", name=self.say("product.words")).click()
        field.fill("\n".join(lines))

    def make(self) -> None:
        """Press the button."""
        self.button("product.go").click()

    def posters(self, count: int) -> Any:
        """Wait for the gallery of a finished campaign with all its pictures drawn."""
        shown = self.tab.locator("section.posters img")
        shown.nth(count - 1).wait_for(timeout=2 * PATIENCE)
        for picture in shown.all():
            picture.scroll_into_view_if_needed()  # it is fetched when it comes into sight
        self.tab.wait_for_function(
            "[...document.querySelectorAll('section.posters img')]"
            ".every(image => image.complete && image.naturalWidth)",
            timeout=PATIENCE,
        )
        assert shown.count() == count
        return shown

    def saved(self, do: Callable[[], Any]) -> None:
        """Do something to the campaign in hand, and wait until it is made again."""
        strip = self.tab.locator(".review-strip")
        strip.evaluate_all("all => all.forEach(one => one.dataset.seen = true)")
        do()
        told = self.tab.locator(".review-strip:not([data-seen]):not(.busy)")
        told.wait_for(timeout=PATIENCE)
        assert told.get_attribute("role") == "status", told.inner_text()

    def zip(self, to: Path) -> Path:
        """Take the whole campaign away."""
        self.button("take.whole").click()
        save = self.tab.get_by_role("link", name=self.say("take.save"))
        save.wait_for(timeout=PATIENCE)
        with self.tab.expect_download() as waiting:
            save.click()
        path = to / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def folders(self) -> list[Path]:
        """The campaigns that are finished, on disk."""
        found = self.site.outputs.rglob("campaign.json")
        hidden = (".", "versions")  # what was before a correction is kept, too
        return sorted(
            path.parent
            for path in found
            if not any(
                each.startswith(hidden) for each in path.relative_to(self.site.outputs).parts
            )
        )


@contextlib.contextmanager
def served(folder: Path, *more: str, plain: bool = True) -> Iterator[Site]:
    """Run a real `aigc ui` on a free port; with plain stages unless told otherwise."""
    outputs, scratch = folder / "campaigns", folder / "scratch"
    for each in (outputs, scratch):
        each.mkdir(parents=True)
    command = [sys.executable, "-m", "aigc", "ui", "--port", "0", "-o", str(outputs), *more]
    env = {**os.environ, "TMPDIR": str(scratch)}
    if plain:
        command += PLAIN
        env["PYTHONPATH"] = str(EVERYWHERE)
    log = folder / "log.txt"
    with (
        log.open("w") as told,
        subprocess.Popen(command, env=env, stdout=told, stderr=subprocess.STDOUT) as server,
    ):
        try:
            yield Site(_address(server, log), outputs)
        finally:
            server.terminate()
            server.wait(60)


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    """Where it serves, once it answers."""
    for _ in range(1200):
        assert server.poll() is None, f"aigc ui ended: {log.read_text()}"
        found = re.search(r"http://[\d.]+:\d+", log.read_text())
        if found:
            with contextlib.suppress(OSError), socket.create_connection(_at(found[0]), 2):
                return found[0]
        time.sleep(0.25)
    raise AssertionError(f"aigc ui did not answer within five minutes: {log.read_text()}")


def _at(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


class Watch:
    """What must not happen in a tab: a look at another host, a broken script, a dialog."""

    def __init__(self, tab: Any) -> None:
        self.wrong: list[str] = []
        tab.on("request", lambda request: self._asked(request.url))
        tab.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        tab.on("dialog", self._dialog)

    def _asked(self, url: str) -> None:
        if not re.match(r"(data|blob|about):|http://127\.0\.0\.1:", url):
            self.wrong.append(f"asked: {url}")

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()
