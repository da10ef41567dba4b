"""Folds of comparisons: who is held out, and what must not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.curation_simulate import planted_comparisons
from curation.core.aggregate.comparison_data import PairVotes, pair_votes
from curation.core.aggregate.comparison_folds import N_FOLDS, folds


def planted_votes(votes: int = 3, seed: int = 0) -> tuple[Any, PairVotes]:
    made = planted_comparisons(30, 3, votes, 12, 0.2, seed, ties=0.3)
    return made, pair_votes(made.left, made.right, made.outcome, made.annotators)


def test_every_vote_is_held_out_once_and_no_pair_loses_all_of_its_votes() -> None:
    _, votes = planted_votes()
    masks = list(folds(votes, seed=0))
    assert len(masks) == N_FOLDS
    np.testing.assert_array_equal(np.sum(masks, axis=0), 1)
    for held_out in masks:
        left = np.bincount(votes.pair[~held_out], minlength=votes.n_pairs)
        assert left.min() >= 1
        assert 0.1 < held_out.mean() < 0.3


def test_names_order_and_sides_do_not_matter() -> None:
    made, votes = planted_votes()
    rng = np.random.default_rng(1)
    names, people = rng.permutation(90), rng.permutation(12)
    order, turned = rng.permutation(len(made.left)), rng.random(len(made.left)) < 0.5
    left, right = names[made.left], names[made.right]
    other = pair_votes(
        np.where(turned, right, left)[order],
        np.where(turned, left, right)[order],
        np.where(turned, 1 - made.outcome, made.outcome)[order],
        people[made.annotators][order],
    )
    for one, two in zip(folds(votes, seed=3), folds(other, seed=3), strict=True):
        np.testing.assert_array_equal(one[votes.vote_of_row][order], two[other.vote_of_row])


def test_another_seed_deals_other_folds() -> None:
    _, votes = planted_votes()
    first, second = (next(folds(votes, seed=seed)) for seed in (0, 1))
    assert (first != second).any()


def test_what_one_annotator_says_of_a_pair_stays_together() -> None:
    votes = pair_votes([0] * 6, [1] * 6, [1, 0, 1, 0, 1, 0], ["a", "a", "b", "b", "c", "c"])
    for held_out in folds(votes, seed=0):
        assert np.bincount(votes.annotator[held_out]).max() == 2


def test_lone_votes_are_held_out_only_where_most_are_lone() -> None:
    lone = pair_votes([0, 1, 2, 3, 4], [1, 2, 3, 4, 0], [1] * 5, range(5))
    assert sum(int(mask.sum()) for mask in folds(lone, seed=0)) == 5
    mixed = pair_votes([0, 0, 0, 5], [1, 1, 1, 6], [1, 1, 0, 1], ["a", "b", "c", "a"])
    held = np.any(list(folds(mixed, seed=0)), axis=0)
    assert held[mixed.pair == 0].all()
    assert not held[mixed.pair == 1].any()


def test_one_fold_is_enough_of_many_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    _, votes = planted_votes()
    monkeypatch.setattr("curation.core.aggregate.comparison_folds.ENOUGH_VOTES", 20)
    assert len(list(folds(votes, seed=0))) == 1


def test_without_votes_there_are_no_folds() -> None:
    assert list(folds(pair_votes([], [], [], []), seed=0)) == []
