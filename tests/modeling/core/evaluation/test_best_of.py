from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.core.errors import ModelingError
from modeling.core.evaluation.best_of import best_of_curve, divergence, expected_best


def slow_best(proxy, values, n):
    """All subsets of n, ties shared."""
    found = []
    for subset in combinations(range(len(proxy)), n):
        top = max(proxy[k] for k in subset)
        found.append(np.mean([values[k] for k in subset if proxy[k] == top]))
    return float(np.mean(found))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=1, max_size=7), st.data())
def test_the_estimate_is_the_mean_over_all_subsets(rows, data):
    proxy, values = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    n = data.draw(st.integers(1, len(rows)))
    assert expected_best(proxy, values, n) == pytest.approx(slow_best(proxy, values, n), abs=1e-9)


def test_the_best_of_two_by_hand():
    """Of three samples the best is taken in two of three pairs, the middle one in one."""
    proxy, gold = np.array([3.0, 2.0, 1.0]), np.array([1.0, 0.0, 5.0])
    assert expected_best(proxy, gold, 1) == 2.0
    assert expected_best(proxy, gold, 2) == pytest.approx(2 / 3)
    assert expected_best(proxy, gold, 3) == 1.0


def test_the_divergence_by_hand():
    assert divergence(1) == 0.0
    assert divergence(4) == pytest.approx(np.log(4) - 0.75)


def samples(prompts, count, seed=0):
    return list(np.random.default_rng(seed).normal(size=(prompts, count)))


def test_a_perfect_proxy_never_falls():
    gold = samples(40, 8)
    found = best_of_curve(gold, gold)
    assert [point.n for point in found.points] == [1, 2, 4, 8]
    assert [point.gold for point in found.points] == sorted(point.gold for point in found.points)
    assert (found.best_n, found.overoptimised) == (8, False)
    assert found.points[-1].gold == pytest.approx(np.mean([row.max() for row in gold]))
    assert (
        found.points[0].gold_interval[0] < found.points[0].gold < found.points[0].gold_interval[1]
    )


def test_a_proxy_that_is_gamed_falls_again():
    """Gold rises with the proxy at first, and the very highest rewards are bad."""
    proxy = [np.arange(16.0) + 0.01 * k for k in range(30)]
    gold = [np.where(row >= 15, -1.0, row / 10) for row in proxy]
    found = best_of_curve(proxy, gold)
    assert found.overoptimised
    assert 1 < found.best_n < 16
    assert found.points[-1].proxy > found.points[-2].proxy


def test_an_unrelated_proxy_gains_nothing():
    found = best_of_curve(samples(200, 8), samples(200, 8, seed=1))
    assert found.points[-1].gold == pytest.approx(0.0, abs=0.2)
    assert not found.overoptimised


def test_sizes_reach_to_the_fewest_samples():
    found = best_of_curve([np.arange(6.0), np.arange(9.0)], [np.ones(6), np.ones(9)])
    assert [point.n for point in found.points] == [1, 2, 4, 6]


@pytest.mark.parametrize(
    ("proxy", "gold"), [([], []), ([np.zeros(0)], [np.zeros(0)]), ([np.ones(2)], [np.ones(3)])]
)
def test_nothing_to_choose_from_is_refused(proxy, gold):
    with pytest.raises(ModelingError, match="at least one sample"):
        best_of_curve(proxy, gold)
