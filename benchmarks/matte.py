"""Measure cut-outs against true masks: IoU at 0.5, boundary F, MAE, seconds.

FOLDER holds mattes.jsonl, one object a line with `image` and `mask` (paths in FOLDER), and
optionally `kind`. Boundary F matches outlines within 0.75 % of the diagonal, as DAVIS does.
Every method (a value of caption.matte) sees each image in turn, its model loaded before; the
first that runs is `ours`. The baseline is one GrabCut seeded by border colours and a centred
ellipse, at 480 px. --end-to-end times file to matte on photos of 12 megapixels, which are these
images enlarged: their speed is real, their detail is not.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _report import emit, machine, parser, versions
from PIL import Image

from aigc import photo
from aigc.campaign import Photo, Pixels
from aigc.caption.matte import cut_out
from aigc.errors import AigcError

TOLERANCE = 0.0075
MEASURES = ("iou", "boundary_f", "mae", "seconds", "seconds_per_megapixel")
BASELINE = "baseline"
MEGAPIXELS = 12

Method = Callable[[Pixels], Pixels]


def alpha(pixels: Pixels, *, method: str) -> Pixels:
    return cut_out(Photo(pixels=pixels), method=method).alpha


def runnable(names: list[str], pixels: Pixels) -> tuple[dict[str, Method], dict[str, str]]:
    """Run each method once, which loads its model; give those that can, and why others cannot."""
    methods: dict[str, Method] = {}
    left_out: dict[str, str] = {}
    for name in names:
        try:
            alpha(pixels, method=name)
            methods[name] = partial(alpha, method=name)
        except AigcError as error:
            left_out[name] = str(error)
    if not methods:
        raise SystemExit("no method can run:\n" + "\n".join(left_out.values()))
    return methods, left_out


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


def measure(method: Method, pixels: Pixels, truth: Pixels) -> dict[str, float]:
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


def lines_of(means: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Print means by kind and method as a table."""
    rows = {f"{kind}, {name}": row for kind, each in means.items() for name, row in each.items()}
    wide = max(map(len, rows)) + 1
    lines = [" " * wide + "".join(f"{name:>23}" for name in MEASURES)]
    for title, row in rows.items():
        lines.append(f"{title:{wide}}" + "".join(f"{row[name]:>23.3f}" for name in MEASURES))
    return lines


def end_to_end(images: list[Path], names: list[str]) -> dict[str, float]:
    """Give each method's median seconds from a 12-megapixel JPEG on disk to its matte."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        large = str(Path(folder) / "large.jpg")
        for path in images:
            image = Image.open(path).convert("RGB")
            scale = (MEGAPIXELS * 1e6 / (image.width * image.height)) ** 0.5
            size = (round(image.width * scale), round(image.height * scale))
            image.resize(size, Image.Resampling.BICUBIC).save(large, quality=92)
            for name in names:
                start = time.perf_counter()
                cut_out(photo.load(large), method=name)
                seconds[name].append(time.perf_counter() - start)
    return {name: round(statistics.median(found), 4) for name, found in seconds.items()}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("folder", type=Path, metavar="FOLDER")
    default = "net,grabcut" + (",rembg" if find_spec("rembg") else "")
    arguments.add_argument("--methods", default=default, help=f"by commas (default {default})")
    arguments.add_argument("--end-to-end", type=int, default=0, metavar="N", help="of N images")
    arguments.add_argument("--each", action="store_true", help="also print every image's IoU")
    options = arguments.parse_args()
    lines = (options.folder / "mattes.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    images = [options.folder / row["image"] for row in rows]
    first = np.asarray(Image.open(images[0]).convert("RGB"))
    methods, left_out = runnable(options.methods.split(","), first)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in (*methods, BASELINE)}
    for row, path in zip(rows, images, strict=True):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        truth = np.asarray(Image.open(options.folder / row["mask"]).convert("L"))
        for name, method in {**methods, BASELINE: baseline}.items():
            results[name].append(measure(method, pixels, truth))
    kinds = [str(row.get("kind", "all")) for row in rows]
    means = {name: mean(found) for name, found in results.items()}
    by_kind = {
        kind: {
            name: mean([row for row, of in zip(found, kinds, strict=True) if of == kind])
            for name, found in results.items()
        }
        for kind in dict.fromkeys(kinds)
    }
    ours, theirs = means[next(iter(methods))], means[BASELINE]
    packages = ["opencv-contrib-python-headless", "numpy", "torch"]
    if any(name.startswith("rembg") for name in methods):
        packages += ["rembg", "onnxruntime"]
    result: dict[str, Any] = {
        "iou": ours["iou"],
        "boundary_f": ours["boundary_f"],
        "boundary_tolerance": TOLERANCE,
        "images": len(rows),
        "ours": ours,
        "theirs": theirs,
        "ratio": round(ours["iou"] / max(theirs["iou"], 1e-9), 4),
        "methods": {name: means[name] for name in methods},
        "left_out": left_out,
        "by_kind": by_kind,
        "machine": machine(),
        "versions": versions(*packages),
    }
    table = lines_of({**by_kind, "overall": means})
    table += [f"not run: {name}: {reason}" for name, reason in left_out.items()]
    if options.end_to_end:
        chosen = images[: options.end_to_end]
        seconds = end_to_end(chosen, list(methods))
        result["end_to_end"] = {
            "images": len(chosen),
            "megapixels": MEGAPIXELS,
            "upscaled": True,
            "median_seconds": seconds,
        }
        table.append(f"file to matte, {len(chosen)} photos enlarged to {MEGAPIXELS} megapixels:")
        table += [f"{name}: {median:.3f} s (median)" for name, median in seconds.items()]
    if options.each:
        for number, row in enumerate(rows):
            ious = (f"{name} {found[number]['iou']:.3f}" for name, found in results.items())
            table.append(f"{row['image']}: {', '.join(ious)}")
    emit(options.json, result, table)


if __name__ == "__main__":
    main()
