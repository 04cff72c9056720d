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


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A card of 24 GB; what tenants hold of it can be changed."""
    held: dict[str, float] = {}
    monkeypatch.setattr(device, "_tenants", {})
    monkeypatch.setattr(device, "_free", lambda _: (24 - sum(held.values())) * 1e9)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    return held


def move_in(held: dict[str, float], tenant: str, gigabytes: float, kind: str = "cuda") -> None:
    """Load weights as an engine does."""
    place = torch.device(kind)
    device.make_room(place, gigabytes, tenant, lambda: held.pop(tenant, None) and None)
    held[tenant] = gigabytes


def test_models_stay_on_the_card_while_there_is_room(card: dict[str, float]) -> None:
    move_in(card, "captions", 9)
    move_in(card, "ranking", 1)
    move_in(card, "scenes", 10)
    assert list(card) == ["captions", "ranking", "scenes"]


def test_the_one_that_came_first_leaves_first_and_no_more_than_must(
    card: dict[str, float],
) -> None:
    for tenant, gigabytes in (("captions", 9), ("copy", 8), ("ranking", 1), ("scenes", 12)):
        move_in(card, tenant, gigabytes)
    assert list(card) == ["copy", "ranking", "scenes"]


def test_on_the_processor_nobody_has_to_leave(card: dict[str, float]) -> None:
    move_in(card, "captions", 20, "cpu")
    move_in(card, "scenes", 20, "cpu")
    assert list(card) == ["captions", "scenes"]
