"""The judge's layout metrics, against cases counted by hand, and where there is nothing."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from aigc.campaign import Box
from aigc.typeset.judge import metrics
from aigc.typeset.judge.parts import Parts, bare

LEFT: Box = (0.0, 0.0, 0.5, 1.0)
RIGHT: Box = (0.5, 0.0, 1.0, 1.0)
ALL: Box = (0.0, 0.0, 1.0, 1.0)
NOTHING = np.zeros((100, 100), np.float32)


def half_salient() -> metrics.Map:
    saliency = NOTHING.copy()
    saliency[:, :50] = 1
    return saliency


def test_canvas_has_the_papers_area_and_never_grows() -> None:
    assert metrics.canvas_size((513, 750)) == (513, 750)
    width, height = metrics.canvas_size((1080, 1350))
    assert width * height == pytest.approx(513 * 750, rel=0.01)
    assert width / height == pytest.approx(0.8, rel=0.01)
    assert metrics.canvas_size((728, 90)) == (728, 90)


def test_validity_counts_what_shows() -> None:
    speck = (0.1, 0.1, 0.13, 0.13)  # 0.09 %
    outside = (0.99, 0.0, 3.0, 0.05)  # 0.05 % of it shows
    assert metrics.validity([LEFT, RIGHT]) == 1
    assert metrics.validity([LEFT, RIGHT, speck, outside]) == 0.5
    assert metrics.validity([]) is None


def test_overlay_is_iou_by_element() -> None:
    assert metrics.overlay([LEFT, RIGHT]) == 0
    # Thirds shared: 1/3 in common of 2/3 each, so the IoU is (1/3) / 1.
    one, other = (0.0, 0.0, 2 / 3, 1.0), (1 / 3, 0.0, 1.0, 1.0)
    assert metrics.overlay([one, other]) == pytest.approx(1 / 3 / 2)
    assert metrics.overlay([ALL, ALL, ALL]) == pytest.approx(1)
    assert metrics.overlay([ALL]) == metrics.overlay([]) == 0


def test_alignment_looks_at_each_element() -> None:
    pair: list[Box] = [(0.1, 0.1, 0.4, 0.2), (0.1, 0.5, 0.7, 0.9)]
    assert metrics.alignment(pair) == 0
    # The paper's code takes the least over all pairs, so the aligned pair would hide this one.
    astray: Box = (0.23, 0.3, 0.55, 0.41)
    apart = min(abs(a - b) for box in pair for a, b in zip(_axes(box), _axes(astray), strict=True))
    assert apart > 0
    assert metrics.alignment([*pair, astray]) == pytest.approx(-math.log10(1 - apart))
    assert metrics.alignment([ALL]) == metrics.alignment([]) == 0
    assert math.isfinite(metrics.alignment([(0, 0, 0, 0), (1, 1, 1, 1)]))


def _axes(box: Box) -> tuple[float, ...]:
    return (*box, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def test_underlays() -> None:
    inside, across = (0.1, 0.1, 0.4, 0.4), (0.4, 0.1, 0.6, 0.4)
    assert metrics.underlay_loose([LEFT], [across]) == pytest.approx(0.5)
    assert metrics.underlay_strict([LEFT], [across]) == 0
    assert metrics.underlay_loose([LEFT, RIGHT], [inside]) == pytest.approx(0.5)
    assert metrics.underlay_strict([LEFT, RIGHT], [inside, across]) == 0.5
    assert metrics.underlay_strict([LEFT], []) == 0
    assert metrics.underlay_strict([], [inside]) is None
    assert metrics.underlay_loose([], [inside]) is None


def test_an_underlay_must_reach_to_the_right() -> None:
    """The paper's code compares an element's right edge with itself."""
    assert metrics.underlay_strict([(0.0, 0.0, 0.5, 1.0)], [(0.1, 0.1, 0.9, 0.4)]) == 0


def test_utility_is_the_used_share_of_free_room() -> None:
    assert metrics.utility([RIGHT], half_salient()) == 1
    assert metrics.utility([LEFT], half_salient()) == 0
    assert metrics.utility([(0.5, 0, 0.75, 1), (0.5, 0, 0.75, 1)], half_salient()) == 0.5
    assert metrics.utility([], NOTHING) == 0
    assert metrics.utility([LEFT], NOTHING + 1) is None


def test_occlusion_is_the_saliency_under_elements() -> None:
    assert metrics.occlusion([LEFT], half_salient()) == 1
    assert metrics.occlusion([RIGHT], half_salient()) == 0
    assert metrics.occlusion([ALL], half_salient()) == 0.5
    assert metrics.occlusion([], half_salient()) is None


def test_readability_leaves_out_what_an_underlay_covers() -> None:
    slope = half_salient()
    assert metrics.readability([ALL], slope) == 0.5
    assert metrics.readability([], slope) is None
    for panel, wanted in ((RIGHT, 1), (ALL, 0)):
        seen = bare(Parts({}, {}, {"panel": panel}, {}), NOTHING, slope)
        assert metrics.readability([ALL], seen) == wanted


def test_a_cover_lies_behind_the_product() -> None:
    covered = bare(Parts({}, {}, {}, {"cover": ALL}), half_salient(), NOTHING + 0.5)
    assert np.isnan(covered[:, 50:]).all()
    assert metrics.readability([LEFT], covered) == 0.5
    assert metrics.readability([RIGHT], covered) == 0


def test_an_edge_counts_the_same_from_light_to_dark() -> None:
    """Sobel on uint8, as in the paper's code, loses every edge from light to dark."""
    dark_to_light = np.zeros((20, 20, 3), np.uint8)
    dark_to_light[:, 10:] = 200
    light_to_dark = np.ascontiguousarray(dark_to_light[:, ::-1])
    one, other = (metrics.gradient(each) for each in (dark_to_light, light_to_dark))
    assert one.max() == pytest.approx(200 / 255)
    assert np.array_equal(one, other[:, ::-1])
    grey = cv2.cvtColor(light_to_dark, cv2.COLOR_RGB2GRAY)
    clipped = cv2.Sobel(grey, -1, 1, 0)
    assert clipped.max() == 0  # what float avoids
    steep = cv2.Sobel(cv2.cvtColor(dark_to_light, cv2.COLOR_RGB2GRAY), -1, 1, 0)
    assert (steep.astype(np.uint8) ** 2).max() < 200**2  # and squares wrap at 256


def test_a_plain_wall_has_no_gradient_whatever_its_grain() -> None:
    rng = np.random.default_rng(0)
    wall = np.full((60, 60, 3), 128, np.uint8)
    wall += rng.integers(0, 2, wall.shape, np.uint8)
    assert metrics.gradient(wall).mean() < 0.01


def test_a_box_outside_the_canvas_covers_a_pixel_at_most() -> None:
    assert metrics.covered([(2.0, 2.0, 3.0, 3.0)], (10, 10)).sum() == 1
    assert metrics.covered([(-1.0, -1.0, 2.0, 2.0)], (10, 10)).all()
