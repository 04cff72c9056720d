"""Match texts to photos: top-1 accuracy and mean reciprocal rank, by file.

With `--model` a dual encoder judges, as rank/clip does, in place of the builtin classifier.

A file has one JSON object a line: `image` (path relative to the file), `candidates` (texts) and
`answer` (index of the right one). The other side is the plain method, measured in the same run:
convex combination of semantic embeddings (Norouzi et al. 2013) over the names of the ten likeliest
classes, cosine with the text, mean over seven regions.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _report import emit, machine, parser, versions

from aigc import photo
from aigc._engines import clip, encoder, vision
from aigc.campaign import Pixels
from aigc.rank import contrast
from aigc.rank.contrast import View
from aigc.rank.look import look
from aigc.rank.relevance import bank, phrases, relevance
from aigc.regions import regions

Row = dict[str, Any]
Scores = list[list[float]]
TOP = 10  # classes of the plain method
HALF = 0.25  # margin of the plain method's seventh region


def main() -> None:
    """Read the files, score every row both ways, and report."""
    arguments = parser(__doc__)
    arguments.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    arguments.add_argument("--model", help="Measure rank/clip with this model, not rank/builtin.")
    arguments.add_argument("--device", default="auto", help="Where the model runs.")
    chosen = arguments.parse_args()
    files = {path.name: _rows(path) for path in chosen.files}
    rows = [row for own in files.values() for row in own]
    print(f"{len(rows)} rows", file=sys.stderr)
    bank()  # loads the encoder, so that no side is timed doing it
    method = partial(_encoded, chosen.model, chosen.device) if chosen.model else _ours
    ours, our_seconds = _timed(method, rows)
    theirs, their_seconds = _timed(_theirs, rows)
    result: dict[str, Any] = {
        "model": chosen.model,
        "top1": {},
        "mrr": {},
        "ours": {"seconds": our_seconds},
        "theirs": {"top1": {}, "mrr": {}, "seconds": their_seconds},
        "ratio": {},
        "machine": machine(),
        "versions": versions("numpy", "torch", "transformers"),
    }
    table = [f"{'file':<28} {'rows':>5}  {'top-1':>6} {'plain':>6}   {'MRR':>6} {'plain':>6}"]
    start = 0
    for name, own in files.items():
        part = slice(start, start + len(own))
        start += len(own)
        top1, mrr = _measure(own, ours[part])
        plain_top1, plain_mrr = _measure(own, theirs[part])
        result["top1"][name], result["mrr"][name] = top1, mrr
        result["theirs"]["top1"][name], result["theirs"]["mrr"][name] = plain_top1, plain_mrr
        result["ratio"][name] = round(top1 / plain_top1, 3) if plain_top1 else None
        table.append(
            f"{name:<28} {len(own):>5}  {top1:>6.3f} {plain_top1:>6.3f}"
            f"   {mrr:>6.3f} {plain_mrr:>6.3f}"
        )
    result["ours"] |= {"top1": result["top1"], "mrr": result["mrr"]}
    table.append(f"seconds a photo: {our_seconds / len(rows):.3f}, {their_seconds / len(rows):.3f}")
    emit(chosen.json, result, table)


def _rows(path: Path) -> list[Row]:
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            row: Row = json.loads(line)
            found.append(row | {"image": path.parent / row["image"]})
    return found


def _timed(method: Callable[[Sequence[Row]], Scores], rows: Sequence[Row]) -> tuple[Scores, float]:
    begun = time.perf_counter()
    scores = method(rows)
    return scores, round(time.perf_counter() - begun, 3)


def _photos(rows: Sequence[Row]) -> dict[Path, Any]:
    return {path: photo.load(str(path)) for path in dict.fromkeys(row["image"] for row in rows)}


def _ours(rows: Sequence[Row]) -> Scores:
    photos = _photos(rows)
    nothing = [None] * len(photos)
    seen = dict(zip(photos, look(list(photos.values()), nothing, nothing), strict=True))
    looked = [seen[row["image"]] for row in rows]
    texts = [row["candidates"] for row in rows]
    needed = phrases(looked, texts)
    return relevance(looked, texts, dict(zip(needed, encoder.encode(needed), strict=True)))


def _encoded(model: str, device: str, rows: Sequence[Row]) -> Scores:
    loaded = clip.load(model, device, option="--device", instead="leave out --model")
    texts: dict[Path, dict[str, None]] = {}
    for row in rows:
        texts.setdefault(row["image"], {}).update(dict.fromkeys(row["candidates"]))
    photos = _photos(rows)
    own = [list(texts[path]) for path in photos]
    found = contrast.relevance(loaded, [View(each, None) for each in photos.values()], own)
    scores = {
        path: dict(zip(said, values or [contrast.NEUTRAL] * len(said), strict=True))
        for path, said, values in zip(photos, own, found, strict=True)
    }
    return [[scores[row["image"]][text] for text in row["candidates"]] for row in rows]


def _theirs(rows: Sequence[Row]) -> Scores:
    points = encoder.encode(vision.class_names())
    means = {}
    for path, each in _photos(rows).items():
        parts = [*regions(each.pixels, None), _middle(each.pixels)]
        classes = vision.classify(parts)  # (7, 1000)
        least = np.sort(classes, axis=1)[:, -TOP, None]
        mixed = np.where(classes >= least, classes, 0) @ points
        means[path] = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).mean(0)
    texts = list(dict.fromkeys(text for row in rows for text in row["candidates"]))
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return [
        [float(means[row["image"]] @ vectors[text]) for text in row["candidates"]] for row in rows
    ]


def _middle(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    top, left = int(HALF * height), int(HALF * width)
    return np.ascontiguousarray(pixels[top : height - top, left : width - left])


def _measure(rows: Sequence[Row], scores: Scores) -> tuple[float, float]:
    ranks = []
    for row, own in zip(rows, scores, strict=True):
        right = own[row["answer"]]
        better = sum(value > right for value in own)
        tied = sum(value == right for value in own) - 1
        ranks.append(1 + better + tied / 2)  # a tie is worth half a guess, not a win
    top1 = sum(rank == 1 for rank in ranks) / len(ranks)
    return round(top1, 4), round(sum(1 / rank for rank in ranks) / len(ranks), 4)


if __name__ == "__main__":
    main()
