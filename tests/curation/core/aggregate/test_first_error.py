"""First errors against a slow twin, their own slope, planted truth and golden rows.

`golden/steps.json` was printed by `python -m tests.curation.core.aggregate.step_twins`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate.first_error import (
    PRIOR_STEPS,
    FirstErrorWork,
    fit_first_error,
    rows_apart,
)
from curation.core.aggregate.step_data import step_table
from tests.curation.core.aggregate.step_twins import (
    log_likelihood,
    places,
    row_log_likelihood,
    simulated_steps,
    slow_first_error,
    solutions_of,
)

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "steps.json").read_text(encoding="utf-8")
)
LENGTHS = {"s": 4, "t": 1, "u": 3}
few = settings(max_examples=20, deadline=None)


@st.composite
def labelled(draw):
    """One row: a solution, an annotator, and labels with gaps anywhere."""
    solution = draw(st.sampled_from(sorted(LENGTHS)))
    n = LENGTHS[solution]
    labels = draw(st.lists(st.sampled_from([-1, 0, 1, 1, None]), min_size=n, max_size=n))
    return solution, draw(st.sampled_from("abc")), tuple(labels)


rows_of_labels = st.lists(labelled(), min_size=1, max_size=9)


def table_of(rows):
    return step_table(*map(list, zip(*rows, strict=True)))


def by_solution(table, values):
    parts = np.split(values, table.places[1:-1])
    return dict(zip(table.solutions.tolist(), parts, strict=True))


@few
@given(rows_of_labels, st.randoms(use_true_random=False))
def test_the_likelihood_of_every_place_is_that_of_the_twin(rows, random):
    table = table_of(rows)
    rates = {who: [random.uniform(0.1, 0.9) for _ in range(4)] for who in "abc"}
    own = np.array([rates[who] for who in table.annotators])
    found = by_solution(table, FirstErrorWork(table).log_likelihood(own))
    for solution, votes in solutions_of(rows).items():
        expected = [
            sum(row_log_likelihood(labels, place, rates[who]) for who, labels in votes)
            for place in places(LENGTHS[solution])
        ]
        np.testing.assert_allclose(found[solution], expected, atol=1e-9)


@few
@given(rows_of_labels)
def test_the_fit_equals_the_twin(rows):
    fit, table = fit_first_error(table_of(rows), tolerance=1e-10), table_of(rows)
    posterior, rates, common, error_rate = slow_first_error(rows)
    found = by_solution(table, fit.posterior)
    for solution, expected in posterior.items():
        np.testing.assert_allclose(found[solution], expected, atol=1e-6)
    np.testing.assert_allclose(fit.rates, [rates[who] for who in table.annotators], atol=1e-6)
    np.testing.assert_allclose(fit.common, common, atol=1e-6)
    assert fit.error_rate == pytest.approx(error_rate, abs=1e-6)


def test_golden_rows():
    rows = [(solution, who, tuple(labels)) for solution, who, labels in GOLDEN["rows"]]
    table = table_of(rows)
    fit = fit_first_error(table, tolerance=1e-10)
    for solution, found in by_solution(table, fit.posterior).items():
        np.testing.assert_allclose(found, GOLDEN["posterior"][solution], atol=1e-6)
    np.testing.assert_allclose(
        fit.rates, [GOLDEN["rates"][who] for who in table.annotators], atol=1e-6
    )
    assert fit.log_likelihood == pytest.approx(GOLDEN["log_likelihood"], abs=1e-6)


def test_at_rest_the_marginal_posterior_has_no_slope():
    rows = [(solution, who, tuple(labels)) for solution, who, labels in GOLDEN["rows"]]
    table = table_of(rows)
    fit = fit_first_error(table, tolerance=1e-12)
    names, step = table.annotators.tolist(), 1e-5

    def log_posterior(rates):
        own = dict(zip(names, rates, strict=True))
        prior = PRIOR_STEPS * (fit.common * np.log(rates) + (1 - fit.common) * np.log(1 - rates))
        return log_likelihood(rows, own, fit.error_rate) + prior.sum()

    for place in np.ndindex(fit.rates.shape):
        move = np.zeros_like(fit.rates)
        move[place] = step
        change = log_posterior(fit.rates + move) - log_posterior(fit.rates - move)
        assert change / (2 * step) == pytest.approx(0, abs=1e-4)


@few
@given(rows_of_labels, st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(rows, random):
    plain, table = fit_first_error(table_of(rows)), table_of(rows)
    shuffled = sorted(rows, key=lambda _: random.random())
    called = {"a": 9, "b": 4, "c": 7}
    other_table = table_of([(f"x{s}", called[who], labels) for s, who, labels in shuffled])
    other = fit_first_error(other_table)
    np.testing.assert_allclose(plain.posterior, other.posterior, atol=1e-6)
    where = [other_table.annotators.tolist().index(called[who]) for who in table.annotators]
    np.testing.assert_allclose(plain.rates, other.rates[where], atol=1e-6)


@few
@given(rows_of_labels)
def test_what_follows_the_first_error_does_not_matter(rows):
    def cut(labels):
        end = labels.index(-1) + 1 if -1 in labels else len(labels)
        return (*labels[:end], *[None] * (len(labels) - end))

    plain = fit_first_error(table_of(rows))
    other = fit_first_error(table_of([(s, who, cut(labels)) for s, who, labels in rows]))
    np.testing.assert_array_equal(plain.posterior, other.posterior)


def test_planted_errors_and_rates_are_recovered():
    error, _, rates, rows = simulated_steps(np.random.default_rng(0), per_solution=5)
    table = table_of(rows)
    fit = fit_first_error(table)
    found = by_solution(table, fit.posterior)
    chosen = np.array([found[solution].argmax() for solution in range(len(error))])
    sure = np.array([found[solution].max() for solution in range(len(error))])
    right = chosen == error
    assert fit.converged
    assert right.mean() > 0.87
    assert sure.mean() == pytest.approx(right.mean(), abs=0.04)
    assert fit.error_rate == pytest.approx((error < table.lengths).mean(), abs=0.04)
    assert np.corrcoef(fit.rates[:, 2], rates[:, 2])[0, 1] > 0.9
    assert np.abs(fit.rates[:, 0] - rates[:, 0]).mean() < 0.02


def test_rows_apart_are_solutions_of_their_own():
    rows = [(solution, who, tuple(labels)) for solution, who, labels in GOLDEN["rows"]]
    table = table_of(rows)
    apart = rows_apart(table)
    assert apart.lengths.tolist() == [len(labels) for _, _, labels in rows]
    rates = np.tile([0.1, 0.2, 0.7, 0.4], (len(table.annotators), 1))
    found = by_solution(apart, FirstErrorWork(apart).log_likelihood(rates))
    for row, (_, _, labels) in enumerate(rows):
        expected = [row_log_likelihood(labels, t, rates[0]) for t in places(len(labels))]
        np.testing.assert_allclose(found[row], expected, atol=1e-9)
