"""Tastes of audiences, where they are known because the clicks are drawn from them."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from aigc.errors import BriefError
from aigc.rank.clicks.fit import Posterior, chances, fit
from aigc.rank.clicks.segments import parsed

Floats = NDArray[np.float64]
WIDE = 8
ALL = np.array([0.25, -0.2, 0.15, 0.1, 0.0, 0.0, 0.0, 0.0])
OPPOSED = {"age=18-24": -ALL, "age=25-34": ALL, "age=35-44": ALL}
FRESH = np.random.default_rng(77).normal(size=(60, WIDE))


def learned(
    audiences: dict[str, Floats], shown: int = 2500, tests: int = 120, *, young: int = 1000
) -> Posterior:
    """Weights from tests; audiences give each one's own true weights, and all see every test.

    But those of 18-24, who see the first `young` only.
    """
    rng = np.random.default_rng(0)
    rows: list[Floats] = []
    counts: list[tuple[int, int, int]] = []
    segments: list[str] = []
    for test in range(tests):
        for text in rng.normal(size=(3, WIDE)):
            own = rng.normal() * 0.1
            for name, weights in audiences.items():
                clicks = rng.binomial(shown, expit(-3 + text @ weights + own))
                if name != "age=18-24" or test < young:
                    rows.append(text)
                    counts.append((shown, int(clicks), test))
                    segments.append(name)
    impressions, clicked, number = np.array(counts).T
    return fit(np.array(rows), impressions, clicked, number, segments=segments)


def like(found: Posterior, segment: str, truth: Floats) -> float:
    """How the belief of a segment goes with its true taste, -1..1."""
    return float(np.corrcoef(found.appeal(FRESH, segment).mean, FRESH @ truth)[0, 1])


@pytest.fixture(scope="module")
def opposed() -> Posterior:
    return learned(OPPOSED)


def test_a_large_segment_of_opposite_taste_is_learned(opposed: Posterior) -> None:
    assert like(opposed, "age=18-24", -ALL) > 0.9
    assert like(opposed, "age=25-34", ALL) > 0.9
    assert opposed.tastes is not None
    assert opposed.tastes.traits == ("age=18-24", "age=25-34", "age=35-44")


def test_a_tiny_segment_leans_on_the_whole() -> None:
    found = learned(OPPOSED, young=1)
    assert like(found, "age=18-24", ALL) > 0.9


def test_more_evidence_moves_a_segment_further_from_the_whole() -> None:
    found = [like(learned(OPPOSED, young=seen), "age=18-24", -ALL) for seen in (1, 4, 16, 120)]
    assert found == sorted(found)
    assert found[-1] - found[0] > 1.5


def test_where_tastes_are_alike_a_segment_says_what_all_say() -> None:
    truths = dict.fromkeys(["region=east", "region=west", "region=north"], ALL)
    found = learned(truths)
    whole = found.appeal(FRESH).mean
    for segment in truths:
        assert np.abs(found.appeal(FRESH, segment).mean - whole).std() < 0.15 * whole.std()
    assert found.tastes is not None
    assert found.tastes.rho < 0.2


def test_a_segment_not_seen_is_the_pooled_estimate_less_sure(opposed: Posterior) -> None:
    pooled = opposed.appeal(FRESH)
    for segment in ("age=65+", "region=moon", ""):
        assert np.array_equal(opposed.appeal(FRESH, segment).mean, pooled.mean)
    # Ages have been seen to differ, regions have not.
    other_age, region = (opposed.appeal(FRESH, each) for each in ("age=65+", "region=moon"))
    assert np.trace(other_age.covariance) > np.trace(pooled.covariance)
    assert np.array_equal(region.covariance, pooled.covariance)


def test_a_segment_of_one_adds_up_what_each_trait_says(opposed: Posterior) -> None:
    assert opposed.tastes is not None
    truths = {
        "age=18; region=east": ALL * [-1, 1, 1, 1, 1, 1, 1, 1],
        "age=18; region=west": ALL * [-1, -1, 1, 1, 1, 1, 1, 1],
        "age=40; region=east": ALL,
    }
    found = learned(truths, tests=200)
    # Nobody of 40 in the west has been seen; what 40 says and what the west says have.
    unseen = ALL * [1, -1, 1, 1, 1, 1, 1, 1]
    assert like(found, "age=40; region=west", unseen) > max(0.9, like(found, "age=40", unseen))


def test_the_order_and_the_writing_of_traits_do_not_matter(opposed: Posterior) -> None:
    assert parsed("Region = East ;age=18-24;") == parsed("age=18-24; region=east")
    one, other = (
        opposed.appeal(FRESH, each) for each in ("a=b; age=18-24", " AGE = 18-24;  a=b ;")
    )
    assert np.array_equal(one.mean, other.mean)
    assert np.array_equal(one.covariance, other.covariance)
    with pytest.raises(BriefError, match="age has two values"):
        opposed.appeal(FRESH, "age=18-24; age=25-34")


def test_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    features = np.repeat(rng.normal(size=(60, WIDE)), 2, axis=0)
    test = np.repeat(np.arange(20), 6)
    segments = ["age=18", "age=40"] * 60
    clicks = rng.binomial(900, expit(-3 + features @ ALL))

    def told(order: Sequence[int]) -> Floats:
        found = fit(
            features[order], np.full(120, 900), clicks[order], test[order],
            segments=[segments[each] for each in order],
        )  # fmt: skip
        return found.appeal(FRESH, "age=18").mean

    turned = [each for start in range(114, -1, -6) for each in range(start + 5, start - 1, -1)]
    assert np.allclose(told(range(120)), told(turned), atol=0.05)


def test_chances_of_a_segment_follow_its_taste(opposed: Posterior) -> None:
    pair = np.array([3 * ALL, -3 * ALL])
    assert chances(opposed.appeal(pair, "age=25-34"))[0, 1] > 0.8
    assert chances(opposed.appeal(pair, "age=18-24"))[0, 1] < 0.2


def test_without_traits_segments_are_one_audience() -> None:
    rng = np.random.default_rng(3)
    features, test = rng.normal(size=(60, WIDE)), np.repeat(np.arange(20), 3)
    clicks = rng.binomial(900, expit(-3 + features @ ALL))
    log = features, np.full(60, 900), clicks, test
    assert fit(*log, segments=[""] * 60).tastes is None
    assert np.array_equal(fit(*log, segments=[""] * 60).weights, fit(*log).weights)
