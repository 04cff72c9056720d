"""Measure the cut-out against true masks: IoU at 0.5, boundary F, MAE, seconds.

FOLDER holds mattes.jsonl, one object a line with `image` and `mask` (paths in FOLDER), and
optionally `kind`. Boundary F matches outlines within 0.75 % of the diagonal, as DAVIS does.
The baseline is one GrabCut seeded by border colours and a centred ellipse, at 480 px.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _report import emit, machine, parser, versions
from PIL import Image

from aigc.campaign import Photo, Pixels
from aigc.caption.matte import cut_out

TOLERANCE = 0.0075
MEASURES = ("iou", "boundary_f", "mae", "seconds", "seconds_per_megapixel")


def ours(pixels: Pixels) -> Pixels:
    return cut_out(Photo(pixels=pixels)).alpha


def baseline(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, 480 / max(height, width))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    high, wide = small.shape[:2]
    mask = np.full((high, wide), cv2.GC_PR_BGD, np.uint8)
    axes = (int(0.35 * wide), int(0.35 * high))
    cv2.ellipse(mask, (wide // 2, high // 2), axes, 0, 0, 360, cv2.GC_PR_FGD, -1)
    rim = max(1, round(0.03 * min(high, wide)))
    mask[:rim] = mask[-rim:] = mask[:, :rim] = mask[:, -rim:] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small[..., ::-1].copy(), mask, None, *models, 5, cv2.GC_INIT_WITH_MASK)
    found = (mask & 1) * np.uint8(255)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def boundary_f(found: Pixels, truth: Pixels) -> float:
    radius = int(np.ceil(TOLERANCE * np.hypot(*truth.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    lines = [mask - cv2.erode(mask, np.ones((3, 3), np.uint8)) for mask in (found, truth)]
    if not lines[0].any() or not lines[1].any():
        return float(lines[0].any() == lines[1].any())
    precision = lines[0][cv2.dilate(lines[1], disc) > 0].sum() / lines[0].sum()
    recall = lines[1][cv2.dilate(lines[0], disc) > 0].sum() / lines[1].sum()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def measure(method: Callable[[Pixels], Pixels], pixels: Pixels, truth: Pixels) -> dict[str, float]:
    start = time.perf_counter()
    alpha = method(pixels)
    seconds = time.perf_counter() - start
    found, true = (alpha >= 128).astype(np.uint8), (truth >= 128).astype(np.uint8)
    union = int((found | true).sum())
    return {
        "iou": float((found & true).sum() / union) if union else 1.0,
        "boundary_f": boundary_f(found, true),
        "mae": float(np.abs(alpha.astype(np.float64) - truth).mean() / 255),
        "seconds": seconds,
        "seconds_per_megapixel": seconds / (truth.size / 1e6),
    }


def mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.mean(row[name] for row in rows), 4) for name in MEASURES}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("folder", type=Path, metavar="FOLDER")
    arguments.add_argument("--each", action="store_true", help="also print every image's figures")
    options = arguments.parse_args()
    lines = (options.folder / "mattes.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    results: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    for number, row in enumerate(rows):
        pixels = np.asarray(Image.open(options.folder / row["image"]).convert("RGB"))
        truth = np.asarray(Image.open(options.folder / row["mask"]).convert("L"))
        if number == 0:
            ours(pixels)  # the network's loading is no part of a cut-out
        results["ours"].append(measure(ours, pixels, truth))
        results["theirs"].append(measure(baseline, pixels, truth))
    kinds = [str(row.get("kind", "all")) for row in rows]
    means = {side: mean(found) for side, found in results.items()}
    by_kind = {
        kind: {
            side: mean([row for row, of in zip(found, kinds, strict=True) if of == kind])
            for side, found in results.items()
        }
        for kind in dict.fromkeys(kinds)
    }
    result: dict[str, Any] = {
        "iou": means["ours"]["iou"],
        "boundary_f": means["ours"]["boundary_f"],
        "boundary_tolerance": TOLERANCE,
        "images": len(rows),
        "ours": means["ours"],
        "theirs": means["theirs"],
        "ratio": round(means["ours"]["iou"] / max(means["theirs"]["iou"], 1e-9), 4),
        "by_kind": by_kind,
        "machine": machine(),
        "versions": versions("opencv-contrib-python-headless", "numpy", "torch"),
    }
    table = [f"{'':22}" + "".join(f"{name:>23}" for name in MEASURES)]
    for kind, sides in {**by_kind, "overall": means}.items():
        for side, name in (("ours", "ours"), ("theirs", "baseline")):
            cells = "".join(f"{sides[side][measure]:>23.3f}" for measure in MEASURES)
            table.append(f"{kind + ', ' + name:22}{cells}")
    if options.each:
        for row, one, other in zip(rows, results["ours"], results["theirs"], strict=True):
            table.append(f"{row['image']}: {one['iou']:.3f}, baseline {other['iou']:.3f}")
    emit(options.json, result, table)


if __name__ == "__main__":
    main()
