"""PosterLayout's metrics of our layouts, beside three plain ways to lay the same posters out.

    python benchmarks/layout.py PRODUCTS.jsonl [--limit 20] [--boxes DIR] [--json]

A line of PRODUCTS.jsonl is {"file": path from there, "name": …, "description": … or null}.
Each product is cut out, a scene is painted for each channel, and the poster is set and judged as
in a campaign. The baselines get what it got: the same backdrop with the product in its place,
the same texts, button, disc and logo, each as large as in our poster.

random   each element anywhere on the canvas; the mean of eight draws
centred  every element in the middle of the canvas
stack    the elements one below the other, centred, as a block in the middle; scaled down
         together where they are too high

A panel of ours is no element of theirs. Where our typesetter laid a cover behind a text because
no ink would read, that counts for nobody: readability is measured on the backdrop as painted.
"""

from __future__ import annotations

import json
import statistics
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _report import emit, machine, parser, versions
from PIL import Image, ImageDraw

from aigc import photo, pipeline
from aigc.campaign import Box, Brief, Campaign, Copy, Poster, Score
from aigc.recipe import Recipe
from aigc.typeset import judge
from aigc.typeset.judge import report
from aigc.typeset.judge.metrics import Map, gradient
from aigc.typeset.judge.parts import Parts, bare, canvas, parts

PACKAGES = ("aigc", "typst", "pillow", "numpy", "opencv-contrib-python-headless")
CHANNELS = (
    "instagram-square",
    "instagram-portrait",
    "instagram-story",
    "google-landscape",
    "iab-rectangle",
    "iab-leaderboard",
    "iab-skyscraper",
)
COPIES = (
    (
        "Made for every day",
        "Quiet colours, honest materials and room for what you need.",
        "Shop now",
    ),
    ("Small things, done well", "See it up close, and take your time to choose.", "Discover more"),
    ("为每一天而设计", "安静的颜色，实在的用料，刚刚好的大小。", "立即选购"),
)
DRAWS = 8
Boxes = dict[str, Box]
Measured = dict[str, float | None]


def main() -> None:
    """Lay out every product in every channel, four ways, and print the means."""
    arguments = parser(__doc__)
    arguments.add_argument("products", help="JSON lines, one product each")
    arguments.add_argument("--limit", type=int, help="only the first so many products")
    arguments.add_argument(
        "--boxes", metavar="DIR", help="draw the layouts' boxes into this folder"
    )
    asked = arguments.parse_args()

    rows = [json.loads(line) for line in Path(asked.products).read_text("utf-8").splitlines()]
    found: dict[str, dict[str, list[Measured]]] = {}  # way → channel → posters
    judged: list[report.Judged] = []
    for number, row in enumerate(rows[: asked.limit]):
        campaign = _campaign(row, Path(asked.products).parent, number)
        judged += report.judged(campaign)
        for case in judge.cases(campaign):
            ground, saliency = canvas(case.poster, case.channel, case.caption, case.backdrop)
            slope = gradient(ground)
            ways = _ways(case.poster, row["file"])
            for way, layouts in ways.items():
                posters = [
                    judge.measures(each, saliency, bare(each, saliency, slope)) for each in layouts
                ]
                found.setdefault(way, {}).setdefault(case.poster.channel, []).append(_mean(posters))
            if asked.boxes:
                _draw(
                    Path(asked.boxes) / f"{number:02}-{case.poster.id}.png", ground, saliency, ways
                )

    means = {
        way: _mean([each for rows in of.values() for each in rows]) for way, of in found.items()
    }
    by_channel = {
        channel: {way: _mean(of[channel]) for way, of in found.items()} for channel in CHANNELS
    }
    result = {
        "metrics": means,
        "channels": by_channel,
        "best": {name: _best(means, name, better) for name, better in _WANTED.items()},
        "shares": report.shares(judged),
        "products": len(rows[: asked.limit]),
        "machine": machine(),
        "versions": versions(*PACKAGES),
    }
    emit(asked.json, result, _table(result))


_WANTED: dict[str, Callable[[float, float], bool]] = {
    "occlusion": lambda one, other: one < other,
    "readability": lambda one, other: one < other,
    "utility": lambda one, other: one > other,
}


def _campaign(row: dict[str, Any], folder: Path, number: int) -> Campaign:
    """A campaign with copy that is given, so that no language model decides its length."""
    headline, body, cta = COPIES[number % len(COPIES)]
    chinese = not headline.isascii()
    brief = Brief(
        name=row["name"][:120],
        photo=str(folder / row["file"]),
        price="¥199" if chinese else "$49.90",
        language="zh-CN" if chinese else "en",
        channels=CHANNELS,
        seed=number,
    )
    recipe = Recipe.load()
    campaign = Campaign(id=str(number), brief=brief, photo=photo.load(brief.photo))
    (campaign,) = pipeline.advance([campaign], "caption", recipe)
    copy = Copy(id="c", headline=headline, body=body, cta=cta, hashtags=(), source="given")
    ranking = (Score(candidate_id="c", total=1, parts={}, reason="given"),)
    campaign = campaign.model_copy(update={"copies": (copy,), "ranking": ranking})
    for stage in ("scene", "typeset"):
        (campaign,) = pipeline.advance([campaign], stage, recipe)
    return campaign


def _ways(poster: Poster, seed: str) -> dict[str, list[Parts]]:
    """Our layout and the baselines', as the judge sees them."""
    ours = parts(poster)._replace(covers={})
    rng = np.random.default_rng(zlib.crc32(f"{seed}/{poster.id}".encode()))
    boxes = ours.elements
    return {
        "ours": [ours],
        "random": [_moved(poster, ours, _random(boxes, rng)) for _ in range(DRAWS)],
        "centred": [
            _moved(poster, ours, {name: _at(box, 0.5, 0.5) for name, box in boxes.items()})
        ],
        "stack": [_moved(poster, ours, _stack(boxes))],
    }


def _moved(poster: Poster, ours: Parts, boxes: Boxes) -> Parts:
    """The poster's elements in other places, each with the button or disc that is its own."""
    blocks = {name: "accent" for name in boxes if f"panel-{name}" in ours.panels}
    grounds = {name: blocks.get(name, "scene") for name in boxes}
    return parts(poster.model_copy(update={"boxes": boxes, "grounds": grounds}))


def _at(box: Box, x: float, y: float) -> Box:
    """The box with its middle at x, y."""
    across, down = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    return x - across, y - down, x + across, y + down


def _random(boxes: Boxes, rng: np.random.Generator) -> Boxes:
    placed = {}
    for name, box in boxes.items():
        width, height = box[2] - box[0], box[3] - box[1]
        left, top = rng.random(2) * (max(1 - width, 0), max(1 - height, 0))
        placed[name] = (left, top, left + width, top + height)
    return placed


def _stack(boxes: Boxes, gap: float = 0.03, most: float = 0.94) -> Boxes:
    heights = [box[3] - box[1] for box in boxes.values()]
    high = sum(heights) + gap * (len(heights) - 1)
    scale = min(1.0, most / high) if high else 1.0
    y = 0.5 - high * scale / 2
    placed = {}
    for name, box in boxes.items():
        width, height = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
        placed[name] = (0.5 - width / 2, y, 0.5 + width / 2, y + height)
        y += height + gap * scale
    return placed


def _mean(rows: list[Measured]) -> Measured:
    """The mean of each metric over the posters that have it."""
    means: Measured = {}
    for name in rows[0] if rows else ():
        values = [value for row in rows if (value := row[name]) is not None]
        means[name] = round(statistics.fmean(values), 5) if values else None
    return means


def _best(means: dict[str, Measured], name: str, better: Callable[[float, float], bool]) -> bool:
    """Whether ours beats every baseline."""
    ours = means["ours"][name]
    others = [row[name] for way, row in means.items() if way != "ours"]
    return ours is not None and all(other is not None and better(ours, other) for other in others)


def _table(result: dict[str, Any]) -> list[str]:
    means: dict[str, Measured] = result["metrics"]
    names = list(next(iter(means.values())))
    lines = [f"{'':<8}" + "".join(f"{name:>17}" for name in names)]
    for way, row in means.items():
        cells = ("-" if row[name] is None else f"{row[name]:.4f}" for name in names)
        lines.append(f"{way:<8}" + "".join(f"{cell:>17}" for cell in cells))
    best = ", ".join(f"{name} {'yes' if yes else 'NO'}" for name, yes in result["best"].items())
    lines.append(f"ours is best: {best}")
    lines.append(f"judge: {report.said(result['shares'])}")
    return lines


def _draw(path: Path, ground: Any, saliency: Map, ways: dict[str, list[Parts]]) -> None:
    """The canvas with each way's boxes, side by side; the salient part in red."""
    height, width = saliency.shape
    sheet = Image.new("RGB", (len(ways) * width, height))
    tinted = ground.copy()
    tinted[..., 0] = np.maximum(tinted[..., 0], 160 * saliency)
    for place, layouts in enumerate(ways.values()):
        one = Image.fromarray(tinted)
        draw = ImageDraw.Draw(one)
        for kind, colour in (("panels", "white"), ("elements", "blue")):
            for box in getattr(layouts[0], kind).values():
                edges = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
                draw.rectangle(edges, outline=colour, width=2)
        sheet.paste(one, (place * width, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


if __name__ == "__main__":
    main()
