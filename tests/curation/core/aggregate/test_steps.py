"""Steps of solutions: every method, the choice between them, and what must hold.

`golden/steps.json` was printed by `python -m tests.curation.core.aggregate.step_twins`.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import STEP_METHODS, aggregate_labels, aggregate_steps
from curation.core.aggregate.step_data import step_table
from curation.core.aggregate.step_held_out import annotator_folds, row_log_likelihoods
from curation.core.aggregate.steps import _spread
from tests.curation.core.aggregate.step_twins import places, row_log_likelihood, simulated_steps
from tests.curation.core.aggregate.test_first_error import few, rows_of_labels

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "steps.json").read_text(encoding="utf-8")
)
METHODS = STEP_METHODS[1:]


def aggregate(rows, **options):
    return aggregate_steps(*map(list, zip(*rows, strict=True)), **options)


def first_errors(posterior):
    """The probabilities of each first error where steps are wrong independently."""
    found, good = [], 1.0
    for wrong in posterior:
        found.append(good * wrong)
        good *= 1 - wrong
    return [*found, good]


@few
@given(rows_of_labels)
def test_the_majority_is_the_share_of_votes_on_each_step(rows):
    found = aggregate(rows, method="majority")
    votes = defaultdict(Counter)
    for solution, _, labels in rows:
        for step, label in enumerate(labels):
            votes[solution, step][label] += label is not None
    at = dict(zip(found.solutions.tolist(), found.offsets.tolist(), strict=False))
    for (solution, step), tally in votes.items():
        place, n = at[solution] + step, sum(tally.values())
        assert found.votes[place] == n
        if n:
            np.testing.assert_allclose(found.posterior[place], [tally[k] / n for k in (-1, 0, 1)])
            assert found.soft[place] == pytest.approx(1 - tally[-1] / n)
        else:
            assert np.isnan(found.posterior[place]).all()


@pytest.mark.parametrize("method", ["majority", "one_coin", "dawid_skene"])
def test_methods_by_step_are_those_of_labels(method):
    _, _, _, rows = simulated_steps(np.random.default_rng(0), n_solutions=40)
    found = aggregate(rows, method=method)
    table = step_table(*map(list, zip(*rows, strict=True)))
    labels = aggregate_labels(
        table.step, table.annotator[table.row], table.label + 1, method=method, n_classes=3
    )
    np.testing.assert_array_equal(found.posterior[labels.items], labels.posterior)
    np.testing.assert_array_equal(found.reliability, labels.reliability)
    assert found.rates is None
    start, end = found.offsets[:2]
    filled = np.where(np.isnan(found.posterior), np.nanmean(found.posterior[:, 0]), found.posterior)
    np.testing.assert_allclose(found.first_error[0], first_errors(filled[start:end, 0]), atol=1e-6)


def test_golden_rows():
    rows = [(solution, who, tuple(labels)) for solution, who, labels in GOLDEN["rows"]]
    found = aggregate(rows, method="first_error")
    for solution, places_of in zip(found.solutions, found.first_error, strict=True):
        np.testing.assert_allclose(places_of, GOLDEN["posterior"][solution], atol=1e-5)
    np.testing.assert_allclose(
        found.reliability, [GOLDEN["reliability"][who] for who in found.annotators], atol=1e-5
    )
    np.testing.assert_allclose(
        found.rates, [GOLDEN["rates"][who] for who in found.annotators], atol=1e-5
    )


@few
@given(rows_of_labels)
def test_under_first_errors_a_step_is_wrong_from_the_first_error_on(rows):
    found = aggregate(rows, method="first_error")
    for solution, places_of in enumerate(found.first_error):
        own = slice(*found.offsets[solution : solution + 2])
        np.testing.assert_allclose(found.posterior[own, 0], np.cumsum(places_of[:-1]), atol=1e-9)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
    np.testing.assert_allclose(found.soft, 1 - found.posterior[:, 0])


@pytest.mark.parametrize("method", STEP_METHODS)
@settings(max_examples=10, deadline=None)
@given(rows=rows_of_labels, random=st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(method, rows, random):
    plain = aggregate(rows, method=method)
    shuffled = sorted(rows, key=lambda _: random.random())
    other = aggregate(
        [(f"solution {s}", f"person {who}", labels) for s, who, labels in shuffled], method=method
    )
    assert plain.method == other.method
    np.testing.assert_allclose(plain.posterior, other.posterior, atol=1e-5)
    np.testing.assert_allclose(plain.reliability, other.reliability, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10, deadline=None)
@given(rows=rows_of_labels)
def test_first_errors_are_distributions(method, rows):
    found = aggregate(rows, method=method)
    lengths = np.diff(found.offsets)
    for length, places_of in zip(lengths, found.first_error, strict=True):
        assert len(places_of) == length + 1
        assert places_of.sum() == pytest.approx(1)
        assert places_of.min() >= 0


@given(rows_of_labels)
def test_duplicating_every_row_changes_no_majority(rows):
    once, twice = (aggregate(of, method="majority") for of in (rows, rows * 2))
    np.testing.assert_allclose(once.posterior, twice.posterior)


def test_held_out_rows_are_judged_by_the_rates_that_fit_them_best():
    _, _, _, rows = simulated_steps(np.random.default_rng(1), n_solutions=30)
    table = step_table(*map(list, zip(*rows, strict=True)))
    places_of = aggregate(rows, method="first_error")
    flat = _spread(table, np.concatenate(places_of.first_error))
    found = row_log_likelihoods(table, flat)

    def slow(rates):
        return [
            np.log(
                sum(
                    chance * np.exp(row_log_likelihood(labels, place, rates))
                    for place, chance in zip(
                        places(len(labels)), places_of.first_error[solution], strict=True
                    )
                )
            )
            for solution, _, labels in rows
        ]

    rng = np.random.default_rng(2)
    tried = [slow(np.clip([0.05, 0.1, 0.7, 0.3] * rng.uniform(0.3, 1.4, 4), 0.01, 0.95))
             for _ in range(20)]  # fmt: skip
    assert found.sum() > max(map(sum, tried)) - 0.5
    assert found.shape == (len(rows),)


def test_folds_leave_every_annotator_out_once():
    _, _, _, rows = simulated_steps(np.random.default_rng(3), n_solutions=30)
    table = step_table(*map(list, zip(*rows, strict=True)))
    folds = list(annotator_folds(table, 0))
    assert (np.sum(folds, axis=0) == 1).all()
    for out in folds:
        inside = set(table.annotator[out].tolist())
        assert not inside & set(table.annotator[~out].tolist())


def accuracy(found, error):
    return np.mean([places_of.argmax() == at for places_of, at in zip(found.first_error, error,
                                                                      strict=True)])  # fmt: skip


@pytest.mark.parametrize("careless", [0.2, 0.45])
def test_auto_finds_first_errors_that_the_majority_misses(careless):
    error, spam, _, rows = simulated_steps(np.random.default_rng(4), careless=careless)
    found, plain = aggregate(rows), aggregate(rows, method="majority")
    assert found.method == "first_error"
    assert "foretold held-out first errors best" in found.reason
    assert accuracy(found, error) > accuracy(plain, error) + 0.04
    assert found.reliability[spam].max() < found.reliability[~spam].min()


def test_auto_keeps_to_the_majority_where_nothing_speaks_against_it():
    rows = [(solution, who, (1, 1, -1)) for solution in range(3) for who in "abc"]
    found = aggregate(rows)
    assert found.method == "majority"
    assert {one.method for one in found.candidates} == set(METHODS)


@pytest.mark.parametrize("method", STEP_METHODS)
def test_a_single_annotator_is_taken_as_they_are(method):
    found = aggregate([("s", "ann", (1, -1, None)), ("t", "ann", (1, 1))], method=method)
    assert found.first_error[0].argmax() == 1
    assert found.soft[0] > 0.5 > found.soft[1]
    if method == "auto":
        assert "no two annotators share a solution" in found.reason


@pytest.mark.parametrize("method", STEP_METHODS)
@pytest.mark.parametrize(
    "rows", [[], [("s", "ann", ())], [("s", "ann", (None, None)), ("t", "bob", ())]]
)
def test_no_labels_are_no_error(method, rows):
    columns = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
    found = aggregate_steps(*columns, method=method)
    assert len(found.first_error) == len(found.solutions)
    assert found.votes.sum() == 0


@pytest.mark.parametrize("method", STEP_METHODS)
def test_one_class_only_is_no_error(method):
    found = aggregate([("s", who, (1, 1, 1)) for who in "abc"], method=method)
    assert (found.soft > 0.5).all()
    assert found.first_error[0].argmax() == 3


@pytest.mark.parametrize("method", METHODS)
def test_contradictory_rows_of_one_annotator_leave_doubt(method):
    found = aggregate([("s", "ann", (1, 1)), ("s", "ann", (-1, None))], method=method)
    assert 0.05 < found.soft[0] < 0.95


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([1], [1], [(2,)]), "-1, 0, 1 or None"),
        (([1], [1], [(0.5,)]), "-1, 0, 1 or None"),
        (([1], [1], [(True,)]), "-1, 0, 1 or None"),
        (([1, 1], [1, 2], [(1,), (1, 1)]), "solution 1 are not equally many"),
        (([1, 2], [1], [(1,)]), "1 rows of labels, but 2 solutions"),
        (([None], [1], [(1,)]), "missing solution"),
    ],
)
def test_what_is_no_row_of_labels_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        aggregate_steps(*rows)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="no method 'best'"):
        aggregate_steps([1], [1], [(1,)], method="best")


def test_long_and_odd_ids_are_only_names():
    names = ["x" * 200_000, "a\0", "a", "\ud800", "שלום"]
    found = aggregate([(name, name, (1, -1)) for name in names], method="first_error")
    assert found.solutions.tolist() == sorted(names)
