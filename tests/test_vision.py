"""The classifier and its activation map, on pictures drawn here."""

from __future__ import annotations

import numpy as np
import pytest

from aigc._engines import vision
from aigc.campaign import Pixels
from aigc.regions import regions


@pytest.fixture(scope="module")
def drawn() -> list[Pixels]:
    """Three pictures of different size and shape: a disc, stripes and noise."""
    y, x = np.mgrid[:180, :240]
    disc = np.full((180, 240, 3), 250, np.uint8)
    disc[(x - 60) ** 2 + (y - 90) ** 2 < 50**2] = (220, 120, 20)
    stripes = np.repeat(((np.arange(300) // 20 % 2) * 255).astype(np.uint8)[None], 150, 0)
    noise = np.random.default_rng(3).integers(0, 256, (97, 131, 3), dtype=np.uint8)
    return [disc, np.stack([stripes] * 3, axis=2), noise]


def test_probabilities_do_not_depend_on_the_batch(drawn: list[Pixels]) -> None:
    together = vision.classify(drawn)
    assert together.shape == (3, 1000)
    assert np.allclose(together.sum(1), 1, atol=1e-5)
    for row, image in zip(together, drawn, strict=True):
        assert np.array_equal(vision.classify([image])[0], row)


def test_class_names_are_in_the_order_of_the_weights(drawn: list[Pixels]) -> None:
    names = vision.class_names()
    assert len(set(names)) == 1000
    orange = vision.classify(drawn[:1])[0]
    assert "orange" in [names[i] for i in np.argsort(-orange)[:20]]


def test_activation_is_strongest_on_the_object(drawn: list[Pixels]) -> None:
    maps = vision.saliency(drawn)
    assert maps.shape == (3, 14, 14)
    assert maps.min() >= 0
    assert maps.max() <= 1
    disc = maps[0]  # the disc fills columns 10..110 of 240
    assert disc[:, 1:7].mean() > 2 * disc[:, 8:].mean()
    assert np.array_equal(vision.saliency(drawn[:1])[0], disc)


def test_no_pictures_give_empty_results() -> None:
    assert vision.classify([]).shape == (0, 1000)
    assert vision.saliency([]).shape == (0, 14, 14)


def test_regions_cover_the_photo_and_hold_the_subject(drawn: list[Pixels]) -> None:
    cut = regions(drawn[0], (0.5, 0.0, 0.52, 0.01))
    assert len(cut) == 7
    assert len(regions(drawn[0], None)) == 6
    assert np.array_equal(cut[0], drawn[0])
    assert all(part.size and part.flags.c_contiguous for part in cut)
    assert cut[1].shape[1] < 0.1 * 240
