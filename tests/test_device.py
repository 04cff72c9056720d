"""The graphics card is taken where there is one; the processor only where it is asked for."""

from __future__ import annotations

import pytest
import torch

from aigc._engines import device
from aigc.errors import ModelError

WORDS = {"option": "scene.device", "instead": "use --scene builtin"}


def cards(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Pretend that there are so many CUDA cards, and nothing else."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    for other in (torch.xpu, torch.mps):
        monkeypatch.setattr(other, "is_available", lambda: False, raising=False)


def test_the_processor_is_never_taken_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    cards(monkeypatch, 0)
    with pytest.raises(ModelError, match=r"no graphics card.*--scene builtin.*scene.device=cpu"):
        device.choose("auto", **WORDS)
    assert device.choose("cpu", **WORDS).type == "cpu"


def test_a_card_is_taken_and_one_that_is_not_there_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cards(monkeypatch, 2)
    assert device.choose("auto", **WORDS) == torch.device("cuda")
    assert device.choose("cuda:1", **WORDS) == torch.device("cuda:1")
    with pytest.raises(ModelError, match=r"'cuda:2'.*sees no such device; use --scene builtin"):
        device.choose("cuda:2", **WORDS)


@pytest.mark.parametrize("word", ["gpu", "cuda:x", ""])
def test_a_word_that_is_no_device_is_refused(word: str) -> None:
    with pytest.raises(ModelError, match=r"scene\.device.*choose auto, cuda"):
        device.choose(word, **WORDS)
