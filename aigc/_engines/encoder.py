"""Sentences as points: all-MiniLM-L6-v2, where texts of like meaning lie close together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aigc._engines import store

_LONGEST = 256  # tokens; MiniLM was trained on as many
_BATCH = 32


@cache
def _loaded() -> tuple[Any, Any]:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()

    folder = store.builtin("sentence-encoder")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer, AutoModel.from_pretrained(folder, local_files_only=True).eval()


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Give each text its unit vector: (n, 384); their dot product is the cosine of their meanings.

    Texts are cut after 256 tokens.
    """
    means = pooled(*_loaded(), texts)
    lengths = np.sqrt((means**2).sum(1, keepdims=True))
    return np.asarray(means / np.maximum(lengths, 1e-12), np.float32)


def pooled(tokenizer: Any, model: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    """Give each text the mean of its tokens' last states under an encoder: (n, width).

    Only texts of equal length share a batch, so a vector does not depend on what else is encoded
    (to within float rounding).
    """
    found = np.empty((len(texts), model.config.hidden_size), np.float32)
    if not texts:
        return found
    tokens = tokenizer(list(texts), truncation=True, max_length=_LONGEST)["input_ids"]
    by_length: dict[int, list[int]] = {}
    for index, ids in enumerate(tokens):
        by_length.setdefault(len(ids), []).append(index)
    with torch.inference_mode():
        for indices in by_length.values():
            for start in range(0, len(indices), _BATCH):
                part = indices[start : start + _BATCH]
                ids = torch.tensor([tokens[i] for i in part])
                states = model(input_ids=ids, attention_mask=torch.ones_like(ids))
                found[part] = states.last_hidden_state.mean(1).numpy()
    return found
