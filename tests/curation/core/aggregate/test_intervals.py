"""Cluster-robust intervals against slow sums, against planted truth, and where they are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.curation_simulate import interval_coverage
from curation.core.aggregate import clustered_mean, fit_bradley_terry, robust_strengths
from curation.core.aggregate.intervals import FEWEST_CLUSTERS, Clusters, cluster_robust
from curation.core.aggregate.tie_models import Davidson


def comparisons(n_rows: int = 900, seed: int = 0) -> tuple[Any, Any, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    left = rng.integers(6, size=n_rows)
    right = (left + 1 + rng.integers(5, size=n_rows)) % 6
    outcome = rng.choice([0.0, 0.5, 1.0], n_rows, p=[0.3, 0.2, 0.5])
    return left, right, outcome, rng.integers(15, size=n_rows), rng.integers(40, size=n_rows)


def slow_mean_variance(values: Any, clusters: Any) -> float:
    """Each cluster's sum of deviations, squared, over 1 minus the cluster's share."""
    total, mean = 0.0, np.mean(values)
    for cluster in set(clusters.tolist()):
        own = clusters == cluster
        total += np.sum(values[own] - mean) ** 2 / (1 - own.mean())
    return total / len(values) ** 2


def test_a_mean_has_the_error_of_slow_sums() -> None:
    *_, annotators, prompts = comparisons()
    values = np.random.default_rng(1).random(900)
    one = clustered_mean(values, annotators=annotators)
    assert one.value == pytest.approx(values.mean())
    assert one.stderr**2 == pytest.approx(slow_mean_variance(values, annotators))
    two = clustered_mean(values, annotators=annotators, prompts=prompts)
    crossed = annotators * 40 + prompts
    expected = (
        slow_mean_variance(values, annotators)
        + slow_mean_variance(values, prompts)
        - slow_mean_variance(values, crossed)
    )
    assert two.stderr**2 == pytest.approx(expected)
    assert two.n_clusters == (15, 40)
    assert two.low < two.value < two.high


def test_clusters_of_one_row_give_the_usual_error_of_a_mean() -> None:
    values = np.random.default_rng(2).random(50)
    found = clustered_mean(values, annotators=np.arange(50))
    assert found.stderr == pytest.approx(values.std(ddof=1) / math.sqrt(50))
    assert found.dof == pytest.approx(49)
    assert found.high - found.value == pytest.approx(2.0096 * found.stderr, rel=1e-4)


def test_copies_of_a_row_in_its_cluster_add_nothing() -> None:
    values = np.random.default_rng(3).random(30)
    once = clustered_mean(values, annotators=np.arange(30))
    copied = clustered_mean(np.repeat(values, 9), annotators=np.repeat(np.arange(30), 9))
    assert copied.stderr == pytest.approx(once.stderr)
    weighed = clustered_mean(values, annotators=np.arange(30), weights=np.full(30, 9.0))
    assert weighed.stderr == pytest.approx(once.stderr)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_equal_clusters_are_as_effective_as_there_are_and_unequal_ones_less(
    sizes: list[int],
) -> None:
    way = Clusters("annotators", np.repeat(np.arange(len(sizes)), sizes))
    assert 1 - 1e-9 <= way.n_effective <= len(sizes) + 1e-9
    if len(set(sizes)) == 1:
        assert way.n_effective == pytest.approx(len(sizes))


def test_too_few_annotators_have_no_interval_and_the_note_says_so() -> None:
    values, annotators = np.ones(90), np.arange(90) % (FEWEST_CLUSTERS - 1)
    found = clustered_mean(values, annotators=annotators)
    assert found.too_few
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.note.startswith("Too few annotators: there are 9")
    lopsided = np.concatenate([np.zeros(1_000, int), np.arange(1, 30)])
    assert "as if there were 1.0" in clustered_mean(np.ones(1_029), annotators=lopsided).note
    prompts = clustered_mean(np.ones(90), annotators=np.arange(90), prompts=np.arange(90) % 3)
    assert prompts.note.startswith("Too few prompts")


def test_strengths_have_the_sandwich_of_slow_sums() -> None:
    left, right, outcome, annotators, _ = comparisons()
    fit = fit_bradley_terry(left, right, outcome)

    def by_annotator(strengths: Any) -> Any:
        """Log-likelihood of each annotator's comparisons."""
        gaps = strengths[left] - strengths[right]
        first, tie, second = Davidson().log_probabilities(gaps, fit.tie_parameter)
        said = np.where(outcome == 1, first, np.where(outcome == 0.5, tie, second))
        return np.bincount(annotators, said)

    units = np.eye(6) * 1e-5
    slow = [by_annotator(fit.strengths + u) - by_annotator(fit.strengths - u) for u in units]
    share = np.bincount(annotators) / len(left)
    scaled = np.stack(slow, axis=1) / 2e-5 / np.sqrt(1 - share)[:, None]
    bread = np.linalg.inv(_curvature(fit, left, right))
    found = robust_strengths(fit, left, right, outcome, annotators=annotators)
    expected = np.sqrt(np.diagonal(bread @ scaled.T @ scaled @ bread))
    np.testing.assert_allclose(found.stderr, expected, rtol=0.02)


@pytest.mark.parametrize("ties", ["rao_kupper", "half"])
def test_every_model_of_ties_has_intervals(ties: str) -> None:
    left, right, outcome, annotators, _ = comparisons()
    fit = fit_bradley_terry(left, right, outcome, ties=ties)
    plain = fit_bradley_terry(left, right, outcome)
    found = robust_strengths(fit, left, right, outcome, annotators=annotators)
    usual = robust_strengths(plain, left, right, outcome, annotators=annotators)
    scale = fit.stderr / plain.stderr
    np.testing.assert_allclose(found.stderr / scale, usual.stderr, rtol=0.15)


def _curvature(fit: Any, left: Any, right: Any) -> Any:
    """Expected curvature of the strengths, row by row; the tie parameter taken as known."""
    chances = fit.probabilities(left, right)
    mean = (chances[0] - chances[2]) / 2
    bend = (chances[0] + chances[2]) / 4 - mean**2
    total = np.eye(6) * fit.prior
    for one, other, weight in zip(left, right, bend, strict=True):
        unit = np.zeros(6)
        unit[one], unit[other] = 1, -1
        total += weight * np.outer(unit, unit)
    return total


def test_independent_rows_have_about_the_error_of_the_fit() -> None:
    left, right, outcome, _, _ = comparisons(4_000)
    fit = fit_bradley_terry(left, right, outcome)
    found = robust_strengths(fit, left, right, outcome, annotators=np.arange(4_000))
    np.testing.assert_allclose(found.stderr, fit.stderr, rtol=0.1)


def test_a_difference_is_not_the_sum_of_two_strengths() -> None:
    left, right, outcome, annotators, prompts = comparisons()
    fit = fit_bradley_terry(left, right, outcome)
    found = robust_strengths(
        fit, left, right, outcome, annotators=annotators, prompts=prompts, confidence=0.9
    )
    gap = found.difference(0, 5)
    assert gap.value == pytest.approx(fit.strengths[0] - fit.strengths[5])
    assert gap.low < gap.value < gap.high
    assert found.difference(5, 0).stderr == pytest.approx(gap.stderr)
    assert found.interval(0).stderr == pytest.approx(found.stderr[0])
    wide = robust_strengths(
        fit, left, right, outcome, annotators=annotators, prompts=prompts, confidence=0.99
    )
    assert wide.difference(0, 5).high > gap.high


def test_a_fit_that_weighs_annotators_is_matched_by_its_own_votes() -> None:
    left, right, outcome, annotators, _ = comparisons()
    fit = fit_bradley_terry(left, right, outcome, annotators=annotators)
    found = robust_strengths(fit, left, right, outcome, annotators=annotators)
    assert np.isfinite(found.stderr).all()
    with pytest.raises(ValueError, match="give them here too"):
        robust_strengths(fit, left, right, outcome, prompts=annotators)


def test_intervals_hold_the_truth_where_independent_ones_do_not() -> None:
    held = interval_coverage(annotators=25, votes=200, repeats=40, seed=0)
    assert held["clustered"] > 0.9
    assert held["independent"] < 0.85


@pytest.mark.slow
def test_intervals_of_95_percent_hold_in_about_95_percent() -> None:
    held = interval_coverage(annotators=25, votes=800, repeats=250, seed=1)
    assert 0.925 < held["clustered"] < 0.975
    assert held["independent"] < 0.7


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: clustered_mean([1.0]), "Give annotators, prompts, or both"),
        (lambda: clustered_mean([], annotators=[]), "nothing to take a mean of"),
        (lambda: clustered_mean([1.0], annotators=[1, 2]), "differ in length"),
        (lambda: clustered_mean([None], annotators=[1]), "missing value"),
        (lambda: clustered_mean([1.0], annotators=[1], confidence=1.0), "between 0 and 1"),
        (lambda: cluster_robust(np.eye(1), np.eye(1), []), "one way or in two"),
    ],
)
def test_unusable_input_is_refused_with_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_other_comparisons_than_those_fitted_are_refused() -> None:
    left, right, outcome, annotators, _ = comparisons()
    fit = fit_bradley_terry(left, right, outcome)
    with pytest.raises(ValueError, match="not those that were fitted"):
        robust_strengths(fit, left, right, 1 - outcome, annotators=annotators)
    with pytest.raises(ValueError, match="no item 77"):
        robust_strengths(fit, left, right, outcome, annotators=annotators).interval(77)


def test_more_items_than_fit_into_a_matrix_are_refused() -> None:
    left = np.arange(2_001)
    fit = fit_bradley_terry(left, left + 1, np.ones(2_001))
    with pytest.raises(ValueError, match="up to 2,000 items"):
        robust_strengths(fit, left, left + 1, np.ones(2_001), annotators=left)
