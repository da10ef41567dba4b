"""Plackett–Luce against a twin that sums over orders, against planted truth and golden rows.

`golden/rankings.json` was printed by `python -m tests.curation.core.aggregate.rank_twins`.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import Rankings, fit_plackett_luce
from curation.core.aggregate.rank_likelihood import LARGEST_EXACT, subsets_of
from curation.core.aggregate.rank_posterior import RankModel
from tests.curation.core.aggregate.rank_twins import (
    fitted,
    log_likelihood,
    posterior,
    simulated_rankings,
    subset_mean,
)

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "rankings.json").read_text(encoding="utf-8")
)
N_ITEMS = 5
PRIOR = 0.3


@st.composite
def tiered(draw):
    """A ranking of some of the items, with ties."""
    items = draw(st.permutations(range(N_ITEMS)))[: draw(st.integers(2, N_ITEMS))]
    tiers = [[items[0]]]
    for item in items[1:]:
        if draw(st.booleans()):
            tiers.append([])
        tiers[-1].append(item)
    return tuple(map(tuple, tiers))


many = st.lists(tiered(), min_size=1, max_size=7)
few = settings(max_examples=25, deadline=None)


def point(rankings, strengths, weights, scale):
    model = RankModel(Rankings.from_tiers(rankings, len(strengths)), np.array(weights))
    return model.at(np.array(strengths), np.array(scale), PRIOR)


@few
@given(many, st.randoms(use_true_random=False))
def test_value_slope_and_curvature_are_those_of_the_twin(rankings, random):
    at = np.array([random.uniform(-2, 2) for _ in range(N_ITEMS)])
    weights = [random.uniform(0.2, 2) for _ in rankings]
    scale = [random.uniform(0.2, 2) for _ in rankings]
    found, step = point(rankings, at, weights, scale), 1e-5

    def value(where):
        return posterior(list(where), rankings, PRIOR, weights, scale)

    def slope(where):
        return point(rankings, where, weights, scale).gradient

    moves = np.eye(N_ITEMS) * step
    assert found.value == pytest.approx(value(at), abs=1e-9)
    expected = [(value(at + move) - value(at - move)) / (2 * step) for move in moves]
    np.testing.assert_allclose(found.gradient, expected, atol=1e-6)
    bends = [(slope(at - move) - slope(at + move)) / (2 * step) for move in moves]
    columns = [found.product(unit) for unit in np.eye(N_ITEMS)]
    np.testing.assert_allclose(columns, bends, atol=1e-6)
    np.testing.assert_allclose(
        [found.inverse().solve(column) for column in columns], np.eye(N_ITEMS), atol=1e-7
    )


@few
@given(many, st.randoms(use_true_random=False))
def test_what_annotators_show_is_the_slope_in_their_factor(rankings, random):
    at = [random.uniform(-2, 2) for _ in range(N_ITEMS)]
    weights, step = [1.0] * len(rankings), 1e-5
    who = np.arange(len(rankings)) % 2
    factor = np.array([0.7, 1.4])

    def told(moved):
        return point(rankings, at, weights, moved[who])

    evidence = told(factor).evidence(who, 2, told(factor).inverse())
    for annotator in range(2):
        move = np.eye(2)[annotator] * step
        up, down = told(factor + move), told(factor - move)
        slope = (up.likelihood - down.likelihood) / (2 * step)
        assert evidence.slope[annotator] == pytest.approx(slope, abs=1e-5)
        bend = (2 * told(factor).likelihood - up.likelihood - down.likelihood) / step**2
        assert evidence.bend[annotator] == pytest.approx(bend, abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(many)
def test_the_fit_equals_the_twin(rankings):
    fit = fit_plackett_luce(rankings, n_items=N_ITEMS, prior=0.5)
    assert fit.converged
    np.testing.assert_allclose(fit.strengths, fitted(rankings, N_ITEMS, 0.5), atol=1e-4)


def test_golden_rows():
    fit = fit_plackett_luce(
        GOLDEN["rankings"], n_items=N_ITEMS, weights=GOLDEN["weights"], prior=GOLDEN["prior"]
    )
    np.testing.assert_allclose(fit.strengths, GOLDEN["strengths"], atol=1e-5)
    told = sum(
        weight * log_likelihood(ranking, fit.strengths)
        for ranking, weight in zip(GOLDEN["rankings"], GOLDEN["weights"], strict=True)
    )
    assert fit.log_likelihood == pytest.approx(told)


@pytest.mark.parametrize("size", range(2, LARGEST_EXACT + 1))
def test_small_ties_are_the_exact_mean_over_orders(size):
    worth = np.linspace(0.2, 3, size)
    subsets, share = subsets_of(size)
    exact = subset_mean(size, lambda left: np.log(worth[list(left)].sum() + 0.7))
    assert share @ np.log(subsets @ worth + 0.7) == pytest.approx(exact)


@pytest.mark.parametrize("size", [LARGEST_EXACT + 1, LARGEST_EXACT + 4])
def test_large_ties_are_close_to_the_mean_over_orders(size):
    worth = np.exp(np.linspace(-1, 1, size))
    subsets, share = subsets_of(size)
    exact = subset_mean(size, lambda left: np.log(worth[list(left)].sum() + 0.7))
    assert share @ np.log(subsets @ worth + 0.7) == pytest.approx(exact, rel=0.02)
    slope = (subsets * (share / (subsets @ worth + 0.7))[:, None]).sum(axis=0)
    mean = [
        subset_mean(size, lambda left, k=k: (k in left) / (worth[list(left)].sum() + 0.7))
        for k in range(size)
    ]
    np.testing.assert_allclose(slope, mean, rtol=0.2)


def test_a_tie_of_two_is_half_a_win_each():
    tied = fit_plackett_luce([((0, 1),)] * 3 + [((0,), (1,))], n_items=2)
    halves = [((0,), (1,)), ((1,), (0,))]
    split = fit_plackett_luce([*halves, ((0,), (1,))], n_items=2, weights=[1.5, 1.5, 1])
    np.testing.assert_allclose(tied.strengths, split.strengths, atol=1e-6)


@few
@given(many, st.permutations(range(N_ITEMS)), st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(rankings, names, random):
    people = [random.choice("abc") for _ in rankings]
    plain = fit_plackett_luce(rankings, n_items=N_ITEMS, annotators=people)
    renamed = [tuple(tuple(names[item] for item in tier) for tier in r) for r in rankings]
    called = [{"a": 7, "b": 3, "c": 5}[who] for who in people]
    order = sorted(range(len(rankings)), key=lambda _: random.random())
    other = fit_plackett_luce(
        [renamed[k] for k in order], n_items=N_ITEMS, annotators=[called[k] for k in order]
    )
    np.testing.assert_allclose(plain.strengths, other.strengths[names], atol=1e-5)
    np.testing.assert_allclose(plain.stderr, other.stderr[names], atol=1e-5)
    again = dict(zip(other.annotators.tolist(), other.reliability, strict=True))
    same = [again[{"a": 7, "b": 3, "c": 5}[who]] for who in plain.annotators]
    np.testing.assert_allclose(plain.reliability, same, atol=1e-4)


@few
@given(many)
def test_a_weight_of_two_is_the_ranking_twice(rankings):
    twice = fit_plackett_luce(rankings * 2, n_items=N_ITEMS)
    weighted = fit_plackett_luce(rankings, n_items=N_ITEMS, weights=[2.0] * len(rankings))
    np.testing.assert_allclose(twice.strengths, weighted.strengths, atol=1e-6)
    np.testing.assert_allclose(twice.stderr, weighted.stderr, atol=1e-6)


def planted(seed, n_items=30, n_rankings=3000, skills=(1.0,)):
    rng = np.random.default_rng(seed)
    strengths = rng.normal(size=n_items)
    who = rng.integers(0, len(skills), n_rankings)
    items = np.argsort(rng.random((n_rankings, n_items)), axis=1)[:, :5]
    noisy = np.array(skills)[who][:, None] * strengths[items] + rng.gumbel(size=items.shape)
    orders = np.take_along_axis(items, np.argsort(-noisy, axis=1), axis=1)
    return strengths - strengths.mean(), who, orders


def test_planted_strengths_are_recovered_within_their_errors():
    truth, _, orders = planted(2)
    fit = fit_plackett_luce(Rankings.from_orders(orders, 30), n_items=30)
    z = (fit.strengths - truth) / fit.stderr
    assert fit.converged
    assert np.abs(fit.strengths - truth).max() < 0.2
    assert 0.8 < np.sqrt((z**2).mean()) < 1.2
    assert fit.connectivity.determined


def test_careless_annotators_are_found_and_discounted():
    skills = np.where(np.arange(20) < 6, 0.0, np.linspace(0.7, 1.8, 20))
    truth, who, orders = planted(2, n_rankings=2000, skills=skills)
    data = Rankings.from_orders(orders, 30)
    fit = fit_plackett_luce(data, n_items=30, annotators=who)
    plain = fit_plackett_luce(data, n_items=30)
    careless = np.arange(20) < 6
    assert fit.converged
    assert fit.reliability[careless].max() < fit.reliability[~careless].min() / 2
    assert np.corrcoef(fit.reliability[~careless], skills[~careless])[0, 1] > 0.8
    assert np.corrcoef(fit.strengths, truth)[0, 1] > np.corrcoef(plain.strengths, truth)[0, 1]


def test_tuples_and_arrays_are_the_same_rankings():
    _, _, orders = planted(3, n_rankings=40)
    orders[::2, 3:] = -1
    tiers = [tuple((int(item),) for item in row if item >= 0) for row in orders]
    as_arrays = fit_plackett_luce(Rankings.from_orders(orders, 30), n_items=30)
    as_tuples = fit_plackett_luce(tiers, n_items=30)
    np.testing.assert_array_equal(as_arrays.strengths, as_tuples.strengths)


def test_the_prior_can_be_estimated():
    rng = np.random.default_rng(4)
    _, group, _, orders = simulated_rankings(rng, np.ones(9), 100, per_group=9, spread=1.2)
    data = Rankings.from_orders(orders + 4 * group[:, None], 400)
    fit = fit_plackett_luce(data, n_items=400, prior=None)
    assert fit.converged
    assert fit.prior**-0.5 == pytest.approx(1.2, rel=0.2)
    assert fit.connectivity.n_components == 100


def test_undefeated_items_and_loose_ends_stay_finite():
    fit = fit_plackett_luce([((0,), (1,)), ((2,), (3,))], n_items=5)
    assert np.isfinite(fit.strengths).all()
    assert fit.strengths[0] > 0 > fit.strengths[1]
    assert fit.stderr[4] == pytest.approx(fit.prior**-0.5)
    assert not fit.connectivity.determined
    assert fit.connectivity.n_components == 3
    assert fit.connectivity.undefeated.tolist() == [True, False, True, False, False]
    assert "3 unconnected groups" in fit.connectivity.note


@pytest.mark.parametrize("rankings", [[], [()], [((2,),)], [((0, 1, 2),)]])
def test_rankings_that_say_nothing_leave_the_prior(rankings):
    fit = fit_plackett_luce(rankings, n_items=3, annotators=["x"] * len(rankings))
    np.testing.assert_allclose(fit.strengths, 0, atol=1e-9)
    assert fit.converged


def test_no_items_at_all_are_no_error():
    assert fit_plackett_luce([], n_items=0).strengths.shape == (0,)


@pytest.mark.parametrize(
    ("rankings", "options", "message"),
    [
        ([((0,), (3,))], {}, "numbered from 0 to 2"),
        ([((-1,), (0,))], {}, "numbered from 0 to 2"),
        ([((0,), (0,))], {}, "names an item twice"),
        ([((0,), ())], {}, "empty tier"),
        ([((0.5,), (1,))], {}, "whole numbers"),
        ([((0,), (1,))], {"annotators": ["a", "b"]}, "1 rankings, but 2 annotators"),
        ([((0,), (1,))], {"annotators": [None]}, "missing annotator"),
        ([((0,), (1,))], {"weights": [-1.0]}, "not negative"),
        ([((0,), (1,))], {"weights": [1.0, 2.0]}, "1 rows"),
        ([((0,), (1,))], {"prior": 0.0}, "positive"),
    ],
)
def test_what_is_no_ranking_is_refused(rankings, options, message):
    with pytest.raises(ValueError, match=message):
        fit_plackett_luce(rankings, n_items=3, **options)


def test_annotators_may_be_called_anything():
    names = ["a\0", "a", "שלום", "e\u0301", "\u00e9", "\ud800", "長" * 200_000]
    rankings = [((0,), (1,), (2,))] * len(names)
    fit = fit_plackett_luce(rankings, n_items=3, annotators=names)
    assert sorted(names) == fit.annotators.tolist()
    np.testing.assert_allclose(fit.reliability, 1, atol=1e-6)


def test_every_pair_of_a_long_ranking_counts():
    """Rankings too long for a subset table still give the likelihood of their choices."""
    rng = np.random.default_rng(5)
    strengths = rng.normal(size=60)
    order = tuple((int(item),) for item in rng.permutation(60))
    found = point([order], strengths, [1.0], [1.0])
    assert found.likelihood == pytest.approx(log_likelihood(order, list(strengths)))
    pairs = [(left, right) for left, right in combinations(range(60), 2)]
    inverse = found.inverse()
    dense = np.array([inverse.solve(unit) for unit in np.eye(60)])
    rows, columns = np.array(pairs).T
    np.testing.assert_allclose(inverse.entries(rows, columns), dense[rows, columns], atol=1e-12)
