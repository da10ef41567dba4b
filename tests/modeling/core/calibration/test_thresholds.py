import math

import numpy as np
import pytest

from modeling.core.calibration import Threshold, fit_threshold
from modeling.core.calibration.thresholds import lower_bound


def slow_bound(right, count, confidence):
    """The share under which `right` or more of `count` has the chance 1 − confidence."""
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        tail = sum(
            math.comb(count, k) * share**k * (1 - share) ** (count - k)
            for k in range(right, count + 1)
        )
        low, high = (share, high) if tail < 1 - confidence else (low, share)
    return low


@pytest.mark.parametrize(("right", "count"), [(0, 5), (5, 5), (18, 20), (59, 59)])
def test_the_bound_equals_its_definition(right, count):
    assert lower_bound(right, count, 0.95) == pytest.approx(
        slow_bound(right, count, 0.95), abs=1e-6
    )


def test_a_threshold_by_hand():
    """The surer half is right, the other half a coin's: the threshold lies where doubt begins."""
    margins = np.concatenate([np.linspace(3, 2, 100), np.tile([0.5, -0.5], 50)])
    found = fit_threshold(margins, [str(k) for k in range(200)], target=0.95)
    assert found.margin == pytest.approx(2.0)
    assert (found.n, found.share, found.precision) == (100, 0.5, 1.0)
    assert found.lower == pytest.approx(0.05 ** (1 / 100))


def test_answers_as_sure_as_the_last_are_all_taken():
    margins = np.concatenate([np.full(130, 2.0), np.tile([0.5, -0.5], 35)])
    found = fit_threshold(margins, [str(k) for k in range(200)], target=0.9)
    assert (found.margin, found.n) == (2.0, 130)


def test_too_few_prompts_reach_no_target():
    found = fit_threshold(np.ones(58), [str(k) for k in range(58)], target=0.95)
    assert found == Threshold(0.95, 0.95, None, None, None, None, 0)
    assert fit_threshold(np.ones(59), [str(k) for k in range(59)], target=0.95).n == 59


def test_many_rows_of_few_prompts_count_as_few():
    assert fit_threshold(np.ones(500), [str(k % 10) for k in range(500)], target=0.95).n == 0


def test_a_model_that_guesses_reaches_nothing():
    margins = np.random.default_rng(0).normal(size=1000)
    assert fit_threshold(margins, [str(k) for k in range(1000)], target=0.9).margin is None


def test_the_promise_is_kept_in_nineteen_of_twenty_cases():
    """Agreement is σ(|m|): above the threshold it must seldom be under the target."""
    broken, found_any = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sizes = np.abs(rng.normal(scale=3.0, size=400))
        right = rng.random(400) < 1 / (1 + np.exp(-sizes))
        found = fit_threshold(
            np.where(right, sizes, -sizes), [str(k) for k in range(400)], target=0.9
        )
        if found.margin is not None:
            found_any += 1
            grid = np.abs(np.random.default_rng(99).normal(scale=3.0, size=100_000))
            above = grid[grid >= found.margin]
            broken += (1 / (1 + np.exp(-above))).mean() < 0.9
    assert found_any > 40
    assert broken <= 5
