"""Figures and intervals of probes against their definitions and against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from curation.core.probes.rows import (
    ProbedRows,
    area_under_curve,
    rank_correlation,
    share_interval,
    weighted_share,
)
from tests.curation.core.probes.twins import (
    jackknife_error,
    slow_area,
    slow_interval,
    slow_share,
)


def rows_of(values, weights=None, clusters=None):
    known = np.ones(len(values), dtype=bool)
    return ProbedRows.select(np.asarray(values, dtype=float), known, weights, clusters)


def clustered(n_clusters, seed, *, within=0.7):
    """Labels that mostly agree inside a cluster, with a feature and weights."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, n_clusters)
    clusters = np.repeat(np.arange(n_clusters), sizes)
    shared = rng.random(n_clusters) < 0.5
    own = rng.random(len(clusters)) < 0.5
    label = np.where(rng.random(len(clusters)) < within, shared[clusters], own).astype(float)
    feature = label + rng.normal(0, 1, len(clusters)) + rng.normal(0, 1, n_clusters)[clusters]
    return feature, label, rng.uniform(0.5, 2, len(clusters)), clusters


@pytest.mark.parametrize("seed", range(4))
def test_a_share_and_its_interval_are_their_slow_twins(seed):
    _, label, weights, clusters = clustered(15, seed)
    found = weighted_share(label, rows_of(label, weights, clusters))
    share, standard_error, n = slow_share(label, weights, clusters)
    assert found.value == pytest.approx(share)
    assert found.interval == pytest.approx(slow_interval(share, standard_error, n))


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 0.4), st.integers(10, 500))
def test_intervals_stay_between_zero_and_one_and_hold_the_share(share, standard_error, n):
    low, high = share_interval(share, standard_error, n)
    assert -1e-12 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1 + 1e-12


def test_a_share_of_all_is_not_called_certain():
    low, high = share_interval(1.0, 0.0, 20)
    assert 0.75 < low < 0.9
    assert high == pytest.approx(1)
    assert share_interval(1 - 1e-16, 1e-16, 20) == pytest.approx((low, high))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.sampled_from([0.5, 1.0, 2.5])), max_size=25
    )
)
def test_the_area_is_the_share_of_pairs_in_order(drawn):
    values, labels, weights = ([row[k] for row in drawn] for k in range(3))
    found = area_under_curve(
        np.array(values, dtype=float),
        np.array(labels, dtype=float),
        rows_of(values, weights or None),
    )
    assert found.value == pytest.approx(slow_area(values, labels, weights), nan_ok=True)


def test_the_error_of_an_area_is_that_of_leaving_out_a_prompt_at_a_time():
    feature, label, weights, clusters = clustered(60, 5)
    found = area_under_curve(feature, label, rows_of(feature, weights, clusters))
    error = jackknife_error(
        lambda left: slow_area(feature[left], label[left], weights[left]), clusters.tolist()
    )
    assert found.interval == pytest.approx(slow_interval(found.value, error, 60), abs=0.006)


def test_rank_correlation_is_spearmans():
    feature, label, _, _ = clustered(40, 6)
    scores = np.round(feature + label)
    found = rank_correlation(feature, scores, rows_of(feature))
    assert found.value == pytest.approx(spearmanr(feature, scores).statistic)
    perfect = rank_correlation(feature, feature, rows_of(feature))
    assert perfect.value == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("n_clusters", [15, 60])
def test_intervals_cover_what_they_promise_where_prompts_agree_with_themselves(n_clusters):
    draws = 1000
    covered = {"share": 0, "area": 0, "rank": 0}
    for seed in range(draws):
        feature, label, _, clusters = clustered(n_clusters, seed)
        noise = np.random.default_rng(-seed % 7919).normal(0, 1, n_clusters)[clusters]
        rows = rows_of(feature, None, clusters)
        covered["share"] += weighted_share(label, rows).holds(0.5)
        covered["area"] += area_under_curve(noise, label, rows).holds(0.5)
        covered["rank"] += rank_correlation(noise, label, rows).holds(0.0)
    error = math.sqrt(0.95 * 0.05 / draws)
    for figure, count in covered.items():
        assert count / draws > 0.95 - 6 * error, figure
