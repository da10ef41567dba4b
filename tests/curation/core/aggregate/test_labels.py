"""Majority labels against a slow twin and against what must not matter."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate import LabelAggregation, aggregate_labels

votes = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=40
)
Votes = list[tuple[int, int, int]]


def aggregate(given_votes: Votes, **options: object) -> LabelAggregation:
    columns = map(list, zip(*given_votes, strict=True))
    return aggregate_labels(*columns, method="majority", **options)  # type: ignore[arg-type]


def slow_labels(given_votes: Votes) -> dict[int, int]:
    tally: dict[int, Counter[int]] = defaultdict(Counter)
    for item, _, label in given_votes:
        tally[item][label] += 1
    return {
        item: min(label for label, n in counts.items() if n == max(counts.values()))
        for item, counts in tally.items()
    }


def slow_reliability(given_votes: Votes, annotator: int) -> float:
    credit = []
    for item, own, label in given_votes:
        others = Counter(lab for it, ann, lab in given_votes if it == item and ann != annotator)
        if own == annotator and others:
            leaders = [lab for lab, n in others.items() if n == max(others.values())]
            credit.append((label in leaders) / len(leaders))
    return sum(credit) / len(credit) if credit else math.nan


@given(votes)
def test_labels_and_reliability_equal_the_slow_twin(given_votes: Votes) -> None:
    result = aggregate(given_votes)
    assert dict(zip(result.items.tolist(), result.labels.tolist(), strict=True)) == slow_labels(
        given_votes
    )
    expected = [slow_reliability(given_votes, who) for who in result.annotators.tolist()]
    np.testing.assert_allclose(result.reliability, expected)
    np.testing.assert_allclose(result.posterior.sum(axis=1), 1)


@given(votes, st.randoms(use_true_random=False))
def test_order_does_not_matter(given_votes: Votes, random: object) -> None:
    shuffled = sorted(given_votes, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert_same(aggregate(given_votes), aggregate(shuffled))


@given(votes)
def test_duplicating_every_vote_changes_nothing(given_votes: Votes) -> None:
    assert_same(aggregate(given_votes), aggregate(given_votes * 2))


@given(votes, st.permutations(range(6)), st.permutations(range(5)))
def test_renaming_items_and_annotators_renames_the_result(
    given_votes: Votes, items: list[int], people: list[int]
) -> None:
    plain = aggregate(given_votes)
    renamed = aggregate_labels(
        [f"item {items[item]}" for item, _, _ in given_votes],
        [f"person {people[who]}" for _, who, _ in given_votes],
        [label for _, _, label in given_votes],
        method="majority",
    )
    where = [renamed.items.tolist().index(f"item {items[item]}") for item in plain.items]
    who = [renamed.annotators.tolist().index(f"person {people[p]}") for p in plain.annotators]
    np.testing.assert_array_equal(plain.labels, renamed.labels[where])
    np.testing.assert_allclose(plain.reliability, renamed.reliability[who])


@given(votes, st.permutations(range(4)))
def test_renaming_labels_permutes_the_posterior(given_votes: Votes, names: list[int]) -> None:
    plain = aggregate(given_votes, n_classes=4)
    renamed = aggregate([(i, a, names[label]) for i, a, label in given_votes], n_classes=4)
    np.testing.assert_allclose(plain.posterior, renamed.posterior[:, names])
    np.testing.assert_allclose(plain.reliability, renamed.reliability)


def assert_same(one: LabelAggregation, other: LabelAggregation) -> None:
    np.testing.assert_array_equal(one.items, other.items)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_allclose(one.posterior, other.posterior)
    np.testing.assert_allclose(one.reliability, other.reliability)


def test_a_tie_goes_to_the_lowest_label_and_shows_in_the_posterior() -> None:
    result = aggregate_labels(["x"] * 3, ["p", "q", "r"], ["c", "b", "a"])
    assert result.labels.tolist() == ["a"]
    np.testing.assert_allclose(result.posterior, 1 / 3)


def test_a_tie_may_go_to_the_more_reliable_voters() -> None:
    items = [1, 1, 1, 2, 2, 2, 3, 3]
    people = ["good", "fair", "odd", "good", "fair", "odd", "good", "odd"]
    labels = [0, 0, 1, 1, 1, 0, 1, 0]
    lowest = aggregate_labels(items, people, labels, method="majority")
    reliable = aggregate_labels(items, people, labels, method="majority", tie_rule="reliable")
    assert lowest.labels.tolist() == [0, 1, 0]
    assert reliable.labels.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(lowest.posterior, reliable.posterior)


def test_a_tie_of_unknown_people_goes_to_the_lowest_label_under_either_rule() -> None:
    result = aggregate_labels(
        ["x", "x"], ["p", "p"], ["b", "a"], method="majority", tie_rule="reliable"
    )
    assert result.labels.tolist() == ["a"]


def test_a_known_answer_is_the_label_whatever_was_voted() -> None:
    result = aggregate_labels(
        [1, 1, 2, 2], [1, 2, 1, 2], [0, 0, 0, 0], method="majority", n_classes=2, gold={1: 1, 9: 0}
    )
    assert result.labels.tolist() == [1, 0]
    assert result.posterior.tolist() == [[0, 1], [1, 0]]


def test_odd_texts_stay_apart_and_come_back_whole() -> None:
    odd = ["a", "a\0", "e\u0301", "\u00e9", "\ud800", "\u202eabc", "x" * 200_000]
    result = aggregate_labels(odd, ["p"] * len(odd), odd)
    assert result.items.tolist() == sorted(odd)
    assert result.labels.tolist() == sorted(odd)


def test_announced_classes_get_a_column_each() -> None:
    assert aggregate_labels([7], [7], [1], n_classes=3).posterior.tolist() == [[0, 1, 0]]
    assert aggregate_labels([], [], [], n_classes=3).posterior.shape == (0, 3)


def test_labels_of_any_name_may_number_the_announced_classes() -> None:
    result = aggregate_labels([1, 1], [1, 2], ["yes", "no"], n_classes=2)
    assert result.classes.tolist() == ["no", "yes"]


def test_whoever_shares_no_item_has_no_reliability() -> None:
    result = aggregate_labels([1, 2], ["alone", "apart"], [0, 1])
    assert np.isnan(result.reliability).all()


def test_the_method_used_is_named() -> None:
    result = aggregate_labels([1], [1], [1])
    assert (result.method, result.n_iter, result.converged) == ("majority", 0, True)
    assert "majority" in result.reason


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (([1], [1], [1]), {"method": "oracle"}, "there are auto, majority, one_coin, dawid_skene"),
        (([1], [1], [1]), {"tie_rule": "coin"}, "there are lowest, reliable"),
        (([1, 2], [1], [1]), {}, "differ in length: 2, 1, 1"),
        (([[1]], [[1]], [[1]]), {}, "one-dimensional"),
        (([1], [1], [None]), {}, "missing"),
        (([1], [1], [math.nan]), {}, "missing"),
        (([1], [1], [4]), {"n_classes": 3}, "from 0 to 2"),
        (([1, 1], [1, 2], ["a", "b"]), {"n_classes": 3}, "2 distinct values"),
        (([1], [1], ["a"]), {"gold": {1: "b"}}, "'b' of item 1 is no label"),
        (([1, "x"], [1, 1], ["a", "b"]), {}, "all numbers or all strings"),
    ],
)
def test_unusable_input_is_refused_with_a_sentence(
    arguments: tuple[list[object], ...], options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        aggregate_labels(*arguments, **options)  # type: ignore[arg-type]
