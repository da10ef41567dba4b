"""Sides: a fair coin a row, or exactly as many winners on the left as on the right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.balance import assign_sides, balance_sides
from curation.core.errors import CurationError
from tests.curation.core.balance.twins import slow_balanced_sides, slow_sides

WON = st.lists(st.sampled_from([0, 1, 0.5, None]), max_size=40)


def named(rows):
    return [f"row {k}" for k in range(len(rows))]


def left_wins(won, flips):
    """How many decided rows have the winner on the left once flipped, and how many are decided."""
    decided = [(value, flip) for value, flip in zip(won, flips, strict=True) if value in (0, 1)]
    return sum(value != flip for value, flip in decided), len(decided)


@settings(deadline=None)
@given(WON, st.integers(0, 9))
def test_the_winner_stands_left_in_half_of_the_decided_rows(won, seed):
    wins, decided = left_wins(won, balance_sides(won, ids=named(won), seed=seed))
    assert wins in {decided // 2, (decided + 1) // 2}


@settings(deadline=None)
@given(WON, st.integers(0, 9))
def test_sides_are_their_slow_twins(won, seed):
    assert assign_sides(named(won), seed=seed).tolist() == slow_sides(named(won), seed)
    assert balance_sides(won, ids=named(won), seed=seed).tolist() == slow_balanced_sides(
        won, named(won), seed
    )


@settings(deadline=None)
@given(WON, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(won, random):
    order = random.sample(range(len(won)), len(won))
    ids = named(won)
    one = balance_sides(won, ids=ids, seed=1)
    other = balance_sides([won[row] for row in order], ids=[ids[row] for row in order], seed=1)
    assert other.tolist() == one[order].tolist()


@settings(deadline=None)
@given(WON)
def test_where_the_winner_ends_up_does_not_depend_on_where_it_was(won):
    other_way = [1 - value if value in (0, 1) else value for value in won]
    ids = named(won)
    one, other = (balance_sides(each, ids=ids, seed=4) for each in (won, other_way))
    decided = np.array([value in (0, 1) for value in won], dtype=bool)
    assert (one ^ other).tolist() == decided.tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0, 1])), max_size=40))
def test_each_stratum_is_balanced_by_itself(rows):
    won, strata = [value for _, value in rows], [name for name, _ in rows]
    flips = balance_sides(won, ids=named(won), seed=2, strata=strata)
    for stratum in set(strata):
        inside = [row for row, name in enumerate(strata) if name == stratum]
        wins, decided = left_wins([won[row] for row in inside], flips[inside])
        assert wins in {decided // 2, (decided + 1) // 2}


def test_an_odd_row_falls_to_either_side_over_the_seeds():
    flips = [bool(balance_sides([1], ids=["row"], seed=seed)[0]) for seed in range(200)]
    assert 70 < sum(flips) < 130


def test_a_coin_is_fair_and_differs_by_seed():
    ids = [f"row {k}" for k in range(2000)]
    one, other = assign_sides(ids, seed=0), assign_sides(ids, seed=1)
    assert 900 < one.sum() < 1100
    assert 900 < (one ^ other).sum() < 1100


def test_a_win_is_one_zero_or_a_tie():
    with pytest.raises(CurationError, match="1 for left"):
        balance_sides([2], ids=["a"], seed=0)
