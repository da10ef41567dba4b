"""Dawid & Skene's model and its one-coin sister against slow twins, planted truth and golden rows.

`golden/labels.json` was printed by `python -m tests.curation.core.aggregate.label_twins`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import aggregate_labels
from curation.core.aggregate import dawid_skene as dawid_skene_module
from curation.core.aggregate.dawid_skene import fit_dawid_skene
from curation.core.aggregate.label_votes import votes_from
from curation.core.aggregate.one_coin import fit_one_coin
from tests.curation.core.aggregate.label_twins import (
    even_errors,
    plain_dawid_skene,
    simulated,
    slow_dawid_skene,
    slow_one_coin,
)

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "labels.json").read_text(encoding="utf-8")
)
MODELS = ("one_coin", "dawid_skene")
N_CLASSES = 3
votes = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, N_CLASSES - 1)),
    min_size=1,
    max_size=40,
)
known_answers = st.dictionaries(st.integers(0, 6), st.integers(0, N_CLASSES - 1), max_size=3)
few = settings(max_examples=40, deadline=None)


def coded(given_votes, known):
    columns = map(list, zip(*given_votes, strict=True))
    return votes_from(*columns, n_classes=N_CLASSES, gold=known)


def aggregate(given_votes, method, **options):
    columns = map(list, zip(*given_votes, strict=True))
    return aggregate_labels(*columns, method=method, n_classes=N_CLASSES, **options)


def accuracy(labels, truth):
    return float((labels == truth).mean())


@few
@given(votes, known_answers, st.integers(1, 8))
def test_dawid_skene_equals_the_slow_twin(given_votes, known, rounds):
    table = coded(given_votes, known)
    fit = fit_dawid_skene(table.cells, table.known, max_iter=rounds)
    posterior, matrix, shares, likelihood = slow_dawid_skene(
        given_votes, n_classes=N_CLASSES, known=known, rounds=fit.n_iter
    )
    expected = [posterior[item] for item in table.items.tolist()]
    np.testing.assert_allclose(fit.posterior, expected, atol=1e-7)
    np.testing.assert_allclose(
        fit.confusion, [matrix[a] for a in table.annotators.tolist()], atol=1e-7
    )
    np.testing.assert_allclose(fit.shares, shares, atol=1e-7)
    assert fit.log_likelihood == pytest.approx(likelihood, abs=1e-5)


@few
@given(votes, known_answers, st.integers(1, 8), st.booleans())
def test_one_coin_equals_the_slow_twin(given_votes, known, rounds, shared):
    table = coded(given_votes, known)
    fit = fit_one_coin(table.cells, table.known, shared=shared, max_iter=rounds)
    posterior, rates, likelihood = slow_one_coin(
        given_votes, n_classes=N_CLASSES, known=known, rounds=fit.n_iter, shared=shared
    )
    expected = [posterior[item] for item in table.items.tolist()]
    np.testing.assert_allclose(fit.posterior, expected, atol=1e-7)
    np.testing.assert_allclose(fit.accuracy, [rates[a] for a in table.annotators.tolist()])
    assert fit.log_likelihood == pytest.approx(likelihood, abs=1e-5)


def test_golden_rows():
    table = coded(GOLDEN["votes"], {int(item): k for item, k in GOLDEN["known"].items()})
    fit = fit_dawid_skene(table.cells, table.known, max_iter=GOLDEN["rounds"])
    coin = fit_one_coin(table.cells, table.known, max_iter=GOLDEN["rounds"])
    expected, expected_coin = GOLDEN["dawid_skene"], GOLDEN["one_coin"]
    close = {"rtol": 0, "atol": 1e-7}
    np.testing.assert_allclose(fit.posterior, expected["posterior"], **close)
    np.testing.assert_allclose(fit.confusion.reshape(-1, 9), expected["confusion"], **close)
    np.testing.assert_allclose(fit.shares, expected["shares"], **close)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)
    np.testing.assert_allclose(coin.posterior, expected_coin["posterior"], **close)
    np.testing.assert_allclose(coin.accuracy, expected_coin["accuracy"], **close)
    assert coin.log_likelihood == pytest.approx(expected_coin["log_likelihood"], abs=1e-6)


@few
@given(votes, st.sampled_from(MODELS), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_votes, method, random):
    shuffled = sorted(given_votes, key=lambda _: random.random())
    assert_same(aggregate(given_votes, method), aggregate(shuffled, method))


@few
@given(votes, st.sampled_from(MODELS))
def test_giving_every_vote_twice_changes_nothing(given_votes, method):
    assert_same(aggregate(given_votes, method), aggregate(given_votes * 2, method))


@few
@given(votes, st.sampled_from(MODELS), st.permutations(range(7)), st.permutations(range(5)))
def test_renaming_items_and_annotators_renames_the_result(given_votes, method, items, people):
    plain = aggregate(given_votes, method)
    renamed = aggregate_labels(
        [f"item {items[item]}" for item, _, _ in given_votes],
        [f"person {people[who]}" for _, who, _ in given_votes],
        [label for _, _, label in given_votes],
        method=method,
        n_classes=N_CLASSES,
    )
    where = [renamed.items.tolist().index(f"item {items[item]}") for item in plain.items]
    who = [renamed.annotators.tolist().index(f"person {people[p]}") for p in plain.annotators]
    np.testing.assert_array_equal(plain.labels, renamed.labels[where])
    np.testing.assert_allclose(plain.posterior, renamed.posterior[where], atol=1e-8)
    np.testing.assert_allclose(plain.reliability, renamed.reliability[who], atol=1e-8)


@few
@given(votes, st.sampled_from(MODELS), st.permutations(range(N_CLASSES)))
def test_renaming_labels_permutes_the_posterior(given_votes, method, names):
    plain = aggregate(given_votes, method)
    renamed = aggregate([(i, a, names[label]) for i, a, label in given_votes], method)
    np.testing.assert_allclose(plain.posterior, renamed.posterior[:, names], atol=1e-8)
    np.testing.assert_allclose(plain.reliability, renamed.reliability, atol=1e-8)


def assert_same(one, other):
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_allclose(one.posterior, other.posterior, atol=1e-8)
    np.testing.assert_allclose(one.reliability, other.reliability, atol=1e-8)


def test_planted_matrices_are_recovered():
    rng = np.random.default_rng(3)
    confusion = rng.dirichlet([1, 1, 1], size=(30, 3)) / 2 + np.eye(3) / 2
    *columns, truth = simulated(confusion, [0.5, 0.3, 0.2], n_items=3000, votes_each=8, seed=1)
    result = aggregate_labels(*columns, method="dawid_skene")
    assert result.converged
    assert np.sqrt(((result.confusion - confusion) ** 2).mean()) < 0.04
    assert accuracy(result.labels, truth) > accuracy(majority(columns), truth) + 0.02
    right = np.einsum("akk,k->a", confusion, [0.5, 0.3, 0.2])
    np.testing.assert_allclose(result.reliability, right, atol=0.05)


def test_planted_accuracies_are_recovered():
    planted = np.linspace(0.3, 0.95, 25)
    *columns, truth = simulated(
        even_errors(planted, 4), [0.25] * 4, n_items=2000, votes_each=6, seed=2
    )
    result = aggregate_labels(*columns, method="one_coin")
    np.testing.assert_allclose(result.reliability, planted, atol=0.06)
    assert accuracy(result.labels, truth) > accuracy(majority(columns), truth) + 0.02


def test_annotators_who_swap_labels_are_understood_and_not_followed():
    confusion = even_errors([0.8] * 14 + [0.15] * 6, 2)
    *columns, truth = simulated(confusion, [0.5, 0.5], n_items=600, votes_each=7, seed=5)
    result = aggregate_labels(*columns, method="dawid_skene")
    assert (result.reliability[14:] < 0.3).all()
    assert accuracy(result.labels, truth) > accuracy(majority(columns), truth) + 0.05


def test_who_always_says_the_same_counts_for_nothing():
    confusion = even_errors([0.85] * 12 + [0.5] * 8, 2)
    confusion[12:] = [[1, 0], [1, 0]]
    *columns, truth = simulated(confusion, [0.5, 0.5], n_items=600, votes_each=7, seed=6)
    result = aggregate_labels(*columns, method="dawid_skene")
    assert accuracy(result.labels, truth) > accuracy(majority(columns), truth) + 0.05
    np.testing.assert_allclose(result.confusion[12:, 0], result.confusion[12:, 1], atol=0.15)


@pytest.mark.parametrize("method", MODELS)
@pytest.mark.parametrize(("n_classes", "skill"), [(2, 0.8), (5, 0.6)])
def test_few_labels_each_do_no_harm(method, n_classes, skill):
    plain, pooled, by_model = [], [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        confusion = even_errors(rng.normal(skill, 0.1, 200).clip(0.3, 0.95), n_classes)
        *columns, truth = simulated(
            confusion, [1 / n_classes] * n_classes, n_items=400, votes_each=3, seed=seed
        )
        plain.append(accuracy(plain_dawid_skene(*columns, n_classes=n_classes), truth))
        pooled.append(accuracy(majority(columns), truth))
        by_model.append(accuracy(aggregate_labels(*columns, method=method).labels, truth))
    assert np.mean(plain) < np.mean(pooled) - 0.03
    assert np.mean(by_model) > np.mean(pooled) - 0.002


@pytest.mark.parametrize("method", MODELS)
def test_lone_votes_are_believed(method):
    labels = np.tile([0, 1, 1, 2, 2, 2], 20)
    result = aggregate_labels(range(120), [n % 7 for n in range(120)], labels, method=method)
    np.testing.assert_array_equal(result.labels, labels)
    np.testing.assert_allclose(result.posterior.max(axis=1), 0.8, atol=1e-6)
    assert np.isnan(result.reliability).all()


def test_known_answers_turn_the_labels_where_most_are_wrong():
    confusion = even_errors([0.85] * 8 + [0.25] * 12, 2)
    *columns, truth = simulated(confusion, [0.5, 0.5], n_items=400, votes_each=8, seed=8)
    known = dict(enumerate(truth[:60].tolist()))
    told = aggregate_labels(*columns, method="dawid_skene", gold=known)
    untold = aggregate_labels(*columns, method="dawid_skene")
    assert accuracy(untold.labels[60:], truth[60:]) < 0.3
    assert accuracy(told.labels[60:], truth[60:]) > 0.9
    np.testing.assert_array_equal(told.labels[:60], truth[:60])
    assert (told.posterior[:60].max(axis=1) == 1).all()


def test_known_answers_do_not_count_as_shares_of_the_classes():
    known = dict.fromkeys(range(50), 1)
    people, labels = ["p"] * 100 + ["q"] * 100, ([1] * 50 + [0] * 50) * 2
    table = votes_from([*range(100)] * 2, people, labels, n_classes=2, gold=known)
    assert fit_dawid_skene(table.cells, table.known).shares[0] > 0.9


def test_two_who_contradict_each_other_leave_a_tie():
    items, people = [n // 2 for n in range(40)], ["p", "q"] * 20
    labels = [0, 1] * 10 + [1, 0] * 10
    for method in MODELS:
        result = aggregate_labels(items, people, labels, method=method)
        np.testing.assert_array_equal(result.posterior, 0.5)
        assert result.labels.tolist() == [0] * 20


def test_a_fit_that_was_stopped_says_so():
    confusion = even_errors([0.6] * 10, 2)
    *columns, _ = simulated(confusion, [0.5, 0.5], n_items=100, votes_each=5, seed=9)
    table = votes_from(*columns, n_classes=2, gold=None)
    for fit in (fit_dawid_skene, fit_one_coin):
        assert not fit(table.cells, table.known, max_iter=2).converged
        assert fit(table.cells, table.known).converged


@pytest.mark.parametrize("method", MODELS)
def test_one_class_and_no_votes_are_no_trouble(method):
    alone = aggregate_labels([1, 1, 2], ["p", "q", "p"], ["x", "x", "x"], method=method)
    assert (alone.labels.tolist(), alone.posterior.tolist()) == (["x", "x"], [[1], [1]])
    nothing = aggregate_labels([], [], [], n_classes=3, method=method)
    assert (nothing.posterior.shape, nothing.method) == ((0, 3), method)


def test_too_many_matrices_are_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(dawid_skene_module, "LARGEST_TABLE", 7)
    with pytest.raises(ValueError, match="take one_coin or majority"):
        aggregate_labels([1, 1], ["p", "q"], [0, 1], method="dawid_skene")
    assert aggregate_labels([1, 1], ["p", "q"], [0, 1]).method == "majority"


def majority(columns):
    return aggregate_labels(*columns, method="majority").labels
