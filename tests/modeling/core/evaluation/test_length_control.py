import numpy as np
import pytest
from scipy.optimize import minimize

from modeling.core.evaluate import evaluate_pairs
from modeling.core.evaluation.disagreement import disagreement, rank_correlation
from modeling.core.evaluation.length_control import _fits, length_control


def names(count):
    return [str(k) for k in range(count)]


def lengths(difference):
    return 100.0 + np.maximum(difference, 0), 100.0 + np.maximum(-difference, 0)


def slow_fit(right, covariate, penalty=0.1):
    """Penalised logistic regression by a general minimiser."""

    def loss(vector):
        logits = vector[0] + vector[1] * covariate
        losses = right * np.logaddexp(0, -logits) + (1 - right) * np.logaddexp(0, logits)
        return losses.sum() + penalty / 2 * vector @ vector

    return minimize(loss, np.zeros(2), tol=1e-10).x


def test_the_regression_equals_a_general_minimiser():
    rng = np.random.default_rng(0)
    covariate = rng.normal(size=80)
    right = (rng.random(80) < 1 / (1 + np.exp(-0.5 - covariate))).astype(float)
    found = _fits(right, covariate, np.ones((1, 80)))[0]
    assert found == pytest.approx(slow_fit(right, covariate), abs=1e-4)


def test_a_weight_of_two_is_a_row_twice():
    rng = np.random.default_rng(1)
    covariate, right = rng.normal(size=20), rng.integers(0, 2, 20).astype(float)
    weights = rng.integers(0, 3, 20)
    doubled = slow_fit(np.repeat(right, weights), np.repeat(covariate, weights))
    assert _fits(right, covariate, weights[None].astype(float))[0] == pytest.approx(
        doubled, abs=1e-4
    )


def test_preferring_the_longer_text_is_worth_nothing_at_equal_length():
    difference = np.random.default_rng(0).normal(loc=40, scale=60, size=2000)
    found = length_control(difference, lengths(difference), names(2000))
    assert (difference > 0).mean() > 0.7
    assert found.accuracy < 0.65
    assert found.slope > 5
    assert found.strata["longer"].accuracy == 1.0
    assert found.strata["shorter"].accuracy == 0.0
    assert found.balanced == 0.5


def test_a_model_that_does_not_care_for_length_keeps_its_accuracy():
    rng = np.random.default_rng(0)
    difference = rng.normal(loc=40, scale=60, size=4000)
    margins = np.where(rng.random(4000) < 0.7, 1.0, -1.0)
    found = length_control(margins, lengths(difference), names(4000))
    assert found.accuracy == pytest.approx(0.7, abs=0.03)
    assert abs(found.slope) < 0.1
    assert found.interval[0] < 0.7 < found.interval[1]


def test_strata_by_hand():
    margins = np.array([1.0, -1.0, 1.0, 1.0, 0.0])
    sides = np.array([20.0, 20, 100, 5, 5]), np.array([10.0, 10, 95, 10, 10])
    found = length_control(margins, sides, names(5))
    told = {name: (part.n, part.accuracy) for name, part in found.strata.items()}
    assert told == {"longer": (2, 0.5), "equal": (1, 1.0), "shorter": (2, 0.75)}
    assert found.balanced == 0.625


def test_equal_lengths_leave_the_accuracy():
    found = length_control(
        np.array([1.0] * 70 + [-1.0] * 30), (np.ones(100), np.ones(100)), names(100)
    )
    assert found.accuracy == pytest.approx(0.7, abs=0.01)
    assert (found.slope, found.balanced) == (0.0, None)


def test_no_pairs_give_none():
    assert length_control(np.zeros(0), (np.zeros(0), np.zeros(0)), []) is None


def test_an_evaluation_has_length_control_and_intervals_of_categories():
    margins = np.array([1.0, 2, -1, 3, 1, -2])
    found = evaluate_pairs(
        margins,
        np.zeros(6),
        groups=["a", "b", "c", "d", "e", "f"],
        categories=["x"] * 4 + ["y", ""],
        lengths=(np.arange(6.0), np.ones(6)),
    )
    assert found.by_category["x"].interval[0] < 0.75 < found.by_category["x"].interval[1]
    assert found.by_category["y"].interval is None
    assert found.length_control.strata["equal"].n == 1
    assert found.brier == pytest.approx(np.mean((1 - 1 / (1 + np.exp(-margins))) ** 2))


def test_margins_by_vote_share_by_hand():
    margins, shares = np.array([0.5, -0.5, 3.0, 1.0]), np.array([0.6, 0.65, 1.0, 1.0])
    found = disagreement(margins, shares)
    assert [(part.low, part.high, part.n) for part in found.bins] == [(0.6, 0.7, 2), (1.0, 1.0, 2)]
    assert [part.margin for part in found.bins] == [0.5, 2.0]
    assert [part.signed_margin for part in found.bins] == [0.0, 2.0]
    assert [part.accuracy for part in found.bins] == [0.5, 1.0]
    assert found.rank_correlation > 0.5


def test_unanimous_votes_say_nothing_of_disagreement():
    assert disagreement(np.ones(3), np.ones(3)) is None
    assert disagreement(np.ones(3), None) is None


def test_rank_correlation_by_hand():
    assert rank_correlation(np.array([1.0, 2, 3]), np.array([10.0, 30, 20])) == pytest.approx(0.5)
    assert rank_correlation(np.ones(3), np.arange(3.0)) is None
