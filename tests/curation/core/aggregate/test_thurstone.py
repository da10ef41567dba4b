"""Thurstone's case V against a slow twin, planted truth and golden rows.

`golden/rankings.json` was printed by `python -m tests.curation.core.aggregate.rank_twins`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from curation.core.aggregate import fit_thurstone
from curation.core.aggregate.thurstone_posterior import Comparisons, ThurstoneModel, counted
from tests.curation.core.aggregate.rank_twins import thurstone_fitted, thurstone_posterior

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "rankings.json").read_text(encoding="utf-8")
)
N = 5
comparisons = st.lists(
    st.tuples(
        st.integers(0, N - 1), st.integers(0, N - 1), st.sampled_from([0.0, 0.25, 0.5, 1.0])
    ).filter(lambda row: row[0] != row[1]),
    min_size=1,
    max_size=10,
)
few = settings(max_examples=25, deadline=None)


def columns(rows):
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def fit(rows, **options):
    return fit_thurstone(*columns(rows), **options)


def point(rows, strengths, scale):
    """One row of data for each comparison, so that each may have a scale of its own."""
    left, right, outcome = columns(rows)
    order = np.lexsort((right, left))
    zeros = np.zeros(len(rows))
    data = Comparisons(left[order], right[order], outcome[order], 1 - outcome[order], zeros, N)
    return ThurstoneModel(data).at(np.array(strengths), np.array(scale)[order], 0.3)


@few
@given(comparisons, st.randoms(use_true_random=False))
def test_value_slope_and_curvature_are_those_of_the_twin(rows, random):
    at = np.array([random.uniform(-2, 2) for _ in range(N)])
    scale = [random.uniform(0.2, 2) for _ in rows]
    found, step = point(rows, at, scale), 1e-5

    def value(where):
        return thurstone_posterior(list(where), rows, 0.3, scale)

    moves = np.eye(N) * step
    assert found.value == pytest.approx(value(at), abs=1e-9)
    slope = [(value(at + move) - value(at - move)) / (2 * step) for move in moves]
    np.testing.assert_allclose(found.gradient, slope, atol=1e-6)
    bends = [
        (point(rows, at - move, scale).gradient - point(rows, at + move, scale).gradient)
        / (2 * step)
        for move in moves
    ]
    held = [found.product(unit) for unit in np.eye(N)]
    np.testing.assert_allclose(held, bends, atol=1e-6)
    np.testing.assert_allclose([found.inverse().solve(row) for row in held], np.eye(N), atol=1e-8)


@few
@given(comparisons, st.randoms(use_true_random=False))
def test_what_annotators_show_is_the_slope_in_their_factor(rows, random):
    at = np.array([random.uniform(-2, 2) for _ in range(N)])
    left, right, outcome = columns(rows)
    data, who = counted(left, right, np.arange(len(rows)) % 2, outcome, np.ones(len(rows)), N)
    model, step = ThurstoneModel(data), 1e-5

    def told(factor):
        return model.at(at, factor[who], 0.3)

    factor = np.array([0.7, 1.4])
    evidence = told(factor).evidence(who, 2, told(factor).inverse())
    dense = np.linalg.inv([told(factor).product(unit) for unit in np.eye(N)])
    gaps = np.eye(N)[data.low] - np.eye(N)[data.high]
    spread = told(factor).bend * np.einsum("ki,ij,kj->k", gaps, dense, gaps)
    np.testing.assert_allclose(evidence.spread, np.bincount(who, spread, minlength=2), atol=1e-8)
    for annotator in range(2):
        move = np.eye(2)[annotator] * step
        up, down = told(factor + move), told(factor - move)
        slope = (up.likelihood - down.likelihood) / (2 * step)
        assert evidence.slope[annotator] == pytest.approx(slope, abs=1e-5)
        bend = (2 * told(factor).likelihood - up.likelihood - down.likelihood) / step**2
        assert evidence.bend[annotator] == pytest.approx(bend, abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(comparisons)
def test_the_fit_equals_the_twin(rows):
    found = fit(rows, prior=0.5)
    slow = thurstone_fitted(rows, N, 0.5)
    seen = sorted({item for row in rows for item in row[:2]})
    assert found.items.tolist() == seen
    assert found.converged
    np.testing.assert_allclose(found.strengths, slow[seen], atol=1e-4)


def test_golden_rows():
    found = fit(GOLDEN["comparisons"], prior=GOLDEN["prior"])
    np.testing.assert_allclose(found.strengths, GOLDEN["thurstone"], atol=1e-5)
    told = thurstone_posterior(found.strengths, GOLDEN["comparisons"], 0.0)
    assert found.log_likelihood == pytest.approx(told)


@few
@given(comparisons, st.permutations(range(N)), st.randoms(use_true_random=False))
def test_order_names_and_sides_do_not_matter(rows, names, random):
    people = [random.choice("abc") for _ in rows]
    plain = fit(rows, annotators=people)
    called = [(f"item {names[r]}", f"item {names[left]}", 1 - said) for left, r, said in rows]
    order = sorted(range(len(rows)), key=lambda _: random.random())
    other = fit_thurstone(
        [called[k][0] for k in order],
        [called[k][1] for k in order],
        [called[k][2] for k in order],
        annotators=[f"person {people[k]}" for k in order],
    )
    where = [other.items.tolist().index(f"item {names[item]}") for item in plain.items]
    np.testing.assert_allclose(plain.strengths, other.strengths[where], atol=1e-5)
    np.testing.assert_allclose(plain.stderr, other.stderr[where], atol=1e-5)
    np.testing.assert_allclose(plain.reliability, other.reliability, atol=1e-4)


@few
@given(comparisons)
def test_a_weight_of_two_is_the_comparison_twice(rows):
    twice, weighted = fit(rows * 2), fit(rows, weights=[2.0] * len(rows))
    np.testing.assert_allclose(twice.strengths, weighted.strengths, atol=1e-6)
    np.testing.assert_allclose(twice.stderr, weighted.stderr, atol=1e-6)


def planted(seed, *, n_items=40, n=6000, skills=(1.0,)):
    rng = np.random.default_rng(seed)
    strengths = rng.normal(size=n_items)
    left = rng.integers(0, n_items, n)
    right = (left + rng.integers(1, n_items, n)) % n_items
    who = rng.integers(0, len(skills), n)
    gap = np.array(skills)[who] * (strengths[left] - strengths[right])
    return strengths - strengths.mean(), left, right, (rng.random(n) < ndtr(gap)).astype(float), who


def test_planted_strengths_are_recovered_within_their_errors():
    truth, left, right, outcome, _ = planted(0)
    found = fit_thurstone(left, right, outcome)
    z = (found.strengths - truth) / found.stderr
    assert found.converged
    assert found.connectivity.determined
    assert 0.75 < np.sqrt((z**2).mean()) < 1.25
    assert np.abs(found.strengths - truth).max() < 0.35


def test_careless_annotators_are_found_and_discounted():
    skills = np.where(np.arange(20) < 6, 0.0, 1.3)
    truth, left, right, outcome, who = planted(1, skills=skills)
    found = fit_thurstone(left, right, outcome, annotators=who, prior=None)
    plain = fit_thurstone(left, right, outcome, prior=None)
    careless = np.arange(20) < 6
    assert found.converged
    assert found.reliability[careless].max() < found.reliability[~careless].min()
    assert np.corrcoef(found.strengths, truth)[0, 1] > np.corrcoef(plain.strengths, truth)[0, 1]


def test_sparse_items_without_a_dense_block_are_fitted_too(monkeypatch):
    truth, left, right, outcome, _ = planted(2)
    dense = fit_thurstone(left, right, outcome)
    monkeypatch.setattr("curation.core.aggregate.newton.LARGEST_BLOCK", 5)
    sparse = fit_thurstone(left, right, outcome)
    np.testing.assert_allclose(sparse.strengths, dense.strengths, atol=1e-5)
    np.testing.assert_allclose(sparse.stderr, dense.stderr, rtol=0.05)
    assert np.corrcoef(truth, sparse.strengths)[0, 1] > 0.98


def test_far_apart_items_stay_finite():
    found = fit([(0, 1, 1.0)] * 2000, prior=1e-3)
    assert np.isfinite(found.strengths).all()
    assert found.connectivity.undefeated.tolist() == [True, False]


@pytest.mark.parametrize("annotators", [None, []])
def test_no_comparisons_are_no_items(annotators):
    found = fit_thurstone([], [], [], annotators=annotators)
    assert len(found.items) == len(found.strengths) == 0
    assert found.converged


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (([0], [0], [1.0]), {}, "Comparison 0 compares an item with itself"),
        (([0], [1], [1.5]), {}, "between 0"),
        (([0], [1], [float("nan")]), {}, "between 0"),
        (([0, 1], [1], [1.0]), {}, "differ in length"),
        (([None], [1], [1.0]), {}, "missing left item"),
        (([0], [1], [1.0]), {"prior": -1.0}, "positive"),
        (([0], [1], [1.0]), {"annotators": ["a", "b"]}, "1 comparisons, but 2 annotators"),
        ((["a"], [1], [1.0]), {}, "all numbers or all strings"),
    ],
)
def test_what_is_no_comparison_is_refused(rows, options, message):
    with pytest.raises(ValueError, match=message):
        fit_thurstone(*rows, **options)
