"""Thompson sampling with a learned prior: what it believes, how it divides, what it loses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import beta

from aigc.feedback.thompson import (
    Base,
    Belief,
    Outlook,
    allot,
    draw,
    learned,
    outlook,
    prior,
    shares,
)
from aigc.rank.clicks import Appeal, Floats

SPREAD = 0.3


def flat(arms: int, spread: float = SPREAD) -> Belief:
    return prior(Appeal(np.zeros(arms), spread**2 * np.eye(arms)))


def told(mean: Floats, spread: float) -> Belief:
    return prior(Appeal(mean, spread**2 * np.eye(mean.shape[-1])))


def regret(
    before: Belief, rates: Floats, total: int, size: int = 200, sharp: bool = True
) -> Floats:
    """Clicks lost (batches,) on tests whose rates are (tests, arms), the mean."""
    rng = np.random.default_rng(5)
    shown, clicks = np.zeros_like(rates), np.zeros_like(rates)
    gap = rates.max(1, keepdims=True) - rates
    lost = []
    for _ in range(total // size):
        drawn = draw(learned(before, shown, clicks), 100, rng)
        best = (drawn.argmax(-1)[..., None] == np.arange(rates.shape[1])).mean(1)
        part = shares(best) if sharp else best
        now = np.array([allot(row, size) for row in part])
        clicks += rng.binomial(now, rates)
        shown += now
        lost.append((shown * gap).sum(1).mean())
    return np.array(lost)


def truths(tests: int = 60, arms: int = 4) -> Floats:
    """Log-odds of tests whose arms differ by SPREAD, about one click in fifty."""
    rng = np.random.default_rng(1)
    return logit(0.02) + SPREAD * rng.standard_normal((tests, arms))


def test_a_prior_that_knows_loses_less() -> None:
    odds = truths()
    rates = expit(odds)
    hint = odds - odds.mean(1, keepdims=True)
    knowing = regret(told(hint, 0.1), rates, 10_000)
    guessing = regret(
        told(hint + np.random.default_rng(2).normal(0, 0.25, hint.shape), 0.25), rates, 10_000
    )
    nothing = regret(flat(4), rates, 10_000)
    for at in (4, 24, 49):
        assert knowing[at] < 0.5 * guessing[at]
        assert guessing[at] < 0.85 * nothing[at]


def test_a_wrong_prior_recovers() -> None:
    """The worst model there is, sure of the opposite of what holds."""
    odds = truths()
    rates = expit(odds)
    wrong = regret(told(odds.mean(1, keepdims=True) - odds, SPREAD), rates, 60_000, 500)
    followed = 60_000 * (rates.max(1) - rates.min(1)).mean()
    assert wrong[-1] < 0.15 * followed
    assert wrong[-1] - wrong[79] < 0.3 * wrong[39]  # the last third loses little beside the first
    assert wrong[-1] < 2.5 * regret(flat(4), rates, 60_000, 500)[-1]


def test_two_draws_that_agree_lose_less_than_one() -> None:
    rates = expit(truths(150))
    assert regret(flat(4), rates, 10_000)[-1] < regret(flat(4), rates, 10_000, sharp=False)[-1]


def test_one_creative_with_much_evidence_is_its_own_rate() -> None:
    now = learned(flat(1), [100_000], [2_000])
    seen = outlook(now, 0)
    low, high = beta(2_001, 98_001).interval(0.95)
    assert seen.rate[0] == pytest.approx(0.02, rel=0.005)
    assert seen.low[0] == pytest.approx(low, rel=0.005)
    assert seen.high[0] == pytest.approx(high, rel=0.005)


def test_beliefs_agree_with_the_exact_posterior_of_two() -> None:
    before = Belief(np.array([-3.0, -2.5]), np.array([[0.5, 0.3], [0.3, 0.6]]))
    shown, clicks = np.array([400.0, 250.0]), np.array([22.0, 9.0])
    grid = np.linspace(-6, 0, 601)
    x = np.stack(np.meshgrid(grid, grid, indexing="ij"), -1)
    away = x - before.mean
    log = -0.5 * np.einsum("ijk,kl,ijl->ij", away, np.linalg.inv(before.covariance), away)
    log += (clicks * x - shown * np.logaddexp(0, x)).sum(-1)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = np.einsum("ij,ijk->k", weight, x)
    covariance = np.einsum("ij,ijk,ijl->kl", weight, x - mean, x - mean)
    now = learned(before, shown, clicks)
    assert now.mean == pytest.approx(mean, abs=0.05)
    assert now.covariance == pytest.approx(covariance, rel=0.12)
    best = np.array([weight[x[..., 0] > x[..., 1]].sum(), weight[x[..., 1] > x[..., 0]].sum()])
    assert outlook(now, 0).best == pytest.approx(best, abs=0.02)


def test_the_probability_of_being_best_is_one() -> None:
    """Of creatives said to be best with 70 %, seven in ten are, whatever was shown how often."""
    rng = np.random.default_rng(3)
    said, was = [], []
    for _ in range(250):
        base = rng.normal(Base().mean, 0.5)
        hint = rng.normal(0, 0.2, 4)
        odds = base + hint + SPREAD * rng.standard_normal(4)
        shown = rng.integers(0, 6_000, 4)
        now = learned(told(hint, SPREAD), shown, rng.binomial(shown, expit(odds)))
        said.append(outlook(now, 1).best)
        was.append(np.arange(4) == odds.argmax())
    said_, was_ = np.concatenate(said), np.concatenate(was)
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.75), (0.75, 1.01)):
        part = (said_ >= low) & (said_ < high)
        assert part.sum() > 50
        assert was_[part].mean() == pytest.approx(said_[part].mean(), abs=0.07)
    assert ((said_ - was_) ** 2).mean() < 0.8 * 0.1875  # of one that always says a quarter


def test_nothing_known_is_equal_shares() -> None:
    for arms in (1, 2, 3, 7, 200):
        seen = outlook(learned(flat(arms), np.zeros(arms), np.zeros(arms)), 0)
        assert seen.best == pytest.approx(np.full(arms, 1 / arms), abs=1e-9)
        assert max(allot(shares(seen.best), 1001)) - min(allot(shares(seen.best), 1001)) <= 1


def test_like_creatives_are_treated_alike() -> None:
    now = learned(flat(5), [3_000] * 5, [40] * 5)
    assert np.ptp(now.mean) < 1e-9
    assert np.ptp(outlook(now, 4).best) < 1e-9


def test_order_does_not_matter() -> None:
    rng = np.random.default_rng(8)
    root = rng.normal(size=(6, 6)) * 0.2
    mean, covariance = rng.normal(0, 0.2, 6), root @ root.T
    shown, clicks = rng.integers(0, 9_000, 6), rng.integers(0, 90, 6)
    shown = np.maximum(shown, clicks)
    turn = rng.permutation(6)
    here = learned(prior(Appeal(mean, covariance)), shown, clicks)
    there = learned(
        prior(Appeal(mean[turn], covariance[np.ix_(turn, turn)])), shown[turn], clicks[turn]
    )
    assert there.mean == pytest.approx(here.mean[turn], abs=1e-8)
    assert there.covariance == pytest.approx(here.covariance[np.ix_(turn, turn)], abs=1e-8)
    assert outlook(there, 0).best == pytest.approx(outlook(here, 0).best[turn], abs=0.02)


def test_many_tests_at_once_are_each_by_itself() -> None:
    rng = np.random.default_rng(9)
    mean = rng.normal(0, 0.3, (5, 3))
    covariance = np.stack([np.diag(row) for row in rng.uniform(0.01, 0.2, (5, 3))])
    shown = rng.integers(10, 10**6, (5, 3))
    clicks = rng.binomial(shown, 0.03)
    together = learned(prior(Appeal(mean, covariance)), shown, clicks)
    for i in range(5):
        alone = learned(prior(Appeal(mean[i], covariance[i])), shown[i], clicks[i])
        assert together.mean[i] == pytest.approx(alone.mean, abs=1e-8)
        assert together.covariance[i] == pytest.approx(alone.covariance, abs=1e-8)


def test_a_click_on_one_tells_of_its_like() -> None:
    covariance = np.array([[0.2, 0.19, 0.0], [0.19, 0.2, 0.0], [0.0, 0.0, 0.2]])
    before = prior(Appeal(np.zeros(3), covariance))
    now = learned(before, [5_000, 0, 5_000], [150, 0, 50])
    assert now.mean[1] > now.mean[2] + 0.4
    assert now.covariance[1, 1] < 0.2 * before.covariance[1, 1]


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1)), min_size=1, max_size=8),
    st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_any_counts(rows: list[tuple[int, float]], impressions: int) -> None:
    shown = np.array([each for each, _ in rows], float)
    clicks = np.floor(shown * np.array([rate for _, rate in rows]))
    now = learned(flat(len(rows)), shown, clicks)
    slope = clicks - shown * expit(now.mean)
    pulled = np.linalg.solve(flat(len(rows)).covariance, now.mean - flat(len(rows)).mean)
    assert slope == pytest.approx(pulled, rel=1e-3, abs=1e-3 + 1e-9 * shown.max())  # its mode
    assert np.linalg.eigvalsh(now.covariance).min() > -1e-12
    seen = outlook(now, 0)
    assert np.isfinite([*seen.rate, *seen.low, *seen.high, seen.regret, seen.remaining]).all()
    assert (seen.low <= seen.rate).all()
    assert (seen.rate <= seen.high).all()
    assert seen.best.sum() == pytest.approx(1)
    assert sum(allot(shares(seen.best), impressions)) == impressions


@pytest.mark.parametrize(
    ("shown", "clicks"),
    [
        ([0] * 200, [0] * 200),
        ([10**6] * 200, [10**4 + i for i in range(200)]),
        ([10**8, 10**8, 0], [10**6, 10**6 + 9_000, 0]),
        ([10**9] * 3, [10**9, 0, 5 * 10**8]),
        ([10**5, 10**5], [0, 0]),
    ],
)
def test_extremes(shown: list[int], clicks: list[int]) -> None:
    now = learned(flat(len(shown)), shown, clicks)
    seen = outlook(now, 0)
    assert np.isfinite(now.mean).all()
    assert np.isfinite(now.covariance).all()
    if len(set(clicks)) > 1:
        assert seen.best.argmax() == int(np.argmax(clicks))
    assert sum(allot(shares(seen.best), 10**8)) == 10**8


def test_a_prior_that_is_certain() -> None:
    """A covariance of nought is no matrix that can be inverted."""
    sure = Appeal(np.array([0.2, 0.0]), np.zeros((2, 2)))
    now = learned(prior(sure, Base(-3, 0.5)), [1_000, 1_000], [40, 60])
    away = now.mean[0] - now.mean[1]
    assert -0.4 < away < 0.2  # the clicks say the opposite, so the model hardly holds here
    assert np.linalg.matrix_rank(now.covariance, tol=1e-9) == 2


def seen(shown: list[int], clicks: list[int], seed: int = 0) -> Outlook:
    return outlook(learned(flat(len(shown)), shown, clicks), seed)


def test_the_same_seed_gives_the_same() -> None:
    counts = [900, 800, 700], [11, 12, 9]
    assert (seen(*counts).best == seen(*counts).best).all()
    assert (seen(*counts, seed=0).best != seen(*counts, seed=1).best).any()
    assert seen(*counts, seed=1).best == pytest.approx(seen(*counts).best, abs=0.02)


def test_when_to_stop() -> None:
    assert not seen([0, 0], [0, 0]).settled
    assert not seen([2_000, 2_000], [40, 30]).settled
    assert seen([200_000, 200_000], [4_000, 3_000]).settled
    # Two that are alike to within what can matter: either may be shown.
    assert seen([10**8, 10**8], [10**6, 10**6]).settled
    assert seen([500], [3]).settled
    few, many = seen([2_000, 2_000], [40, 30]), seen([20_000, 20_000], [400, 300])
    assert few.remaining > many.remaining
    assert few.regret > many.regret


def test_whole_impressions_by_share() -> None:
    assert allot([0.5, 0.25, 0.25], 4) == [2, 1, 1]
    assert allot([1 / 3] * 3, 10) == [4, 3, 3]
    assert allot([0.7, 0.2, 0.1], 0) == [0, 0, 0]
    assert allot([1.0], 10**8) == [10**8]
    assert shares([0.6, 0.3, 0.1]) == pytest.approx([36 / 46, 9 / 46, 1 / 46])
