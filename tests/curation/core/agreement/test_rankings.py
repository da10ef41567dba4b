"""Tau-b and W: the definitions, scipy's tau, ties, and means over items."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from curation.core.agreement import kendall_tau, kendall_w, ranking_agreement
from tests.curation.core.agreement.twins import slow_tau, slow_w

SIZES = st.tuples(st.integers(1, 5), st.integers(2, 6))


def tables(size):
    rows, columns = size
    row = st.lists(st.integers(0, 3), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


@settings(deadline=None)
@given(SIZES.filter(lambda size: size[0] > 1).flatmap(tables))
def test_tau_is_its_definition_and_scipys(rankings):
    first, second = rankings[:2]
    found = kendall_tau(first, second)
    assert found == pytest.approx(slow_tau(first, second), nan_ok=True)
    assert found == pytest.approx(kendalltau(first, second).statistic, nan_ok=True)


@settings(deadline=None)
@given(SIZES.flatmap(tables))
def test_w_is_its_definition(rankings):
    assert kendall_w(rankings) == pytest.approx(slow_w(rankings), nan_ok=True)


def test_the_ends_of_the_scales():
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert math.isnan(kendall_tau([1, 1, 1], [1, 2, 3]))
    assert kendall_w([[1, 2, 3], [1, 2, 3]]) == pytest.approx(1)
    assert kendall_w([[1, 2, 3], [3, 2, 1]]) == pytest.approx(0)
    assert math.isnan(kendall_w([[1, 2, 3]]))
    assert math.isnan(kendall_w([[1, 1], [2, 2]]))


def test_w_without_ties_is_the_mean_rank_correlation_rescaled():
    rng = np.random.default_rng(1)
    ranks = np.array([rng.permutation(6) for _ in range(4)])
    rho = np.corrcoef(ranks)[np.triu_indices(4, k=1)].mean()
    assert kendall_w(ranks) == pytest.approx((1 + 3 * rho) / 4)


def test_items_of_every_form_have_the_same_weight():
    items = ["a", "a", "b", "b", "b", "alone"]
    rankings = [(0, 1), (1, 0), (0, 1, 2), (0, 1, 2), (0, 1, 2), (0, 1)]
    found = ranking_agreement(items, [1, 2, 1, 2, 3, 1], rankings)
    assert found.tau.value == pytest.approx(0)
    assert found.tau.n == 4
    assert found.w.value == pytest.approx(0.5)
    assert found.w.n == 2


@settings(deadline=None)
@given(st.lists(tables((3, 4)), min_size=1, max_size=6))
def test_means_over_items_are_means_of_their_figures(items):
    rows = [(k, who, ranking) for k, item in enumerate(items) for who, ranking in enumerate(item)]
    found = ranking_agreement(*zip(*rows, strict=True), draws=0)
    taus = [
        [t for i in range(3) for j in range(i) if not math.isnan(t := slow_tau(item[i], item[j]))]
        for item in items
    ]
    means = [np.mean(of) for of in taus if of]
    assert found.tau.value == pytest.approx(np.mean(means) if means else math.nan, nan_ok=True)
    assert found.tau.n == sum(map(len, taus))
    ws = [w for item in items if not math.isnan(w := slow_w(item))]
    assert found.w.value == pytest.approx(np.mean(ws) if ws else math.nan, nan_ok=True)


def test_nothing_to_compare_is_undefined():
    found = ranking_agreement([], [], [])
    assert math.isnan(found.tau.value)
    assert (found.tau.n, found.w.n) == (0, 0)


def test_rankings_of_one_item_must_fit():
    with pytest.raises(ValueError, match="same number of things"):
        ranking_agreement([1, 1], ["a", "b"], [(0, 1), (0, 1, 2)])
    with pytest.raises(ValueError, match=r"shorter|longer"):
        ranking_agreement([1, 1], ["a"], [(0, 1), (0, 1)])
