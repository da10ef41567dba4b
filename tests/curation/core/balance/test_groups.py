"""Groups and classes brought to shares, by dropping or by weights."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.balance import balance_classes, balance_groups, balance_steps, effective_rows
from curation.core.errors import CurationError
from tests.curation.core.balance.twins import slow_equal_groups

GROUPS = st.lists(st.sampled_from("abc"), min_size=1, max_size=40)
SOLUTIONS = st.lists(st.lists(st.sampled_from([-1, 0, 1]), max_size=6), max_size=15)


def named(rows):
    return [f"row {k}" for k in range(len(rows))]


def balance(groups, **options):
    return balance_groups(groups, ids=named(groups), **{"seed": 0, **options})


def weight_of(groups, weights):
    total = Counter()
    for name, weight in zip(groups, weights, strict=True):
        total[name] += float(weight)
    return {name: total[name] / sum(total.values()) for name in set(groups)}


@settings(deadline=None)
@given(GROUPS, st.integers(0, 5))
def test_dropping_leaves_as_many_of_each_as_there_are_of_the_rarest(groups, seed):
    found = balance(groups, seed=seed)
    kept = Counter(name for name, keep in zip(groups, found.keep, strict=True) if keep)
    assert set(kept.values()) == {min(Counter(groups).values())}
    assert set(kept) == set(groups)
    assert found.keep.tolist() == slow_equal_groups(groups, named(groups), seed)


@settings(deadline=None)
@given(GROUPS)
def test_weighting_keeps_all_and_gives_each_the_same(groups):
    found = balance(groups, mode="weight", max_weight=1000.0)
    assert found.keep.all()
    assert found.weights.mean() == pytest.approx(1)
    assert list(weight_of(groups, found.weights).values()) == pytest.approx(
        [1 / len(set(groups))] * len(set(groups))
    )
    assert found.report.effective_rows == pytest.approx(effective_rows(found.weights))


@settings(deadline=None)
@given(GROUPS, st.floats(1.1, 4))
def test_a_limit_on_weights_holds_and_the_rest_share_what_is_left(groups, limit):
    found = balance(groups, mode="weight", max_weight=limit)
    assert found.weights.mean() == pytest.approx(1)
    assert found.weights.max() <= limit * (1 + 1e-6)
    open_ = {
        name: share
        for name, share in weight_of(groups, found.weights).items()
        if found.weights[groups.index(name)] < limit * (1 - 1e-6)
    }
    assert list(open_.values()) == pytest.approx([max(open_.values(), default=0)] * len(open_))
    assert found.report.exact or len(open_) < len(set(groups))


@pytest.mark.parametrize("mode", ["drop", "weight"])
@settings(deadline=None)
@given(GROUPS, st.randoms(use_true_random=False))
def test_neither_order_nor_names_matter(mode, groups, random):
    order = random.sample(range(len(groups)), len(groups))
    ids = named(groups)
    one = balance(groups, mode=mode)
    other = balance_groups(
        [ord(groups[row]) for row in order], ids=[ids[row] for row in order], seed=0, mode=mode
    )
    assert other.weights == pytest.approx(one.weights[order])


def test_shares_are_met_by_dropping_as_little_as_they_allow():
    groups = ["web"] * 60 + ["books"] * 20 + ["code"] * 20
    found = balance(groups, shares={"web": 2, "books": 1, "code": 1})
    kept = Counter(name for name, keep in zip(groups, found.keep, strict=True) if keep)
    assert kept == {"web": 40, "books": 20, "code": 20}


def test_shares_are_met_by_weights_and_a_share_of_zero_leaves():
    groups = ["web"] * 60 + ["books"] * 20 + ["code"] * 20
    found = balance(groups, shares={"web": 0.75, "books": 0.25, "code": 0}, mode="weight")
    assert weight_of(groups, found.weights) == pytest.approx(
        {"web": 0.75, "books": 0.25, "code": 0}
    )
    assert found.report.rows_after == 80


def test_thirds_are_not_lost_to_rounding():
    for size in range(1, 50):
        assert balance(list("abc") * size).keep.all()


def test_weights_given_before_are_balanced_too():
    groups, before = list("aaab"), [1.0, 2.0, 3.0, 0.5]
    found = balance(groups, mode="weight", weights=before)
    assert weight_of(groups, found.weights) == pytest.approx({"a": 0.5, "b": 0.5})
    assert found.weights[1] / found.weights[0] == pytest.approx(2)


def test_classes_are_groups_of_equal_shares():
    labels = [True] * 8 + [False] * 2
    found = balance_classes(labels, ids=named(labels), seed=0)
    assert found.report.rows_after == 4
    assert found.keep[8:].all()


def test_one_class_alone_stays_as_it_is():
    found = balance_classes([1, 1, 1], ids=named("abc"), seed=0, mode="weight")
    assert found.weights.tolist() == [1, 1, 1]


def test_nothing_balanced_is_nothing():
    for mode in ("drop", "weight"):
        found = balance_groups([], ids=[], seed=0, mode=mode)
        assert found.report.rows_after == 0
        assert found.weights.tolist() == []


@pytest.mark.parametrize(
    ("groups", "options", "message"),
    [
        (["a", None], {}, "no group"),
        (["a", float("nan")], {}, "no group"),
        (["a", "b"], {"shares": {"a": 1}}, "No share is given for the group 'b'"),
        (["a"], {"shares": {"a": 1, "b": 1}}, "no rows of the group 'b'"),
        (["a"], {"shares": {"a": 0}}, "not all zero"),
        (["a", "b"], {"shares": {"a": 1, "b": -1}}, "zero or more"),
        (["a"], {"shares": "even"}, "'even'"),
        (["a"], {"mode": "both"}, "by drop or by weight"),
        (["a"], {"max_weight": 0.5}, "above 1"),
        (["a"], {"weights": [1.0, 2.0]}, "Weights has 2 entries for 1 rows"),
    ],
)
def test_an_impossible_wish_is_refused(groups, options, message):
    with pytest.raises(CurationError, match=message):
        balance(groups, **options)


def flat(solutions):
    labels = [label for steps in solutions for label in steps]
    rows = [row for row, steps in enumerate(solutions) for _ in steps]
    return labels, rows


@settings(deadline=None)
@given(SOLUTIONS)
def test_step_weights_give_each_label_the_same_total(solutions):
    labels, rows = flat(solutions)
    found = balance_steps(
        labels, rows, ids=named(solutions), seed=0, mode="weight", max_weight=1000.0
    )
    assert found.keep.all()
    totals = weight_of(labels, found.step_weights) if labels else {}
    assert list(totals.values()) == pytest.approx([1 / max(len(totals), 1)] * len(totals))


@settings(deadline=None)
@given(SOLUTIONS)
def test_dropping_evens_out_solutions_by_their_worst_step(solutions):
    labels, rows = flat(solutions)
    found = balance_steps(labels, rows, ids=named(solutions), seed=0)
    worst = [min(steps) if steps else None for steps in solutions]
    kept = Counter(label for label, keep in zip(worst, found.keep, strict=True) if keep)
    counts = Counter(label for label in worst if label is not None)
    assert kept == {
        label: worst.count(None) if label is None else min(counts.values()) for label in set(worst)
    }
    assert (found.step_weights > 0).tolist() == found.keep[rows].tolist() if rows else True


def test_steps_of_a_row_that_is_not_there_are_refused():
    with pytest.raises(CurationError, match="outside the 1 rows"):
        balance_steps([1, -1], [0, 1], ids=["a"], seed=0)


def test_an_unlabelled_step_is_refused():
    for mode in ("drop", "weight"):
        with pytest.raises(CurationError, match="no group"):
            balance_steps([None], [0], ids=["a"], seed=0, mode=mode)


def test_effective_rows_are_the_rows_where_weights_are_equal():
    assert effective_rows(np.ones(7)) == 7
    assert effective_rows(np.array([1.0, 0.0])) == 1
    assert effective_rows(np.zeros(0)) == 0
