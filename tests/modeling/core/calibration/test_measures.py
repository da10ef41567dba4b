import numpy as np
import pytest

from modeling.core.calibration import measured, reliability
from modeling.core.calibration.measures import bin_starts, ece_interval, resampled_errors
from modeling.core.evaluation.basics import brier_losses, calibration_error, percentiles, resampled


def calibrated_pairs(count, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=count)
    return logits, (rng.random(count) < 1 / (1 + np.exp(-logits))).astype(float)


def test_measures_by_hand():
    logits, shares = np.array([np.log(3), -np.log(3)]), np.array([1.0, 1.0])
    found = measured(logits, shares, ["a", "b"])
    assert found.nll == pytest.approx((np.log(4 / 3) + np.log(4)) / 2)
    assert found.brier == pytest.approx((0.25**2 + 0.75**2) / 2)
    assert found.ece == pytest.approx((0.25 + 0.75) / 2)


def test_the_brier_score_is_the_mean_over_the_votes():
    logits = np.array([0.3, -1.0])
    chance = 1 / (1 + np.exp(-logits))
    votes = [[1, 1, 0], [1, 0, 0]]
    expected = [np.mean([(c - v) ** 2 for v in row]) for c, row in zip(chance, votes, strict=True)]
    assert brier_losses(logits, np.array([2 / 3, 1 / 3])) == pytest.approx(expected)


def test_weights_of_one_give_the_error_itself():
    logits, shares = calibrated_pairs(101)
    once = resampled_errors(logits, shares, np.ones((1, 101)))
    assert once == pytest.approx([calibration_error(logits, shares)])


def test_a_weight_of_two_is_a_row_twice():
    logits, shares = np.array([0.2, 1.0, -3.0]), np.ones(3)
    gaps = 1 / (1 + np.exp(-np.abs(logits))) - np.array([1, 1, 0])
    expected = np.abs(gaps * [1, 2, 1]).sum() / 4
    assert resampled_errors(logits, shares, np.array([[1.0, 2, 1]])) == pytest.approx([expected])


def test_bins_begin_where_array_split_cuts():
    parts = np.array_split(np.arange(23), 5)
    assert bin_starts(23, 5) == [part[0] for part in parts]
    assert bin_starts(2, 5) == [0, 1]


def test_the_interval_of_the_error_holds_the_truth():
    """A tenth of logits of 2 with 60 % agreement: the error is σ(2) − 0.6 everywhere."""
    truth, hits = 1 / (1 + np.exp(-2)) - 0.6, 0
    for seed in range(30):
        shares = (np.random.default_rng(seed).random(300) < 0.6).astype(float)
        low, high = ece_interval(np.full(300, 2.0), shares, [str(k) for k in range(300)], seed=seed)
        hits += low <= truth <= high
    assert hits >= 25


def test_one_prompt_has_no_intervals():
    found = measured(np.ones(3), np.ones(3), ["a"] * 3)
    assert (found.nll_interval, found.ece_interval) == (None, None)


def test_nothing_is_measured_of_nothing():
    found = measured(np.zeros(0), np.zeros(0), [])
    assert found.nll is found.brier is found.ece is found.ece_interval is None
    assert reliability(np.zeros(0), np.zeros(0), []) == ()


def test_the_diagram_counts_every_pair_once_from_unsure_to_sure():
    logits, shares = calibrated_pairs(5000)
    bins = reliability(logits, shares, [str(k) for k in range(5000)])
    assert sum(part.n for part in bins) == 5000
    assert [part.low for part in bins] == sorted(part.low for part in bins)
    assert all(part.low <= part.confidence <= part.high for part in bins)
    inside = sum(part.interval[0] <= part.confidence <= part.interval[1] for part in bins)
    assert inside >= len(bins) - 2


def test_the_diagram_does_not_ask_which_side_is_named():
    logits, shares = calibrated_pairs(200)
    names = [str(k) for k in range(200)]
    one, other = reliability(logits, shares, names), reliability(-logits, 1 - shares, names)
    for left, right in zip(one, other, strict=True):
        assert left.agreement == pytest.approx(right.agreement)


def test_draws_with_one_seed_are_paired():
    values = np.random.default_rng(0).normal(size=50)
    names = [f"g{k // 2}" for k in range(50)]

    def weighted(shift):
        return resampled(lambda w: (w @ (values + shift)) / w.sum(axis=1), names, draws=40, seed=3)

    assert weighted(1.0) - weighted(0.0) == pytest.approx(np.ones(40))
    assert percentiles(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))
