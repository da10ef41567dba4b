"""Rankings of many groups: every method by hand, the choice between them, and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import (
    RANKING_METHODS,
    Rankings,
    aggregate_rankings,
    fit_plackett_luce,
    kemeny_ranking,
    mean_rank_tiers,
)
from curation.core.aggregate import rank_held_out as held_out
from curation.core.aggregate import rankings as module
from curation.core.aggregate.rank_groups import RankedGroups
from curation.core.aggregate.rank_posterior import RankModel
from curation.core.aggregate.strength_fit import StrengthFit
from tests.curation.core.aggregate.rank_twins import pair_accuracy, simulated_rankings

METHODS = RANKING_METHODS[1:]
ROWS = [
    ("p", "ann", [["a"], ["b"], ["c"]]),
    ("p", "bob", [["b"], ["a"], ["c"]]),
    ("p", "cat", [["a"], ["b", "c"]]),
    ("q", "ann", [["x", "y"]]),
    ("q", "bob", [["y"], ["x"]]),
    ("r", "cat", [["z"]]),
]
full = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("uvw"), st.permutations("abcd")),
    min_size=1,
    max_size=9,
)


def aggregate(rows, **options):
    groups, people, rankings = map(list, zip(*rows, strict=True))
    return aggregate_rankings(groups, people, rankings, **options)


def strict(rows):
    return [(group, who, [[key] for key in order]) for group, who, order in rows]


@given(full)
def test_mean_rank_orders_as_the_mean_ranks_do(rows):
    found = aggregate(strict(rows), method="mean_rank")
    for group, tiers in zip(found.groups.tolist(), found.tiers, strict=True):
        own = [ranking for of, _, ranking in strict(rows) if of == group]
        assert tiers == mean_rank_tiers(own)


@settings(deadline=None)
@given(full)
def test_kemeny_takes_every_group_by_itself(rows):
    found = aggregate(strict(rows), method="kemeny")
    for group, keys, scores in zip(found.groups.tolist(), found.keys, found.scores, strict=True):
        own = [[[keys.index(key)] for key in order] for of, _, order in rows if of == group]
        alone = kemeny_ranking(own, n_items=len(keys))
        np.testing.assert_allclose(-scores, alone.position)
    assert found.proven.all()


def test_plackett_luce_is_one_fit_for_all_groups():
    found = aggregate(ROWS, method="plackett_luce")
    numbers = {"a": 0, "b": 1, "c": 2, "x": 3, "y": 4, "z": 5}
    own = [[[numbers[key] for key in tier] for tier in ranking] for _, _, ranking in ROWS]
    people = [who for _, who, _ in ROWS]
    fit = fit_plackett_luce(own, n_items=6, annotators=people, prior=None)
    np.testing.assert_allclose(np.concatenate(found.scores), fit.strengths, atol=1e-6)
    np.testing.assert_allclose(np.concatenate(found.stderr), fit.stderr, atol=1e-6)
    np.testing.assert_allclose(found.weight, fit.reliability, atol=1e-6)
    assert found.tiers == ((("a",), ("b",), ("c",)), (("y",), ("x",)), (("z",),))
    assert found.keys == (("a", "b", "c"), ("x", "y"), ("z",))


def read(rows):
    groups, people, rankings = map(list, zip(*rows, strict=True))
    return RankedGroups.read(groups, people, rankings)


def test_left_out_mean_ranks_are_those_of_the_other_rankings():
    groups = read(ROWS)
    scores = held_out.mean_rank_left_out(groups)
    np.testing.assert_allclose(scores[:3], [0.75, 0.625, 0.125])
    assert np.isnan(scores[-1])


@settings(deadline=None)
@given(full)
def test_left_out_kemeny_is_that_of_the_other_rankings(rows):
    groups = read(strict(rows))
    above = module._Work(groups, 0)._above
    scores = held_out.kemeny_left_out(groups, above)
    for row, (group, _, order) in enumerate(rows):
        keys = groups.keys_by_group[sorted({g for g, _, _ in rows}).index(group)]
        others = [
            [[keys.index(key)] for key in other]
            for k, (of, _, other) in enumerate(rows)
            if of == group and k != row
        ]
        alone = kemeny_ranking(others, n_items=len(keys))
        entries = slice(*groups.rankings.offsets[row : row + 2])
        expected = [alone.position[keys.index(key)] for key in order]
        np.testing.assert_allclose(-scores[entries], expected)


def test_left_out_strengths_are_close_to_a_fit_without_the_ranking():
    rng = np.random.default_rng(0)
    _, group, who, orders = simulated_rankings(rng, np.ones(6), 8, per_group=6)
    groups = read([(g, w, [[k] for k in o]) for g, w, o in zip(group, who, orders, strict=True)])
    model = RankModel(groups.rankings, np.ones(len(group)))
    state = StrengthFit(model, None).alternate(0.5)
    scores = held_out.plackett_luce_left_out(groups, state)
    for row in range(0, len(group), 5):
        weights = np.ones(len(group))
        weights[row] = 0
        alone = StrengthFit(RankModel(groups.rankings, weights), None).alternate(0.5)
        entries = slice(*groups.rankings.offsets[row : row + 2])
        exact = alone.strengths[groups.rankings.items[entries]]
        full_fit = state.strengths[groups.rankings.items[entries]]
        assert np.abs(scores[entries] - exact).max() < 0.25 * np.abs(full_fit - exact).max()


def test_the_slope_of_foretelling_pairs_fits_best():
    gaps = np.array([2.0, 1.0, -1.0, 0.5, 3.0, -0.2])
    found = held_out.log_likelihoods(gaps)
    typical = np.sqrt((gaps**2).mean())

    def told(slope):
        penalty = -np.logaddexp(0, -slope) - np.logaddexp(0, slope)
        return -np.logaddexp(0, -slope * gaps / typical).sum() + penalty

    slopes = np.linspace(0, 5, 2001)
    best = slopes[np.argmax([told(slope) for slope in slopes])]
    np.testing.assert_allclose(found, -np.logaddexp(0, -best * gaps / typical), atol=2e-3)
    np.testing.assert_allclose(held_out.log_likelihoods(np.zeros(3)), -np.log(2))


@settings(max_examples=15, deadline=None)
@given(full, st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(rows, random):
    plain = aggregate(strict(rows))
    shuffled = sorted(strict(rows), key=lambda _: random.random())
    called = [(f"group {group}", f"person {who}", order) for group, who, order in shuffled]
    other = aggregate(called)
    assert plain.method == other.method
    for one, two in zip(plain.scores, other.scores, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)
    np.testing.assert_allclose(plain.reliability, other.reliability, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(full, st.permutations("abcd"))
def test_renaming_responses_renames_the_tiers(rows, names):
    renamed = [(g, w, ["abcd"[names.index(key)] for key in order]) for g, w, order in rows]
    for method in ("mean_rank", "kemeny"):
        plain, other = (aggregate(strict(of), method=method) for of in (rows, renamed))
        for one, two in zip(plain.tiers, other.tiers, strict=True):
            back = tuple(tuple(sorted(names["abcd".index(key)] for key in tier)) for tier in two)
            assert tuple(tuple(sorted(tier)) for tier in one) == back


@given(full)
def test_duplicating_every_ranking_changes_no_order(rows):
    for method in ("mean_rank", "kemeny"):
        assert aggregate(strict(rows * 2), method=method).tiers == (
            aggregate(strict(rows), method=method).tiers
        )


def simulated(seed, *, careless, n_groups=200, n_annotators=20):
    skills = np.where(np.arange(n_annotators) < careless * n_annotators, 0.0, 1.8)
    rng = np.random.default_rng(seed)
    truth, group, who, orders = simulated_rankings(rng, skills, n_groups)
    rows = [(g, w, [[k] for k in o]) for g, w, o in zip(group, who, orders.tolist(), strict=True)]
    return truth, skills, rows


@pytest.mark.parametrize("careless", [0.2, 0.45])
def test_auto_finds_careless_annotators_and_beats_the_mean_rank(careless):
    truth, skills, rows = simulated(1, careless=careless)
    found = aggregate(rows)
    plain = aggregate(rows, method="mean_rank")
    assert found.method == "plackett_luce"
    assert "foretold held-out pairs best" in found.reason
    right, plainly = (pair_accuracy(np.array(of.scores), truth) for of in (found, plain))
    gain = right - plainly
    assert gain > 0.015
    apart = found.reliability[skills > 0][:, None] > found.reliability[skills == 0]
    assert apart.mean() > 0.97
    assert abs(found.reliability[skills == 0].mean() - 0.5) < 0.06
    assert found.weight[skills == 0].mean() < found.weight[skills > 0].mean() / 2


def test_auto_keeps_to_the_mean_rank_where_nothing_speaks_against_it():
    rows = [(0, who, [[0], [1], [2]]) for who in range(30)]
    found = aggregate(rows)
    assert found.method == "mean_rank"
    assert [candidate.method for candidate in found.candidates[:1]] != []


def test_without_annotators_there_is_no_reliability():
    groups, _, rankings = map(list, zip(*ROWS, strict=True))
    for method in RANKING_METHODS:
        found = aggregate_rankings(groups, None, rankings, method=method)
        assert len(found.reliability) == len(found.weight) == len(found.annotators) == 0
        assert found.groups.tolist() == ["p", "q", "r"]


def test_lone_rankings_are_taken_as_they_are():
    found = aggregate([("p", "ann", [["b"], ["a", "c"]]), ("q", "bob", [["a"], ["b"]])])
    assert found.method == "mean_rank"
    assert "no two rankings share a group" in found.reason
    assert found.tiers == ((("b",), ("a", "c")), (("a",), ("b",)))
    assert np.isnan(found.reliability).all()


def test_large_groups_are_searched_and_say_so():
    rng = np.random.default_rng(0)
    rows = [("p", who, [[int(k)] for k in rng.permutation(12)]) for who in range(5)]
    found = aggregate([*rows, ("q", 1, [[0], [1]])], method="kemeny")
    alone = kemeny_ranking([ranking for _, _, ranking in rows], n_items=12)
    np.testing.assert_array_equal(-found.scores[0], alone.position)
    assert found.proven.tolist() == [alone.proven, True]
    assert {candidate.method for candidate in aggregate(rows).candidates} == {
        "mean_rank",
        "plackett_luce",
    }


@pytest.mark.parametrize("method", RANKING_METHODS)
def test_no_rankings_are_no_groups(method):
    found = aggregate_rankings([], [], [], method=method)
    assert found.tiers == found.scores == found.stderr == ()
    assert len(found.groups) == 0


def test_an_empty_ranking_names_nothing():
    found = aggregate([("p", "ann", []), ("q", "ann", [["a"], ["b"]])])
    assert found.tiers == ((), (("a",), ("b",)))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("p", "ann", [["a"], ["a"]])], "names an item twice"),
        ([("p", "ann", [["a"], []])], "empty tier"),
        ([("p", "ann", [["a"], [1]])], "all numbers or all strings"),
        ([(None, "ann", [["a"]])], "missing group"),
        ([("p", None, [["a"]])], "missing annotator"),
        ([("p", "ann", [[None], ["a"]])], "missing response"),
    ],
)
def test_what_is_no_ranking_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        aggregate(rows)


def test_columns_of_unequal_length_and_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="1 rankings, but 2 groups"):
        aggregate_rankings(["p", "q"], ["ann"], [[["a"]]])
    with pytest.raises(ValueError, match="1 rankings, but 2 annotators"):
        aggregate_rankings(["p"], ["ann", "bob"], [[["a"]]])
    with pytest.raises(ValueError, match="no method 'best'"):
        aggregate_rankings(["p"], ["ann"], [[["a"]]], method="best")


def test_long_and_odd_keys_are_only_names():
    keys = ["x" * 200_000, "\0", "\ud800", "שלום", "e\u0301", "\u00e9"]
    rows = [("p", who, [[key] for key in keys]) for who in "abc"]
    for method in METHODS:
        assert aggregate(rows, method=method).tiers == (tuple((key,) for key in keys),)


def test_orders_and_tiers_read_alike():
    data = Rankings.from_tiers([((2,), (0,)), ((1,), (2,), (0,))], 3)
    same = Rankings.from_orders([[2, 0, -1], [1, 2, 0]], 3)
    np.testing.assert_array_equal(data.items, same.items)
    np.testing.assert_array_equal(data.offsets, same.offsets)
    for wrong, message in [([[-1, 0]], "Only the end"), ([[0.5]], "whole"), ([0, 1], "table")]:
        with pytest.raises(ValueError, match=message):
            Rankings.from_orders(wrong, 3)
