"""The predictors inside the probes: the right optimum, and folds that share no prompt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from curation.core.probes.models import RIDGE, fit_logistic, held_out, leaning, opinion
from curation.core.probes.rows import ProbedRows


def loss(beta, features, labels, weights):
    """Minus the penalised log-likelihood, row by row."""
    total = RIDGE / 2 * float(beta @ beta)
    for row, label, weight in zip(features, labels, weights, strict=True):
        score = float(row @ beta)
        total += weight * np.logaddexp(0, -score if label else score)
    return total


def planted(n, seed, beta=(0.3, -1.0)):
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (n, len(beta)))
    labels = (rng.random(n) < 1 / (1 + np.exp(-features @ np.array(beta)))).astype(float)
    return features, labels, rng.uniform(0.5, 2, n)


def rows_of(features, clusters=None):
    return ProbedRows.select(features[:, 0], np.ones(len(features), dtype=bool), None, clusters)


@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_a_general_optimiser_and_flat(seed):
    data = planted(60, seed)
    found = fit_logistic(*data)
    assert found == pytest.approx(minimize(loss, np.zeros(2), args=data).x, abs=1e-4)
    assert approx_fprime(found, loss, 1e-6, *data) == pytest.approx([0, 0], abs=1e-3)


def test_planted_coefficients_are_recovered():
    assert fit_logistic(*planted(20_000, 0)) == pytest.approx([0.3, -1.0], abs=0.06)


@settings(deadline=None)
@given(st.integers(1, 30), st.sampled_from([0.0, 1.0]), st.floats(0.1, 50))
def test_classes_that_are_apart_give_finite_coefficients(n, label, weight):
    features = np.linspace(-3, 3, 2 * n).reshape(n, 2)
    for labels in (np.full(n, label), (features[:, 0] > 0).astype(float)):
        beta = fit_logistic(features, labels, np.full(n, weight))
        gradient = features.T @ (weight * (labels - 1 / (1 + np.exp(-features @ beta))))
        assert gradient == pytest.approx(RIDGE * beta, abs=1e-5)


def test_no_rows_give_no_coefficients():
    assert fit_logistic(np.zeros((0, 2)), np.zeros(0), np.zeros(0)).tolist() == [0, 0]


def test_a_row_is_scored_by_a_model_that_never_saw_its_prompt():
    """A predictor that repeats what it was taught of a prompt has nothing to say of the others."""
    clusters = np.repeat(np.arange(20), 3)
    features = clusters[:, None].astype(float)

    def remembered(features, labels, rows, asked):
        return np.isin(asked[:, 0], features[:, 0]).astype(float)

    rows = rows_of(features, clusters)
    assert held_out(features, np.ones(60), rows, remembered).tolist() == [0.0] * 60


def test_folds_have_the_same_shares_of_labels_and_all_rows_are_scored():
    labels = np.array([0.0, 1.0] * 50)
    features = np.random.default_rng(0).normal(0, 1, (100, 1))

    def taught(features, labels, rows, asked):
        return np.full(len(asked), labels.mean())

    assert held_out(features, labels, rows_of(features), taught).tolist() == [0.5] * 100


def test_a_leaning_needs_more_than_chance():
    features, labels, _ = planted(300, 1, beta=(0.0, -1.0))
    features[:, 0] = 1
    found = leaning(features, labels, rows_of(features), features)
    assert np.corrcoef(found, features[:, 1])[0, 1] == pytest.approx(-1)
    assert found.mean() == pytest.approx(0)
    alternating = np.array([0.0, 1.0] * 150)
    even = np.stack([np.ones(300), np.repeat(np.arange(150.0), 2) / 100], axis=1)
    assert leaning(even, alternating, rows_of(even), even).tolist() == [0] * 300


def test_an_opinion_needs_two_standard_errors():
    def said(wins, losses):
        features = np.array([1.0] * wins + [-1.0] * losses)[:, None]
        rows = rows_of(features)
        return opinion(features, np.ones(rows.n), rows, np.array([[1.0], [-1.0], [0.0]])).tolist()

    assert said(61, 39) == [1, -1, 0]  # z = (61 - 39) / sqrt(100) = 2.2
    assert said(59, 41) == [0, 0, 0]
    assert said(39, 61) == [-1, 1, 0]
    assert said(0, 0) == [0, 0, 0]


def test_an_opinion_counts_prompts_rather_than_rows():
    features = np.array([1.0] * 60 + [-1.0] * 40)[:, None]
    prompts = [0] * 60 + [1] * 40
    assert (
        opinion(features, np.ones(100), rows_of(features, prompts), features).tolist() == [0] * 100
    )
