"""Learning from clicks, where the truth is known because the clicks are drawn from it."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from aigc.errors import BriefError
from aigc.rank.clicks import Appeal, evidence
from aigc.rank.clicks.calibrate import HeldOut, cross_validated
from aigc.rank.clicks.fit import chances, fit, principal
from aigc.rank.clicks.folds import dealt, stories
from aigc.rank.clicks.within import Within, codes

Floats = NDArray[np.float64]


class Log(NamedTuple):
    features: Floats
    impressions: NDArray[np.int64]
    clicks: NDArray[np.int64]
    test: NDArray[np.int64]


class Truth(NamedTuple):
    log: Log
    weights: Floats
    appeal: Floats  # of every row, with its own remainder


def drawn(
    tests: int = 200, wide: int = 12, tau: float = 0.15, strong: float = 0.06, seed: int = 0,
    shown: tuple[int, int] = (1000, 5000),
) -> Truth:  # fmt: skip
    rng = np.random.default_rng(seed)
    test = np.repeat(np.arange(tests), 4)
    features = rng.normal(size=(test.size, wide))
    weights = rng.normal(size=wide) * strong
    appeal = features @ weights + rng.normal(size=test.size) * tau
    impressions = rng.integers(*shown, test.size)
    level = rng.normal(-4, 0.6, tests)[test]
    clicks = rng.binomial(impressions, expit(level + appeal))
    return Truth(Log(features, impressions, clicks, test), weights, appeal)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return drawn()


@pytest.fixture(scope="module")
def held(truth: Truth) -> HeldOut:
    return cross_validated(*truth.log)


def test_weights_and_remainders_are_found_again(truth: Truth) -> None:
    found = fit(*truth.log)
    assert np.corrcoef(found.weights, truth.weights)[0, 1] > 0.97
    assert np.abs(found.weights - truth.weights).max() < 0.05
    assert found.tau == pytest.approx(0.15, abs=0.04)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    inside, spread = [], []
    for seed in range(12):
        truth = drawn(tests=60, seed=seed)
        found = fit(*truth.log)
        fresh = np.random.default_rng(100 + seed).normal(size=(40, 12))
        told = found.appeal(fresh)
        error = np.sqrt(told.covariance.diagonal() - found.tau**2 - found.rest)
        away = (told.mean - (fresh - found.centre) @ truth.weights) / error
        inside += list(np.abs(away) < 1.645)
        spread.append(np.std(away))
    assert 0.8 < np.mean(inside) < 0.97  # of 90 %
    assert 0.7 < np.mean(spread) < 1.3


def test_a_tests_level_does_not_matter(truth: Truth) -> None:
    log = truth.log
    within = Within(log.impressions, log.clicks, log.test, np.arange(log.test.size))
    answers = within.answers()
    higher = answers.seen + np.random.default_rng(1).normal(size=200)[log.test[within.kept]]
    weighed = within.weigh(answers.seen, answers.noise, 0.2)
    assert np.allclose(within.weigh(higher, answers.noise, 0.2), weighed, atol=1e-8)
    # A feature that only tells tests apart says nothing of texts.
    found = fit(np.c_[log.features, log.test], *log[1:], blocks=[0] * 12 + [1])
    assert found.weights[-1] == pytest.approx(0, abs=1e-9)


def test_weighing_is_the_inverse_of_the_errors_covariance_without_levels() -> None:
    test, text = [0, 0, 0, 1, 1, 1, 1], [0, 1, 2, 0, 3, 3, 4]  # one text in two tests
    audience = ["a", "a", "a", "a", "a", "b", "b"]
    shown, clicked = np.full(7, 900.0), np.array([5, 9, 20, 11, 3, 8, 2.0])
    within = Within(shown, clicked, test, text, audience)
    noise, arms = within.answers().noise, np.eye(5)[text]
    errors = np.linalg.inv(np.diag(noise) + 0.3**2 * arms @ arms.T)
    level = np.eye(3)[[0, 0, 0, 1, 1, 2, 2]]
    exact = errors - errors @ level @ np.linalg.inv(level.T @ errors @ level) @ level.T @ errors
    assert np.allclose(within.weigh(np.eye(7), noise, 0.3), exact)
    moments = within.moments(np.ones((7, 1)), within.answers(), 0.3)
    logdet = -np.linalg.slogdet(errors)[1] + np.linalg.slogdet(level.T @ errors @ level)[1]
    assert moments.logdet == pytest.approx(logdet)


def test_the_evidence_slopes_as_it_says(truth: Truth) -> None:
    log = truth.log
    within = Within(log.impressions, log.clicks, log.test, np.arange(log.test.size))
    mixed = log.features @ np.random.default_rng(2).normal(size=(12, 12))
    axes = principal(mixed[within.kept], np.repeat([0, 1], 6))
    moments = within.moments(axes.coordinates, within.answers(), 0.2)
    start = np.array([-1.5, -1.2, 0.7, 1.3])

    def at(numbers: Floats) -> float:
        return evidence.cost(evidence.Prior(*np.split(numbers, 2)), axes, moments)[0]

    measured = [(at(start + step) - at(start - step)) / 2e-4 for step in 1e-4 * np.eye(4)]
    told = evidence.cost(evidence.Prior(*np.split(start, 2)), axes, moments)[1]
    assert np.allclose(told, measured, rtol=1e-3, atol=1e-3)


def test_little_evidence_says_little() -> None:
    many, few = drawn(tests=200), drawn(tests=3, shown=(60, 120))
    fresh = np.random.default_rng(5).normal(size=(50, 12))
    much, little = fit(*many.log), fit(*few.log)
    assert little.appeal(fresh).mean.std() < 0.5 * much.appeal(fresh).mean.std()
    gap = np.abs(chances(little.appeal(fresh)) - 0.5)
    assert gap.max() < 0.35 < np.abs(chances(much.appeal(fresh)) - 0.5).max()


def test_evidence_never_makes_a_text_less_sure(truth: Truth) -> None:
    found = fit(*truth.log)
    assert ((found.unsure > 0) & (found.unsure <= 1)).all()
    assert (np.diff(found.unsure) >= -1e-9).all()  # axes of most evidence first


def test_a_huge_test_does_not_drown_the_others(truth: Truth) -> None:
    log = truth.log
    vast = log.impressions.copy()
    clicks = log.clicks.copy()
    vast[:4] *= 10_000
    clicks[:4] *= 10_000
    plain, drowned = fit(*log), fit(log.features, vast, clicks, log.test)
    assert np.corrcoef(plain.weights, drowned.weights)[0, 1] > 0.98


def test_the_same_log_gives_the_same_weights_in_any_order(truth: Truth) -> None:
    log = truth.log
    assert np.array_equal(fit(*log).weights, fit(*log).weights)
    turned = fit(*(each[::-1] for each in log))
    assert np.allclose(fit(*log).weights, turned.weights, atol=0.01)


def test_features_that_repeat_or_never_vary_do_no_harm(truth: Truth) -> None:
    log = truth.log
    more = np.c_[log.features, log.features[:, :3], np.full(len(log.test), 7.0)]
    found, plain = fit(more, *log[1:]), fit(*log)
    assert found.weights[-1] == 0
    both = found.appeal(more[:50]).mean, plain.appeal(log.features[:50]).mean
    assert np.corrcoef(*both)[0, 1] > 0.98
    assert np.isfinite(found.appeal(more[:5]).covariance).all()


def test_rows_without_impressions_and_tests_without_clicks_count_for_nothing(truth: Truth) -> None:
    log = truth.log
    extra = np.random.default_rng(3).normal(size=(5, 12))
    more = Log(
        np.r_[log.features, extra],
        np.r_[log.impressions, [0, 500, 500, 40, 40]],
        np.r_[log.clicks, [0, 0, 0, 40, 40]],
        np.r_[log.test, [0, 900, 900, 901, 901]],
    )
    assert np.allclose(fit(*more).weights, fit(*log).weights, atol=1e-9)


def test_one_test_is_enough_for_a_cautious_answer() -> None:
    found = fit([[0.0, 1.0], [1.0, 0.0]], [1000, 1000], [10, 20], ["a", "a"])
    chance = chances(found.appeal([[0.0, 1.0], [1.0, 0.0]]))
    assert 0.5 < chance[1, 0] < 0.95
    assert chance[0, 1] == pytest.approx(1 - chance[1, 0])
    assert np.allclose(chance.diagonal(), 0.5)


@pytest.mark.parametrize(
    ("clicks", "test"), [([0, 0], [1, 1]), ([50, 50], [1, 1]), ([5, 9], [1, 2])]
)
def test_a_log_that_compares_nothing_is_refused(clicks: list[int], test: list[int]) -> None:
    with pytest.raises(BriefError, match="compares two texts"):
        fit([[0.0], [1.0]], [50, 50], clicks, test)


def test_wrong_numbers_are_named() -> None:
    with pytest.raises(BriefError, match="row 1 has 51 clicks of 50"):
        fit([[0.0], [1.0]], [50, 50], [5, 51], [1, 1])
    with pytest.raises(BriefError, match="no feature differs"):
        fit([[1.0], [1.0 + 1e-12]], [50, 50], [5, 8], [1, 1])
    with pytest.raises(BriefError, match="not a number"):
        fit([[np.nan], [1.0]], [50, 50], [5, 8], [1, 1])
    found = fit([[0.0], [1.0]], [500, 500], [5, 50], [1, 1])
    with pytest.raises(BriefError, match="2 features, learned from 1"):
        found.appeal([[0.0, 1.0]])


def test_chances_say_how_far_apart_texts_are_believed_to_be() -> None:
    together = Appeal(np.array([0.3, 0.0]), np.array([[1.0, 0.99], [0.99, 1.0]]))
    apart = Appeal(np.array([0.3, 0.0]), np.eye(2))
    assert chances(together)[0, 1] > 0.97 > chances(apart)[0, 1] > 0.5


def test_whole_stories_are_held_out() -> None:
    test, text = codes([0, 0, 1, 1, 2, 2, 3, 3]), codes([0, 1, 1, 2, 3, 4, 5, 6])
    story = stories(test, text, ["a", "a", "b", "b", "c", "c", "c", "c"])
    assert len(set(story[:4])) == len(set(story[4:])) == 1
    assert story[0] != story[4]
    fold = dealt(5, story, np.ones(8, bool))
    assert fold[0] == fold[3]
    assert fold[4] == fold[7]
    assert fold[0] != fold[4]


def test_held_out_tests_are_foretold_with_an_honest_interval(truth: Truth, held: HeldOut) -> None:
    assert held.pairs > 100
    assert held.low < held.accuracy < held.high
    assert held.accuracy > 0.85
    assert held.loss < 0.5
    assert np.corrcoef(held.mean, truth.log.features @ truth.weights)[0, 1] > 0.9


def test_held_out_weights_have_not_seen_their_fold(truth: Truth, held: HeldOut) -> None:
    log, out = truth.log, held.fold == 0
    clicks = log.clicks.copy()
    clicks[out] = np.random.default_rng(9).permutation(clicks[out])
    other = cross_validated(log.features, log.impressions, clicks, log.test)
    assert np.array_equal(other.fold, held.fold)
    # Tau and scales of all may move a little; what the fold's clicks say may not.
    seen, unseen = held.models[0].weights, other.models[0].weights
    assert np.abs(seen - unseen).max() < 0.1 * np.abs(seen).max()
    assert np.abs(other.posterior.weights - held.posterior.weights).max() > 0.1 * seen.max()


def test_noise_alone_is_foretold_no_better_than_a_coin() -> None:
    held = cross_validated(*drawn(tests=150, strong=0.0, tau=0.4, seed=4).log)
    assert 0.4 < held.accuracy < 0.6
    assert held.loss < 0.72


@pytest.mark.parametrize("tests", [1, 3])
def test_few_tests_can_be_held_out_and_say_little(tests: int) -> None:
    held = cross_validated(*drawn(tests=tests).log)
    assert held.low <= held.accuracy <= held.high
    assert np.isfinite(held.mean).all()
    assert 0.5 < held.posterior.slope < 1.5
    if tests == 1:  # nothing is left to learn from
        assert not held.mean.any()


def test_audiences_are_compared_apart_and_held_out_together(truth: Truth) -> None:
    log = truth.log
    # Those of the phone click three times as much: their share of an arm must not look like taste.
    phone = np.where(log.features[:, 0] > 0, 3000, 500)
    shown = np.r_[phone, 3500 - phone]
    chance = np.r_[np.full(len(phone), 0.06), np.full(len(phone), 0.02)]
    clicks = np.asarray(np.random.default_rng(8).binomial(shown, chance), np.int64)
    twice = Log(np.tile(log.features, (2, 1)), shown, clicks, np.tile(log.test, 2))
    apart = cross_validated(*twice, segments=["device=phone"] * 800 + ["device=desk"] * 800)
    mixed = fit(log.features, shown[:800] + shown[800:], clicks[:800] + clicks[800:], log.test)
    assert mixed.weights[0] > 0.1
    assert abs(apart.posterior.weights[0]) < 0.03
    assert np.array_equal(apart.fold[:800], apart.fold[800:])


def test_chances_come_true_as_often_as_they_say(truth: Truth, held: HeldOut) -> None:
    for each in held.table:
        if each.pairs > 60:
            assert each.seen == pytest.approx(each.said, abs=0.1)
    # The truth is known here: how often the text of greater appeal is the one said to be better.
    said, came = [], []
    for fold, model in enumerate(held.models):
        rows = np.flatnonzero(held.fold == fold)
        chance = chances(model.appeal(truth.log.features[rows]))
        ahead = truth.appeal[rows][:, None] > truth.appeal[rows][None]
        pick = chance > 0.5
        said.append(chance[pick])
        came.append(ahead[pick])
    chance, true = np.concatenate(said), np.concatenate(came)
    for low, high in ((0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.0)):
        here = (chance >= low) & (chance < high)
        assert true[here].mean() == pytest.approx(chance[here].mean(), abs=0.06)
