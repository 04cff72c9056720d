"""Posters a second: ours on one core, and the same posters as HTML in headless Chromium.

    python benchmarks/typeset.py [BRIEF] [--posters 36] [--channel instagram-portrait] [--json]

Both begin with a painted scene, a cut-out and a copy, and end with JPEG files on disk; every
poster has words of its own, so neither can reuse another's. Chromium gets its pictures decoded
once, and every text's size and place as our layout found them: it fits nothing. It may use all
cores; ours has one. It is timed with a page for each poster, as services that turn HTML into
pictures keep jobs apart, and with one page for all. Chromium is looked for on the path.
"""

from __future__ import annotations

import html
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, product
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
from _report import emit, machine, parser, versions
from PIL import Image

import aigc
from aigc import plans, typeset
from aigc._engines import fonts
from aigc.campaign import Campaign
from aigc.export import load
from aigc.typeset import SetRequest, builtin, sheet

PARTS = {
    "layout": (sheet.Sheet, "elements"),
    "type as PDF": (sheet.Sheet, "pdf"),
    "painting it": (builtin, "paint"),
    "cut-out to size": (builtin, "resized"),
    "contrast, pasting": (builtin, "inked"),
    "JPEG": (builtin, "encode"),
}


def main() -> None:
    """Set the posters both ways and print the rates."""
    arguments = parser(__doc__)
    example = Path(__file__).parent.parent / "examples" / "coffee.yaml"
    arguments.add_argument("brief", nargs="?", default=str(example), help="brief file")
    arguments.add_argument("--posters", type=int, default=36, help="posters to set")
    arguments.add_argument("--channel", default="instagram-portrait", help="their channel")
    asked = arguments.parse_args()
    cv2.setNumThreads(1)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        brief = aigc.load_brief(asked.brief)
        brief = brief.model_copy(update={"channels": (asked.channel,), "variants": 1})
        made = aigc.run(brief, outputs=folder)
        requests = _requests(load(made.folder), asked.posters + 3)
        ours, parts = _ours(requests, folder)
        theirs = _chromium(requests, folder)
        reused = _chromium(requests, folder, reuse=True)

    width, height = requests[0].plan.channel.size
    result = {
        "posters_per_second": {
            "ours": round(1 / ours, 2),
            "chromium": round(1 / theirs, 2),
            "chromium_one_page": round(1 / reused, 2),
        },
        "ratio": {"chromium": round(theirs / ours, 2), "one_page": round(reused / ours, 2)},
        "milliseconds": {part: round(1000 * seconds, 1) for part, seconds in parts.items()},
        "size": [width, height],
        "posters": asked.posters,
        "machine": machine(),
        "versions": versions("aigc", "typst", "pypdfium2", "pillow", "playwright"),
    }
    table = [
        f"{'':<22} {'posters/s':>9} {'ours is':>9}   {width}×{height}, median of {asked.posters}",
        f"{'ours, one core':<22} {1 / ours:>9.1f}",
        f"{'Chromium, a page each':<22} {1 / theirs:>9.1f} {theirs / ours:>8.1f}×",
        f"{'Chromium, one page':<22} {1 / reused:>9.1f} {reused / ours:>8.1f}×",
        "where our time goes:",
        *(f"  {part:<18} {1000 * seconds:6.1f} ms" for part, seconds in parts.items()),
    ]
    emit(asked.json, result, table)


def _requests(campaign: Campaign, count: int) -> list[SetRequest]:
    """The same scene with other words each time; the first ones warm up."""
    ((_, plan, _),) = plans.plans(campaign)
    (scene,) = campaign.scenes
    words = product(range(1 + count // len(plan.copies)), plan.copies)
    copies = (
        copy.model_copy(update={"headline": f"{copy.headline} {turn or ''}".strip()})
        for turn, copy in words
    )
    return [
        SetRequest(
            plan=plan.model_copy(update={"copies": (copy,)}),
            scene=scene,
            poster_id=f"p{number:03d}",
            metadata={"Software": "aigc"},
        )
        for number, copy in enumerate(islice(copies, count))
    ]


def _ours(requests: list[SetRequest], folder: Path) -> tuple[float, dict[str, float]]:
    """The median seconds a poster, and of each part."""
    backend = typeset.builtin.Backend()
    spent: dict[str, list[float]] = {part: [] for part in (*PARTS, "writing", "all")}
    with _watched(spent):
        for request in requests:
            started = time.perf_counter()
            (poster,) = backend.set([request])
            written = time.perf_counter()
            (folder / f"{poster.id}.jpg").write_bytes(poster.data)
            ended = time.perf_counter()
            spent["writing"].append(ended - written)
            spent["all"].append(ended - started)
    median = {part: statistics.median(each[3:]) for part, each in spent.items()}
    median["the rest"] = 2 * median["all"] - sum(median.values())
    return median.pop("all"), median


@contextmanager
def _watched(spent: dict[str, list[float]]) -> Iterator[None]:
    """Note how long each part takes."""

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            result = function(*given, **named)
            spent[part].append(time.perf_counter() - started)
            return result

        return call

    patches = [
        mock.patch.object(owner, name, timed(part, getattr(owner, name)))
        for part, (owner, name) in PARTS.items()
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def _chromium(requests: list[SetRequest], folder: Path, *, reuse: bool = False) -> float:
    """The median seconds a poster, with one browser for all."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        raise SystemExit("no Chromium on the path: install it, e.g. apt-get install chromium")
    first = requests[0]
    (folder / "scene.jpg").write_bytes(first.scene.data)
    Image.fromarray(first.plan.caption.cutout).save(folder / "cutout.png")
    pages = [_page(request, folder) for request in requests]
    width, height = first.plan.channel.size
    seconds = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        (folder / "blank.html").write_text("")  # whose page may read the pictures beside it
        page = None
        for number, text in enumerate(pages):
            started = time.perf_counter()
            if page is None:
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(f"{folder.as_uri()}/blank.html")
            page.set_content(text, wait_until="load")
            page.evaluate("document.fonts.ready")
            page.screenshot(type="jpeg", quality=93, path=folder / f"c{number:03d}.jpg")
            if not reuse:
                page.close()
                page = None
            seconds.append(time.perf_counter() - started)
        browser.close()
    return statistics.median(seconds[3:])


def _page(request: SetRequest, folder: Path) -> str:
    """A poster as HTML: the same pictures, texts, fonts, sizes and places."""
    plan = request.plan
    width, height = plan.channel.size
    elements = builtin.elements_of(plan, request.scene.slots.layout)
    made = builtin.composed(plan, request.scene)
    rows = []
    for name, text in made.texts.items():
        left, top, right, bottom = elements[name].box
        family = "Head" if name == "headline" else "Text"
        rows.append(
            f'<div style="left:{left * width}px;top:{top * height}px;'
            f"width:{(right - left) * width + 2}px;height:{(bottom - top) * height}px;"
            f"font:700 {elements[name].size}px/1.1 {family};color:{made.inks[name]};"
            + ("background:#a64;border-radius:99px;" if name == "cta" else "")
            + f'">{html.escape(text)}</div>'
        )
    left, top, right, bottom = request.scene.slots.product
    place = (
        f"left:{left * width}px;top:{top * height}px;"
        f"width:{(right - left) * width}px;height:{(bottom - top) * height}px"
    )
    cut = next(path for path in fonts.folders() if list(Path(path).glob("Montserrat*")))
    faces = "".join(
        f"@font-face{{font-family:{family};src:url({path.as_uri()})}}"
        for family, path in (
            ("Head", next(Path(cut).glob("Playfair*700*"))),
            ("Text", next(Path(cut).glob("Montserrat*700*"))),
        )
    )
    return (
        f"<style>{faces}body{{margin:0}}div,img{{position:absolute}}</style>"
        f'<img src="{folder.as_uri()}/scene.jpg" style="left:0;top:0">'
        f'<img src="{folder.as_uri()}/cutout.png" style="{place}">{"".join(rows)}'
    )


if __name__ == "__main__":
    sheet._found(())  # reading the fonts is part of loading
    main()
