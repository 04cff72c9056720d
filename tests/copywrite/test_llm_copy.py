"""copywrite/llm: a model of this machine writes, by the ordinary path, on tiny random weights."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from aigc import events
from aigc.campaign import Brief, Caption
from aigc.channels import TextLimits, columns
from aigc.copywrite import CopyRequest
from aigc.copywrite.llm import Backend
from aigc.errors import ModelError

LIMITS = TextLimits(headline=60, body=90, cta=60)  # a random model does not know when to end
BRIEF = Brief(name="Fern Mug", photo="x", texts=({"headline": "Mine"},))


def request(seed: int, language: str = "xx") -> CopyRequest:
    """Ask in a language of which nothing is known: any letters will do."""
    return CopyRequest(
        brief=BRIEF.model_copy(update={"language": language}),
        caption=Caption(
            text="A mug.",
            tags=(),
            palette=(),
            background="white",
            subject=(0, 0, 1, 1),
            cutout=np.zeros((2, 2, 4), np.uint8),
        ),
        limits=LIMITS,
        seed=seed,
    )


def backend(**options: Any) -> Backend:
    return Backend.model_validate(
        tiny.options("copywrite", "llm") | {"candidates": 8, "rounds": 1} | options
    )


def test_a_models_own_words_become_candidates() -> None:
    first, second = backend().write([request(1), request(2)])
    assert first != second
    for own, *copies in (first, second):
        assert own.source == "own"
        assert copies
        assert {copy.source for copy in copies} == {"llm:llama"}
        assert len({copy.headline for copy in copies}) == len(copies)
        for copy in copies:
            assert all(0 < columns(getattr(copy, field)) <= most for field, most in LIMITS)
            assert copy.hashtags[-1] == "#FernMug"


def test_the_grammar_speaks_for_a_model_that_cannot() -> None:
    remarks: list[str] = []
    with events.listening(lambda event: event.total or remarks.append(event.message)):
        (copies,) = backend(max_tokens=64).write([request(1, "zh-CN")])
    assert len(copies) == 9
    assert copies[-1].source == "builtin:grammar"
    assert re.fullmatch(
        r"Fern Mug: \d of 8 texts of llm:llama can be used \(.+\); the grammar writes \d more",
        remarks[0],
    )


def test_nothing_runs_on_the_processor_unasked() -> None:
    if torch.cuda.is_available():
        assert backend(device="auto", rounds=1).write([request(1, "en")])
        return
    with pytest.raises(ModelError, match=r"copywrite\.device = 'auto': no graphics card"):
        backend(device="auto").write([request(1)])


def test_the_version_of_the_model_is_told() -> None:
    ((model, version),) = backend().materials.items()
    assert model == backend().model
    assert re.fullmatch("[0-9a-f]{64}", version)


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="nowhere"):
        backend(model="file:/nowhere/at/all").write([request(1)])
