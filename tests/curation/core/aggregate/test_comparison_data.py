"""Comparisons counted and sorted, against slow counting and against what must not matter."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate.comparison_data import (
    HIGH,
    LOW,
    TIE,
    PairTable,
    known_choices,
    pair_table,
    pair_votes,
)

items = st.integers(0, 5)
rows_of = st.lists(
    st.tuples(items, items, st.sampled_from([0.0, 0.5, 1.0])).filter(lambda r: r[0] != r[1]),
    min_size=1,
    max_size=20,
)
Rows = list[tuple[int, int, float]]


def table(rows: Rows, **options: Any) -> PairTable:
    return pair_table(*map(list, zip(*rows, strict=True)), **options)  # type: ignore[arg-type]


def slow_counts(rows: Rows) -> dict[tuple[int, int], list[float]]:
    counted: dict[tuple[int, int], list[float]] = {}
    for left, right, outcome in rows:
        cell = counted.setdefault((min(left, right), max(left, right)), [0.0, 0.0, 0.0])
        choice = TIE if outcome == 0.5 else LOW if (outcome == 1) == (left < right) else HIGH
        cell[choice] += 1
    return dict(sorted(counted.items()))


def as_dict(found: PairTable) -> dict[tuple[int, int], list[float]]:
    names = found.items
    pairs = zip(names[found.low].tolist(), names[found.high].tolist(), strict=True)
    return dict(zip(pairs, found.counts.tolist(), strict=True))


@given(rows_of)
def test_counts_are_those_of_slow_counting(rows: Rows) -> None:
    assert as_dict(table(rows)) == slow_counts(rows)


@given(rows_of)
def test_the_ways_to_count_are_the_same(rows: Rows) -> None:
    """By a table of all pairs where there are few items, by sorting where they are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curation.core.aggregate.comparison_data.LARGEST_GRID", 0)
        by_sorting = table(rows)
        weighted = table(rows, weights=[1.0] * len(rows))
    assert as_dict(by_sorting) == as_dict(weighted) == slow_counts(rows)


@given(rows_of, rows_of)
def test_merged_tables_are_those_of_all_rows(one: Rows, other: Rows) -> None:
    merged = table(one).merged(table(other))
    assert merged.same_as(table(one + other))


def test_soft_labels_count_in_part_and_ties_as_ties() -> None:
    found = table([(0, 1, 0.75), (1, 0, 0.5)], weights=[2.0, 3.0])
    assert found.counts.tolist() == [[1.5, 3.0, 0.5]]


def test_tables_that_differ_are_told_apart() -> None:
    one = table([(0, 1, 1.0)])
    assert not one.same_as(table([(0, 1, 0.0)]))
    assert not one.same_as(table([(0, 2, 1.0)]))
    assert not one.same_as(table([(0, 1, 1.0), (1, 2, 1.0)]))


@given(rows_of, st.integers(0, 2**32 - 1))
def test_votes_are_counted_once_for_each_annotator_and_position(rows: Rows, seed: int) -> None:
    rng = np.random.default_rng(seed)
    who, shown = rng.integers(3, size=len(rows)), rng.choice([-1, 0, 1], len(rows))
    votes = pair_votes(*map(list, zip(*rows, strict=True)), who, shown_left=shown)  # type: ignore[arg-type]
    said = Counter()
    for (left, right, outcome), person, side in zip(
        rows, who.tolist(), shown.tolist(), strict=True
    ):
        low_first = left < right
        choice = TIE if outcome == 0.5 else LOW if (outcome == 1) == low_first else HIGH
        said[min(left, right), max(left, right), person, choice, side if low_first else -side] += 1
    names, people = votes.items.tolist(), votes.annotators.tolist()
    pairs = [(names[a], names[b]) for a, b in zip(votes.low, votes.high, strict=True)]
    told = [
        (*pairs[p], people[w], c, s)
        for p, w, c, s in zip(
            votes.pair, votes.annotator, votes.choice, votes.position, strict=True
        )
    ]
    assert sorted(told) == sorted(said)
    assert [told[vote][:2] for vote in votes.vote_of_row] == [
        (min(a, b), max(a, b)) for a, b, _ in rows
    ]


def test_votes_can_be_left_out_without_losing_their_pairs() -> None:
    votes = pair_votes([0, 2], [1, 3], [1, 0], ["a", "b"])
    some = votes.where(votes.choice == LOW)
    assert len(some) == 1
    assert some.n_pairs == 2
    assert some.counts().tolist() == [[1, 0, 0], [0, 0, 0]]


def test_known_outcomes_turn_with_their_rows() -> None:
    votes = pair_votes([1, 0, 5], [0, 1, 6], [1, 1, 1], ["a", "b", "c"])
    assert known_choices(votes, [1.0, 0.0, np.nan]).tolist() == [HIGH, -1]
    assert known_choices(votes, None).tolist() == [-1, -1]


def test_groups_are_sorted_before_items() -> None:
    votes = pair_votes(["b", "a"], ["a", "b"], [1, 1], [0, 0], groups=["late", "early"])
    assert votes.items.tolist() == ["a", "b", "a", "b"]
    assert votes.groups is not None
    assert votes.groups[votes.group_of_item].tolist() == ["early", "early", "late", "late"]
    assert votes.counts().tolist() == [[1, 0, 0], [0, 0, 1]]
