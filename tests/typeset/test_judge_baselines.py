"""The baselines of benchmarks/layout.py get what ours gets, and lay it out as they say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typeset_kit import plan, request

from aigc.typeset.builtin import Backend
from aigc.typeset.judge import metrics
from aigc.typeset.judge.parts import Parts


@pytest.fixture(scope="module")
def layout() -> Any:
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    try:
        import layout

        yield layout
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def ways(layout: Any) -> dict[str, list[Parts]]:
    (poster,) = Backend(layout="sale").set([request(plan("instagram-square"), "light", "sale")])
    found: dict[str, list[Parts]] = layout._ways(poster, "seed")
    return found


def sizes(found: Parts) -> list[float]:
    """Width and height of each element."""
    boxes = np.array(list(found.elements.values()))
    return [*(boxes[:, 2:] - boxes[:, :2]).ravel()]


def test_all_get_the_same_elements_and_buttons(ways: dict[str, list[Parts]]) -> None:
    (ours,) = ways["ours"]
    assert any(name == "panel" for name in ours.panels)
    for way in ("random", "centred", "stack"):
        for other in ways[way]:
            assert other.elements.keys() == ours.elements.keys()
            assert other.texts.keys() == ours.texts.keys()
            assert sizes(other) == pytest.approx(sizes(ours))
            assert other.panels.keys() == {"panel-cta"}


def test_each_lays_out_as_it_says(ways: dict[str, list[Parts]]) -> None:
    assert len({tuple(each.elements.values()) for each in ways["random"]}) == len(ways["random"])
    for each in ways["random"]:
        assert all(min(box) >= 0 and max(box) <= 1 + 1e-9 for box in each.elements.values())
    (centred,) = ways["centred"]
    for left, top, right, bottom in centred.elements.values():
        assert (left + right) / 2 == pytest.approx(0.5)
        assert (top + bottom) / 2 == pytest.approx(0.5)
    (stack,) = ways["stack"]
    assert metrics.overlay(list(stack.elements.values())) == 0
    assert metrics.alignment(list(stack.elements.values())) == pytest.approx(0)


def test_a_stack_too_high_is_scaled_down_together(layout: Any) -> None:
    boxes = {str(i): (0.0, 0.0, 0.5, 0.4) for i in range(4)}
    placed = list(layout._stack(boxes).values())
    assert placed[0][1] == pytest.approx(0.03)
    assert placed[-1][3] == pytest.approx(0.97)
    assert {round((b[2] - b[0]) / (b[3] - b[1]), 6) for b in placed} == {1.25}


def test_the_seed_decides(layout: Any, ways: dict[str, list[Parts]]) -> None:
    (poster,) = Backend(layout="sale").set([request(plan("instagram-square"), "light", "sale")])
    assert layout._ways(poster, "seed") == ways
    assert layout._ways(poster, "other")["random"] != ways["random"]
