"""Minimum error rate training: exact steps, degenerate envelopes, ties, and never worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from aigc.rank import mert
from aigc.rank.metrics import (
    bleu,
    bleu_statistics,
    chrf,
    chrf_statistics,
    click_rate,
)

SOME = settings(max_examples=40, deadline=None, database=None)


def mean(sums):
    """What is summed, as it is."""
    return sums[..., 0].astype(float)


def f_score(sums):
    """A ratio of sums, which no average over sentences can stand for."""
    return 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)


@st.composite
def worlds(draw, features=3):
    """Lists of different lengths with small whole numbers: parallel and equal lines abound."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    whole = st.integers(-4, 4).map(float)
    counts = st.integers(0, 5).map(float)
    return mert.lists(
        [draw(arrays.arrays(float, (size, features), elements=whole)) for size in sizes],
        [draw(arrays.arrays(float, (size, 3), elements=counts)) for size in sizes],
    )


def sums_at(nbest, many):
    """The statistics that many weights (n, d) decode to, the plainest way: (n, m)."""
    plain = np.where(nbest.there, np.einsum("skd,nd->nsk", nbest.features, many), -np.inf)
    leading = np.round(plain, 6).argmax(axis=2)
    return nbest.statistics[np.arange(len(nbest.there)), leading].sum(axis=1)


vectors = arrays.arrays(float, 3, elements=st.integers(-3, 3).map(float))


@SOME
@given(worlds(), vectors, vectors, st.sampled_from([mean, f_score]))
def test_no_grid_finds_a_better_step(nbest, weights, direction, metric):
    found = mert.search(nbest, weights, direction, metric)
    reached = mert.score(nbest, weights + found.length * direction, metric)
    # No corner of whole numbers this small falls on the grid, so that no tie is met by chance.
    grid = np.concatenate([np.arange(-30, 30, 0.031) + 0.0071, [-1e4, 1e4]])
    best = max(metric(sums_at(nbest, weights + grid[:, None] * direction)))
    assert found.value >= best - 1e-9
    assert reached == pytest.approx(found.value)


@SOME
@given(worlds(), vectors)
def test_a_fit_is_never_worse_than_its_start(nbest, start):
    tuned = mert.tune(nbest, start, f_score, restarts=1, directions=2)
    assert tuned.before == mert.score(nbest, start, f_score)
    assert tuned.value >= tuned.before
    assert mert.score(nbest, tuned.weights, f_score) == pytest.approx(tuned.value)
    if tuned.value == tuned.before:  # what does not gain changes nothing
        assert (mert.decode(nbest, tuned.weights) == mert.decode(nbest, start)).all()


def lines(*rows):
    """One list whose lines are (intercept, slope, what it is worth) along the second axis."""
    table = np.array(rows, float)
    return mert.lists([table[:, :2]], [table[:, 2:]])


AT, ALONG = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def test_the_step_of_a_known_envelope():
    nbest = lines((0, -1, 0), (1, 0, 7), (0, 1, 0), (0.5, 0, 99))  # the last is never on top
    found = mert.search(nbest, AT, ALONG, mean)
    assert found == mert.Step(0.0, 7.0)  # from -1 to 1
    found = mert.search(lines((0, -1, 0), (0, 0, 3), (-4, 1, 5), (-20, 2, 1)), AT, ALONG, mean)
    assert found == mert.Step(pytest.approx(10.0), 5.0)  # corners at 0, 4 and 16


def test_scores_are_of_the_corpus_not_of_each_list():
    # Each list alone would rather take its second line; together one of each is best.
    first = [[0, 0], [0, 1]], [[1, 1, 9], [3, 3, 0]]
    other = [[0, 0], [-2, 1]], [[4, 1, 0], [1, 4, 4]]
    nbest = mert.lists([first[0], other[0]], [first[1], other[1]])
    found = mert.search(nbest, AT, ALONG, f_score)
    assert found == mert.Step(pytest.approx(1.0), 2 * 7 / 4)


@pytest.mark.parametrize(
    "rows",
    [
        [(1, 2, 5)],
        [(1, 2, 5), (1, 2, 8), (1, 2, 9)],  # the same line: the first leads
        [(3, 2, 5), (1, 2, 8), (2, 2, 9)],  # parallel: the highest leads
        [(1, 0, 5), (1, 0, 8)],
    ],
)
def test_lines_that_never_cross_stay(rows):
    assert mert.search(lines(*rows), AT, ALONG, mean) == mert.Step(0.0, 5.0)


def test_no_direction_changes_nothing():
    nbest = lines((0, 1, 1), (3, 2, 4))
    assert mert.search(nbest, AT, np.zeros(2), mean) == mert.Step(0.0, 4.0)
    assert mert.tune(nbest, [0.0, 0.0], mean).value == 4.0


def test_the_outermost_intervals_are_searched():
    assert mert.search(lines((0, 0, 1), (-6, 1, 2)), AT, ALONG, mean) == mert.Step(9.0, 2.0)
    assert mert.search(lines((0, 0, 1), (-6, -1, 2)), AT, ALONG, mean) == mert.Step(-9.0, 2.0)


def test_a_start_on_a_tie_is_left_for_the_better_side():
    nbest = lines((0, 0, 1), (0, -1, 5))
    assert mert.score(nbest, AT, mean) == 1.0
    found = mert.search(nbest, AT, ALONG, mean)
    assert found == mert.Step(-0.5, 5.0)
    assert mert.tune(nbest, AT, mean, restarts=0).value == 5.0


def test_an_interval_without_width_is_no_gain():
    # Three lines through one point: the middle one leads nowhere.
    assert mert.search(lines((0, 0, 1), (-2, 1, 50), (-4, 2, 0)), AT, ALONG, mean).value == 1.0


def test_a_score_that_is_no_number_is_never_chosen():
    def odd(sums):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(sums[..., 0] == 2, np.nan, sums[..., 0])

    nbest = lines((0, 0, 1), (-2, 1, 2), (-9, 2, 3))
    assert mert.search(nbest, AT, ALONG, odd).value == 3.0
    assert mert.search(lines((0, 0, 1), (-2, 1, 2)), AT, ALONG, odd) == mert.Step(0.0, 1.0)


def test_the_first_of_equals_leads():
    same = [[0.1 + 0.2, 1.0], [0.3, 1.0], [0.0, 0.0]]  # but for the last bit
    nbest = mert.lists([same], [[[1.0], [2.0], [3.0]]])
    assert mert.decode(nbest, [1.0, 1.0]).tolist() == [0]
    assert mert.decode(nbest, [0.0, 0.0]).tolist() == [0]
    assert mert.decode(nbest, [-1e6, -1e-3]).tolist() == [2]
    assert mert.totals(same, [5.0, 5.0]).tolist() == mert.totals(same, [1.0, 1.0]).tolist()


def test_shorter_lists_are_filled_with_what_never_leads():
    nbest = mert.lists([[[-1.0]], [[-3.0], [-2.0]]], [[[1.0]], [[2.0], [3.0]]])
    assert mert.decode(nbest, [1.0]).tolist() == [0, 1]
    assert mert.score(nbest, [1.0], mean) == 4.0
    assert mert.search(nbest, np.array([1.0]), np.array([1.0]), mean).value == 4.0


@pytest.mark.parametrize(
    ("features", "counts"),
    [
        ([], []),
        ([[]], [[]]),
        ([[[1.0]]], [[[1.0], [2.0]]]),
        ([[[float("nan")]]], [[[1.0]]]),
        ([[[1.0]]], [[[float("inf")]]]),
    ],
)
def test_what_cannot_be_ranked_is_refused(features, counts):
    with pytest.raises(ValueError, match=r"candidate|finite"):
        mert.lists(features, counts)


@pytest.mark.parametrize("start", [[1.0], [1.0, float("nan")]])
def test_a_start_that_is_no_weight_is_refused(start):
    with pytest.raises(ValueError, match="finite weights"):
        mert.tune(lines((0, 0, 1)), start, mean)


def test_it_finds_the_weights_that_made_the_order():
    random = np.random.default_rng(4)
    true = np.array([1.0, -0.5, 0.25, 0.0])
    features = random.normal(size=(60, 8, 4))
    best = (features @ true).argmax(axis=1)
    nbest = mert.lists(features, np.eye(8)[best][..., None])
    tuned = mert.tune(nbest, np.ones(4), mean, restarts=4)
    assert tuned.before < 40
    assert tuned.value >= 59
    assert np.allclose(tuned.weights, true, atol=0.1)


def test_it_raises_clicks_per_impression_not_clicks():
    # Clicks alone would take the texts that were shown a lot; the rate takes the others.
    features = [[[1.0, 0.0], [0.0, 1.0]]] * 3
    counts = [[[20.0, 1000.0], [9.0, 100.0]]] * 3
    nbest = mert.lists(features, counts)
    tuned = mert.tune(nbest, [1.0, 0.5], click_rate)
    assert (tuned.before, tuned.value) == (pytest.approx(0.02), pytest.approx(0.09))
    assert click_rate(np.array([0.0, 0.0])) == 0.0


def test_the_same_seed_gives_the_same_weights():
    random = np.random.default_rng(1)
    nbest = mert.lists(random.normal(size=(20, 5, 3)), random.integers(0, 9, (20, 5, 3)))
    one, two, other = (
        mert.tune(nbest, np.ones(3), f_score, restarts=4, seed=seed) for seed in (0, 0, 5)
    )
    assert (one.weights == two.weights).all()
    assert one.value == pytest.approx(other.value, rel=0.05)


HEARD = ["A grey bag on a white background.", "the bag", "Bag", "", "A bag, grey, with 2 pockets!"]
WANTED = "This grey bag has two pockets on a white zip."


@SOME
@given(st.lists(st.sampled_from(HEARD), min_size=1, max_size=6))
def test_bleu_and_chrf_are_those_of_sacrebleu(said):
    stacked = np.concatenate([bleu_statistics([line], WANTED) for line in said])
    theirs = BLEU().corpus_score(said, [[WANTED] * len(said)]).score
    assert bleu(stacked.sum(axis=0)) == pytest.approx(theirs, abs=1e-9)
    for order in (0, 2):
        stacked = np.concatenate([chrf_statistics([line], WANTED, order) for line in said])
        metric = CHRF(word_order=order, lowercase=True)
        theirs = metric.corpus_score(said, [[WANTED] * len(said)]).score
        assert chrf(stacked.sum(axis=0)) == pytest.approx(theirs, abs=1e-9)


def test_scores_read_many_sums_at_once():
    for counted, metric in ((bleu_statistics, bleu), (chrf_statistics, chrf)):
        rows = counted(HEARD, WANTED)
        assert metric(rows).tolist() == [float(metric(row)) for row in rows]
        assert metric(np.zeros_like(rows[0])) == 0.0
    precise, complete = chrf_statistics(["grey bag", WANTED + " So it is, and more."], WANTED)
    assert chrf(precise, beta=0.1) > chrf(precise)
    assert chrf(complete) > chrf(complete, beta=0.1)


def test_a_fit_is_quick():
    import time

    random = np.random.default_rng(0)
    nbest = mert.lists(random.normal(size=(300, 20, 6)), random.integers(0, 50, (300, 20, 18)))
    begun = time.process_time()
    mert.tune(nbest, np.ones(6), chrf, restarts=1)
    assert time.process_time() - begun < 10
