"""What auto takes, why, and that neither names nor order have a say in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import LabelCandidate, aggregate_labels
from curation.core.aggregate.label_folds import N_FOLDS, folds
from curation.core.aggregate.label_votes import votes_from
from tests.curation.core.aggregate.label_twins import even_errors, simulated

ALIKE = even_errors([0.75] * 20, 2)
UNLIKE = even_errors(np.linspace(0.35, 0.95, 20), 4)
BIASED = np.stack([[[0.95, 0.05], [0.5, 0.5]], [[0.5, 0.5], [0.05, 0.95]]] * 10)


def crowd(confusion, *, seed=0, n_items=300, votes_each=6):
    n_classes = confusion.shape[1]
    shares = [1 / n_classes] * n_classes
    return simulated(confusion, shares, n_items=n_items, votes_each=votes_each, seed=seed)


FEW_ITEMS = ([*range(19)] * 3, [n // 19 for n in range(57)], [n % 2 for n in range(38)] + [0] * 19)


@pytest.mark.parametrize(
    ("confusion", "taken"),
    [(ALIKE, "majority"), (UNLIKE, "one_coin"), (BIASED, "dawid_skene")],
    ids=["annotators alike", "of unlike accuracy", "with unlike biases"],
)
def test_auto_takes_the_simplest_model_that_explains_the_crowd(confusion, taken):
    methods = [aggregate_labels(*crowd(confusion, seed=n)[:3]).method for n in range(5)]
    assert max(set(methods), key=methods.count) == taken


@pytest.mark.parametrize("confusion", [ALIKE, UNLIKE, BIASED])
def test_auto_is_about_as_right_as_the_best_method(confusion):
    gaps, gains = [], []
    for seed in range(6):
        *columns, truth = crowd(confusion, seed=seed)
        right = {
            method: float((aggregate_labels(*columns, method=method).labels == truth).mean())
            for method in ("auto", "majority", "one_coin", "dawid_skene")
        }
        gaps.append(max(right.values()) - right["auto"])
        gains.append(right["auto"] - right["majority"])
    assert np.mean(gaps) < 0.01
    assert np.mean(gains) > -0.005


def test_the_reason_tells_the_figures():
    result = aggregate_labels(*crowd(BIASED)[:3])
    figures = {one.method: one for one in result.candidates}
    assert list(figures) == ["majority", "one_coin", "dawid_skene"]
    assert f"dawid_skene {figures['dawid_skene'].log_likelihood:.4f}" in result.reason
    assert result.reason.startswith("auto took dawid_skene: no other method clearly beats it")
    assert figures["dawid_skene"].log_likelihood > figures["majority"].log_likelihood + 0.05
    assert figures["majority"].stderr == 0
    assert np.isnan(figures["majority"].gold_accuracy)


def test_the_result_is_that_of_the_method_taken():
    columns = crowd(BIASED)[:3]
    taken, asked = aggregate_labels(*columns), aggregate_labels(*columns, method="dawid_skene")
    np.testing.assert_array_equal(taken.posterior, asked.posterior)
    np.testing.assert_array_equal(taken.confusion, asked.confusion)
    assert (asked.reason, asked.candidates) == ("The Dawid-Skene model was asked for.", ())


def test_known_answers_overrule_votes_that_mislead():
    """Two classes that most annotators call by each other's names are found, and named wrongly."""
    confusion = even_errors([0.9] * 5 + [0.2] * 7, 2)
    *columns, truth = simulated(confusion, [0.5, 0.5], n_items=300, votes_each=6, seed=4)
    known = dict(enumerate(truth[:40].tolist()))
    untold, told = aggregate_labels(*columns), aggregate_labels(*columns, gold=known)
    figures = {one.method: one.gold_accuracy for one in told.candidates}
    assert untold.method != "majority"
    assert figures[untold.method] < figures["majority"] - 0.1
    assert told.method == "majority"
    assert told.reason.startswith(
        "auto took the majority vote: it finds clearly more of 40 known answers (majority "
    )


def test_known_answers_that_hardly_differ_leave_the_choice_to_votes():
    *columns, truth = crowd(BIASED)
    result = aggregate_labels(*columns, gold={0: int(truth[0])})
    assert result.method == "dawid_skene"
    assert "; 1 known answers do not contradict (majority " in result.reason


def test_lone_votes_can_be_weighed_by_known_answers_only():
    labels = [0, 1] * 10
    result = aggregate_labels(range(20), [f"p{n}" for n in range(20)], labels, gold={0: 0})
    assert result.method == "majority"
    assert "on votes alone; 1 known answers" in result.reason
    assert np.isnan(result.candidates[0].log_likelihood)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (([], [], []), "there are no two labels"),
        (([1, 1], ["p", "q"], ["x", "x"]), "there are no two labels"),
        (
            ([1, 2], ["p", "p"], ["x", "y"]),
            "0 items judged by several people tell too little of them",
        ),
        (
            ([1, 1], ["p", "p"], ["x", "y"]),
            "0 items judged by several people tell too little of them",
        ),
        (FEW_ITEMS, "19 items judged by several people tell too little of them"),
    ],
    ids=["nothing", "one class", "one annotator", "one who contradicts himself", "few items"],
)
def test_auto_takes_the_majority_where_nothing_tells_annotators_apart(columns, why):
    result = aggregate_labels(*columns)
    assert (result.method, result.candidates) == ("majority", ())
    assert result.reason == f"auto took the majority vote: {why}."


def test_neither_order_nor_names_change_what_auto_weighs():
    items, people, labels, _ = crowd(UNLIKE, n_items=80, votes_each=4)
    plain = aggregate_labels(items, people, labels)
    rng = np.random.default_rng(0)
    rows, names = rng.permutation(len(items)), rng.permutation(80)
    renamed = aggregate_labels(
        [f"item {names[item]}" for item in items[rows]],
        [f"person {(7 * who) % 20}" for who in people[rows]],
        (3 - labels)[rows],
    )
    assert renamed.method == plain.method
    assert_alike(renamed.candidates, plain.candidates)


def test_giving_every_vote_twice_does_not_make_auto_surer():
    columns = crowd(UNLIKE, n_items=60, votes_each=4)[:3]
    twice = [np.concatenate([column, column]) for column in columns]
    assert_alike(aggregate_labels(*twice).candidates, aggregate_labels(*columns).candidates)


def assert_alike(some: tuple[LabelCandidate, ...], others: tuple[LabelCandidate, ...]) -> None:
    for one, other in zip(some, others, strict=True):
        assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-7)
        assert one.stderr == pytest.approx(other.stderr, abs=1e-7)


def test_the_seed_deals_other_folds():
    columns = crowd(UNLIKE, n_items=80, votes_each=4)[:3]
    first, again, other = (aggregate_labels(*columns, seed=seed) for seed in (1, 1, 2))
    assert first.candidates == again.candidates
    assert first.candidates[1].log_likelihood != other.candidates[1].log_likelihood


votes = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=60
)


@settings(deadline=None)
@given(votes, st.integers(0, 5))
def test_folds_hold_out_each_shared_vote_once_and_never_a_whole_item(given_votes, seed):
    cells = votes_from(*map(list, zip(*given_votes, strict=True)), n_classes=3, gold=None).cells
    several = set(np.flatnonzero(cells.voters() > 1).tolist())
    held_out = []
    for seen, unseen in folds(cells, seed=seed):
        held_out += cells_of(unseen)
        assert set(unseen.item.tolist()) <= several & set(seen.item.tolist())
        assert sorted(cells_of(seen) + cells_of(unseen)) == cells_of(cells)
        assert not people_of(seen) & people_of(unseen)
    assert sorted(held_out) == [cell for cell in cells_of(cells) if cell[0] in several]


def cells_of(cells):
    return list(
        zip(cells.item.tolist(), cells.annotator.tolist(), cells.label.tolist(), strict=True)
    )


def people_of(cells):
    return set(zip(cells.item.tolist(), cells.annotator.tolist(), strict=True))


def test_items_that_look_alike_are_spread_over_the_folds():
    items, people = np.repeat(np.arange(100), 3), ["p", "q", "r"] * 100
    cells = votes_from(items, people, [0, 0, 1] * 100, n_classes=2, gold=None).cells
    sizes = [len(np.unique(unseen.item)) for _, unseen in folds(cells, seed=0)]
    assert sizes == [60] * N_FOLDS
    for _, unseen in folds(cells, seed=0):
        assert np.bincount(unseen.annotator).tolist() == [20, 20, 20]


def test_enough_votes_are_enough(monkeypatch):
    monkeypatch.setattr("curation.core.aggregate.label_folds.ENOUGH_VOTES", 100)
    table = votes_from(*crowd(ALIKE, n_items=100)[:3], n_classes=2, gold=None)
    assert len(list(folds(table.cells, seed=0))) == 1
