"""Off-policy estimates where the truth is known: by hand, and over many simulated logs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from aigc.errors import BriefError
from aigc.feedback.offpolicy import ESTIMATORS, Log, evaluate

Floats = NDArray[np.float64]
CONTEXTS, ACTIONS = 2, 4
RATES = np.array([[0.1, 0.2, 0.4, 0.3], [0.3, 0.1, 0.2, 0.5]])
LOGGED = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
POLICY = np.array([[0.1, 0.1, 0.5, 0.3], [0.4, 0.4, 0.1, 0.1]])
TRUTH = float((POLICY * RATES).sum(1).mean())  # contexts are as likely


def drawn(rows: int, seed: int, rates: Floats = RATES) -> Log:
    draw = np.random.default_rng(seed)
    contexts = draw.integers(0, CONTEXTS, rows)
    below = draw.random(rows)[:, None] > LOGGED.cumsum(1)[contexts]
    actions = below.sum(1).clip(0, ACTIONS - 1)
    rewards = (draw.random(rows) < rates[contexts, actions]).astype(float)
    return Log(contexts, actions, rewards, LOGGED[contexts, actions])


def many(trials: int, rows: int, **options: object) -> dict[str, Floats]:
    """Each estimator's values over simulated logs (trials,)."""
    found = [
        evaluate(drawn(rows, seed), POLICY, resamples=0, **options).estimates
        for seed in range(trials)
    ]
    return {name: np.array([each[name].value for each in found]) for name in ESTIMATORS}


def missed(values: Floats) -> float:
    """How many of its own standard errors a mean over trials is from the truth."""
    return float(abs(values.mean() - TRUTH) / (values.std() / len(values) ** 0.5))


def test_estimates_are_those_worked_out_by_hand() -> None:
    log = Log(
        np.zeros(4, dtype=int),
        np.array([0, 1, 0, 1]),
        np.array([1.0, 0.0, 0.0, 1.0]),
        np.full(4, 0.5),
    )
    predicted = np.array([[0.5, 0.25]])
    found = evaluate(log, np.array([[0.8, 0.2]]), predicted=predicted, resamples=0)
    # weights 1.6 and 0.4; by the model the policy earns 0.8·0.5 + 0.2·0.25 = 0.45
    assert found.estimates["ips"].value == pytest.approx((1.6 + 0.4) / 4)
    assert found.estimates["snips"].value == pytest.approx((1.6 + 0.4) / (1.6 + 0.4 + 1.6 + 0.4))
    assert found.estimates["direct"].value == pytest.approx(0.45)
    over = (1.6 * (1 - 0.5) + 0.4 * (0 - 0.25) + 1.6 * (0 - 0.5) + 0.4 * (1 - 0.25)) / 4
    assert found.estimates["dr"].value == pytest.approx(0.45 + over)
    assert found.effective == pytest.approx(4**2 / (2 * 1.6**2 + 2 * 0.4**2))
    assert (found.largest, found.mean, found.rows) == pytest.approx((1.6, 1.0, 4))


def test_replay_keeps_the_rows_on_which_a_fixed_choice_agrees() -> None:
    log = drawn(500, 0)._replace(propensities=np.full(500, 1 / ACTIONS))
    always = np.zeros((CONTEXTS, ACTIONS))
    always[0, 2] = always[1, 3] = 1
    agreed = log.actions == np.array([2, 3])[log.contexts]
    found = evaluate(log, always, resamples=0)
    assert found.estimates["replay"].value == pytest.approx(log.rewards[agreed].mean())
    assert found.effective == pytest.approx(agreed.sum())


def test_the_policy_that_made_the_log_earned_what_it_earned() -> None:
    log = drawn(1000, 1)
    found = evaluate(log, LOGGED, resamples=0)
    for name in ("replay", "ips", "snips"):
        assert found.estimates[name].value == pytest.approx(log.rewards.mean())
    assert (found.effective, found.mean, found.uncovered) == pytest.approx((1000, 1, 0))


def test_ips_and_doubly_robust_are_right_on_average() -> None:
    values = many(300, 300)
    for name in ("replay", "ips", "snips", "dr"):
        assert missed(values[name]) < 3.5, name
    assert missed(values["direct"]) > 5  # leans on the mean; it is there for comparison


def test_a_good_model_makes_doubly_robust_surer_than_ips() -> None:
    often = RATES + 0.45  # where most is clicked, weights alone make IPS unsure
    found = [
        evaluate(drawn(300, seed, often), POLICY, predicted=often, resamples=0).estimates
        for seed in range(200)
    ]
    dr, ips = (np.var([each[name].value for each in found]) for name in ("dr", "ips"))
    assert dr < 0.5 * ips


def test_doubly_robust_survives_a_wrong_model_or_wrong_propensities() -> None:
    wrong_model = many(200, 300, predicted=1 - RATES)
    assert missed(wrong_model["direct"]) > 20 or wrong_model["direct"].std() == 0
    assert abs(wrong_model["direct"].mean() - TRUTH) > 0.1
    assert missed(wrong_model["dr"]) < 3.5
    told = np.full((CONTEXTS, ACTIONS), 1 / ACTIONS)  # not how the log was made
    found = []
    for seed in range(200):
        log = drawn(300, seed)
        log = log._replace(propensities=told[log.contexts, log.actions])
        found.append(evaluate(log, POLICY, predicted=RATES, resamples=0).estimates)
    values = {name: np.array([each[name].value for each in found]) for name in ("ips", "dr")}
    assert missed(values["ips"]) > 5
    assert missed(values["dr"]) < 3.5


@pytest.mark.parametrize(("scale", "rows"), [(1.0, 300), (0.06, 1500)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(scale: float, rows: int) -> None:
    """At the second scale a log has 20 clicks or so, where plain percentiles hold 85 %."""
    held = []
    for seed in range(100):
        found = evaluate(drawn(rows, seed, RATES * scale), POLICY, resamples=100, seed=1000 + seed)
        held.append(
            [
                found.estimates[name].low <= TRUTH * scale <= found.estimates[name].high
                for name in ("replay", "ips", "snips", "dr")
            ]
        )
    assert (np.mean(held, axis=0) >= 0.88).all(), np.mean(held, axis=0)
    assert (np.mean(held, axis=0) <= 0.995).any()


def test_clipping_cuts_the_heaviest_rows() -> None:
    log = drawn(2000, 2)
    free, cut = evaluate(log, POLICY, resamples=50), evaluate(log, POLICY, clip=1.5, resamples=50)
    assert free.clipped == 0
    heavy = (POLICY / LOGGED)[log.contexts, log.actions] > 1.5
    assert cut.clipped == pytest.approx(heavy.mean())
    assert cut.effective > free.effective
    assert cut.estimates["ips"].value < free.estimates["ips"].value
    assert cut.estimates["ips"].error < free.estimates["ips"].error
    assert cut.largest == free.largest == pytest.approx((POLICY / LOGGED).max())


def test_counted_rows_are_rows() -> None:
    log = drawn(400, 3)
    kinds = np.stack([log.contexts, log.actions, log.rewards.astype(int)])
    rows, times = np.unique(kinds, axis=1, return_counts=True)
    counted = Log(rows[0], rows[1], rows[2].astype(float), LOGGED[rows[0], rows[1]], times)
    one = evaluate(log, POLICY, predicted=RATES, resamples=200)
    two = evaluate(counted, POLICY, predicted=RATES, resamples=200)
    for name in ("ips", "snips", "direct", "dr"):
        assert one.estimates[name].value == pytest.approx(two.estimates[name].value)
        assert one.estimates[name].error == pytest.approx(two.estimates[name].error, rel=0.25)
    assert (one.rows, one.effective) == pytest.approx((two.rows, two.effective))


def test_what_was_never_tried_is_told() -> None:
    log = drawn(500, 4)
    kept = log.actions != 2
    log = Log(*(each[kept] for each in log[:4]))
    shares = np.bincount(log.contexts, minlength=2) / len(log.contexts)
    assert evaluate(log, POLICY, resamples=0).uncovered == pytest.approx(shares @ POLICY[:, 2])


def test_a_log_without_rewards_earns_nothing_and_says_how_much_it_might() -> None:
    log = drawn(200, 5, RATES * 0)
    for name, each in evaluate(log, POLICY, resamples=100).estimates.items():
        assert each.value == each.low == 0, name
        assert 0 < each.high < 0.2, name


def test_what_cannot_be_is_refused() -> None:
    log = drawn(20, 6)
    with pytest.raises(BriefError, match="sum to 1"):
        evaluate(log, POLICY * 2)
    with pytest.raises(BriefError, match="propensity"):
        evaluate(log._replace(propensities=np.zeros(20)), POLICY)
    with pytest.raises(BriefError, match="more than the policy's 2 contexts, 3 actions"):
        evaluate(log, np.full((2, 3), 1 / 3))
    with pytest.raises(BriefError, match="no rows"):
        evaluate(Log(*(each[:0] for each in log[:4])), POLICY)
    never = log._replace(actions=np.zeros(20, dtype=int), propensities=np.ones(20))
    with pytest.raises(BriefError, match="never did"):
        evaluate(never, np.tile([0.0, 0, 0, 1], (2, 1)))
    with pytest.raises(BriefError, match="not a number"):
        evaluate(log._replace(rewards=np.full(20, np.nan)), POLICY)


def test_the_seed_decides() -> None:
    log = drawn(300, 7)
    assert evaluate(log, POLICY, resamples=20) == evaluate(log, POLICY, resamples=20, seed=0)
    assert evaluate(log, POLICY, resamples=20) != evaluate(log, POLICY, resamples=20, seed=1)
