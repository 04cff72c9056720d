"""Reads printed lines: PP-OCRv6 small, as the rapidocr wheel carries it, through onnxruntime.

The wheel is fetched for its models, not installed: it requires an OpenCV that would overwrite
ours. It reads Latin letters, Chinese, Japanese kana and figures; no other script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aigc._engines import store
from aigc.campaign import Pixels
from aigc.errors import MissingExtra

_WHEEL = "pypi:rapidocr==3.10.0/rapidocr/models"
_DETECTOR = store.Model(
    name="text-detector",
    ref=f"{_WHEEL}/PP-OCRv6_det_small.onnx",
    sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    bytes=9_929_594,
    licence="Apache-2.0",
    use="reading posters back: where lines stand",
)
_READER = store.Model(
    name="text-reader",
    ref=f"{_WHEEL}/PP-OCRv6_rec_small.onnx",
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    bytes=21_234_383,
    licence="Apache-2.0",
    use="reading posters back: what lines say",
)
_TALL = 48  # px: the height at which a line is read
_WIDE = 320  # px: of a narrower line only the first letters are read
_SURE = 0.3  # from here on a pixel belongs to a line
_GROWN = 0.42  # of its height: by so much a line is taller than what the detector marks of it
_TYPE = 40.0  # px: the type size at which lines are looked for

Floats = NDArray[np.float32]


def at_hand() -> bool:
    """Whether lines can be read here without installing or fetching anything."""
    there = all(store.fetched(model.ref) for model in (_DETECTOR, _READER))
    return there and find_spec("onnxruntime") is not None


def read(picture: Pixels, size: float) -> str:
    """Read a block of text (h, w, 3) set in `size` px, its lines joined by spaces."""
    lines = [
        _line(picture[top:bottom, left:right]) for left, top, right, bottom in _lines(picture, size)
    ]
    return " ".join(line for line in lines if line)


def _lines(picture: Pixels, size: float) -> list[tuple[int, int, int, int]]:
    """Where lines stand in a picture, in reading order: (left, top, right, bottom) px."""
    scale = _TYPE / max(size, 1.0)
    height, width = picture.shape[:2]
    shape = [max(32, round(side * scale / 32) * 32) for side in (height, width)]
    resized = cv2.resize(
        picture, shape[::-1], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    (marked,) = _run(_DETECTOR, _scaled(resized)[None])
    mask = (marked[0, 0] > _SURE).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    found = []
    for left, top, wide, high, area in stats[1:count]:
        if min(wide, high) < 4 or area < 40:
            continue
        grow = _GROWN * high
        box = (left - grow, top - grow, left + wide + grow, top + high + grow)
        across, down = width / shape[1], height / shape[0]
        found.append(
            (
                max(0, int(box[0] * across)),
                max(0, int(box[1] * down)),
                min(width, int(np.ceil(box[2] * across))),
                min(height, int(np.ceil(box[3] * down))),
            )
        )
    return list(_in_order(found))


def _in_order(boxes: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Line by line, each from left to right."""
    left_over = sorted(boxes, key=lambda box: box[1] + box[3])
    while left_over:
        middle = (left_over[0][1] + left_over[0][3]) / 2
        row = [box for box in left_over if box[1] < middle < box[3]]
        yield from sorted(row)
        left_over = [box for box in left_over if box not in row]


def _line(picture: Pixels) -> str:
    """Read one line."""
    if picture.size == 0:
        return ""
    height, width = picture.shape[:2]
    wide = max(_TALL, int(np.ceil(_TALL * width / height)))
    way = cv2.INTER_AREA if height > _TALL else cv2.INTER_CUBIC
    line = _scaled(cv2.resize(picture, (wide, _TALL), interpolation=way))
    padded = np.zeros((1, 3, _TALL, max(wide, _WIDE)), np.float32)
    padded[0, :, :, :wide] = line
    (chances,) = _run(_READER, padded)
    best = chances[0].argmax(axis=1)
    kept = best[np.concatenate([[True], best[1:] != best[:-1]])]  # CTC: repeats are one letter
    letters = _letters()
    return "".join(letters[each] for each in kept if each > 0).strip()


def _scaled(picture: Pixels) -> Floats:
    """As the networks were trained: (3, h, w) in -1..1, blue first."""
    return np.ascontiguousarray(
        (picture[..., ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
    )


def _run(model: store.Model, batch: Floats) -> list[Floats]:
    results: list[Floats] = _session(model).run(None, {"x": batch})
    return results


@cache
def _letters() -> list[str]:
    said = _session(_READER).get_modelmeta().custom_metadata_map["character"]
    return ["", *said.split("\n"), " "]  # blank first, space last


@cache
def _session(model: store.Model) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("--ocr needs onnxruntime: pip install 'aigc[ocr]'") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    path = str(store.checked(model))
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
