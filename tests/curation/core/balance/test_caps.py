"""Caps and subsamples: never more than allowed, whole prompts, nested, whatever the order."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.balance import cap_per_group, subsample
from curation.core.errors import CurationError
from tests.curation.core.balance.twins import slow_cap, slow_subsample

GROUPS = st.lists(st.sampled_from(["ann", "bob", "cyd", None]), max_size=40)


def named(rows):
    return [f"row {k}" for k in range(len(rows))]


def cap(groups, limit, *, ids=None, seed=0, priority=None):
    return cap_per_group(groups, limit, ids=ids or named(groups), seed=seed, priority=priority)


@settings(deadline=None)
@given(GROUPS, st.integers(1, 6), st.integers(0, 5))
def test_a_cap_is_never_exceeded_and_never_wasteful(groups, limit, seed):
    kept = Counter(
        name for name, keep in zip(groups, cap(groups, limit, seed=seed), strict=True) if keep
    )
    sizes = Counter(groups)
    assert kept == {
        name: size if name is None else min(size, limit) for name, size in sizes.items()
    }


@settings(deadline=None)
@given(GROUPS, st.integers(1, 6), st.integers(0, 5), st.data())
def test_the_cap_is_its_slow_twin(groups, limit, seed, data):
    size = len(groups)
    priority = data.draw(st.none() | st.lists(st.integers(0, 2), min_size=size, max_size=size))
    found = cap(groups, limit, seed=seed, priority=priority)
    assert found.tolist() == slow_cap(groups, limit, named(groups), seed, priority)


@settings(deadline=None)
@given(GROUPS, st.integers(1, 6), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_groups_matter(groups, limit, random):
    ids = named(groups)
    order = random.sample(range(len(ids)), len(ids))
    renamed = {"ann": 10, "bob": -3, "cyd": 7, None: None}
    other = cap_per_group(
        [renamed[groups[row]] for row in order], limit, ids=[ids[row] for row in order], seed=1
    )
    assert other.tolist() == cap(groups, limit, ids=ids, seed=1)[order].tolist()


@settings(deadline=None)
@given(GROUPS, st.integers(1, 6))
def test_a_lower_limit_keeps_part_of_what_a_higher_one_keeps(groups, limit):
    assert not (cap(groups, limit) & ~cap(groups, limit + 1)).any()


def test_priority_goes_before_chance_and_unknown_priority_last():
    priority = [0.2, 0.9, None, 0.5]
    assert cap(["a"] * 4, 2, priority=priority).tolist() == [False, True, False, True]
    assert cap(["a"] * 4, 3, priority=priority).tolist() == [True, True, False, True]


def test_groups_may_be_an_array_of_numbers():
    assert cap(np.array([4, 4, 4, 9]), 1).sum() == 2


def test_a_cap_draws_without_favour():
    kept = sum(cap(["a"] * 4, 1, seed=seed).astype(int) for seed in range(400))
    assert kept.sum() == 400
    assert abs(kept - 100).max() < 35  # four standard deviations of a binomial count


@pytest.mark.parametrize("limit", [0, -1])
def test_a_cap_that_keeps_nothing_is_refused(limit):
    with pytest.raises(CurationError, match="at least one row"):
        cap(["a"], limit)


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(CurationError, match="Ids has 1 entries for 2 rows"):
        cap_per_group(["a", "b"], 1, ids=["x"], seed=0)


def test_nothing_capped_is_nothing():
    assert cap([], 1).tolist() == []


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 40), st.integers(0, 5))
def test_a_subsample_has_the_rows_asked_for(size, n, seed):
    ids = [f"row {k}" for k in range(size)]
    keep = subsample(ids, n=n, seed=seed)
    assert keep.sum() == min(n, size)
    assert keep.tolist() == slow_subsample(ids, n, seed)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefg"), max_size=40), st.integers(0, 45), st.integers(0, 5))
def test_a_grouped_subsample_keeps_prompts_whole(groups, n, seed):
    keep = subsample(named(groups), n=n, seed=seed, groups=groups)
    kept, left = (
        {name for name, k in zip(groups, keep, strict=True) if k == side} for side in (True, False)
    )
    assert not kept & left
    assert keep.tolist() == slow_subsample(named(groups), n, seed, groups)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=40), st.integers(1, 40))
def test_a_smaller_sample_is_part_of_a_larger_one(groups, n):
    for grouped in (None, groups):
        small, large = (
            subsample(named(groups), n=size, seed=2, groups=grouped) for size in (n, n + 3)
        )
        assert not (small & ~large).any()


def test_a_prompt_larger_than_the_sample_is_kept_rather_than_nothing():
    assert subsample(named("aaaa"), n=1, seed=0, groups=list("aaaa")).all()


def test_a_share_is_rounded_to_rows():
    assert subsample(named("abcde"), share=0.5, seed=0).sum() == 3
    assert subsample(named("abcde"), share=0.0, seed=0).sum() == 0
    assert subsample([], share=0.5, seed=0).tolist() == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({}, "one of the two"),
        ({"n": 1, "share": 0.5}, "one of the two"),
        ({"n": -1}, "-1 rows"),
        ({"share": 1.5}, "between 0 and 1"),
        ({"share": float("nan")}, "between 0 and 1"),
    ],
)
def test_an_impossible_sample_is_refused(wanted, message):
    with pytest.raises(CurationError, match=message):
        subsample(["a"], seed=0, **wanted)


def test_a_row_without_a_group_is_refused_where_prompts_stay_whole():
    with pytest.raises(CurationError, match="needs a group"):
        subsample(["a", "b"], n=1, seed=0, groups=["p", None])
