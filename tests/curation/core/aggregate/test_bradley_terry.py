"""Bradley–Terry against a twin, planted strengths, what must not matter, and known faults."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from curation.core.aggregate import BradleyTerryFit, elo_view, fit_bradley_terry
from curation.core.aggregate.bradley_terry import TIE_MODELS
from curation.core.aggregate.bradley_terry_posterior import PairPosterior
from curation.core.aggregate.comparison_data import pair_table
from curation.core.aggregate.tie_models import Davidson, RaoKupper, TieModel
from tests.curation.core.aggregate.comparison_twins import slow_bradley_terry

GOLDEN = Path(__file__).parents[1] / "golden" / "bradley_terry.json"
TIES = ("davidson", "rao_kupper", "half")
Rows = list[tuple[int, int, float]]
items = st.integers(0, 4)
outcomes = st.sampled_from([0.0, 0.5, 1.0, 0.8])
rows_of = st.lists(
    st.tuples(items, items, outcomes).filter(lambda row: row[0] != row[1]), min_size=1, max_size=15
)


def fit(rows: Rows, **options: Any) -> BradleyTerryFit:
    return fit_bradley_terry(*map(list, zip(*rows, strict=True)), **options)  # type: ignore[arg-type]


def by_item(found: BradleyTerryFit) -> dict[Any, tuple[float, float]]:
    pairs = zip(found.strengths.tolist(), found.stderr.tolist(), strict=True)
    return dict(zip(found.items.tolist(), pairs, strict=True))


def assert_same(one: BradleyTerryFit, other: BradleyTerryFit, atol: float = 1e-5) -> None:
    assert by_item(one).keys() == by_item(other).keys()
    for item, figures in by_item(one).items():
        np.testing.assert_allclose(figures, by_item(other)[item], atol=atol)
    assert one.tie == pytest.approx(other.tie, abs=10 * atol)


def planted(
    n_items: int, n_rows: int, seed: int, tie: float = -np.inf, model: TieModel | None = None
) -> tuple[Any, Any, Any, Any]:
    """Left, right, outcomes, and the strengths that made them by a model of ties."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 1, n_items)
    left = rng.integers(n_items, size=n_rows)
    right = (left + 1 + rng.integers(n_items - 1, size=n_rows)) % n_items
    gaps = strengths[left] - strengths[right]
    chances = np.exp((model or Davidson()).log_probabilities(gaps, tie))
    drawn = rng.random(n_rows)
    outcome = np.where(drawn < chances[0], 1.0, np.where(drawn < chances[0] + chances[1], 0.5, 0.0))
    return left, right, outcome, strengths - strengths.mean()


@settings(max_examples=12, deadline=None)
@given(rows_of, st.sampled_from(TIES))
def test_a_fit_is_that_of_the_slow_twin(rows: Rows, ties: str) -> None:
    strengths, _, errors = slow_bradley_terry(rows, ties, prior=0.25)
    found = fit(rows, ties=ties)
    assert found.converged
    for item, (strength, stderr) in by_item(found).items():
        assert strength == pytest.approx(strengths[item], abs=2e-4)
        assert stderr == pytest.approx(errors[item], abs=2e-3)


def test_a_fit_is_the_one_on_record() -> None:
    """Figures of `slow_bradley_terry`, which needs seconds for them."""
    record = json.loads(GOLDEN.read_text())
    for ties, expected in record["fits"].items():
        found = fit([tuple(row) for row in record["rows"]], ties=ties, prior=record["prior"])
        assert found.items.tolist() == record["items"]
        np.testing.assert_allclose(found.strengths, expected["strengths"], atol=1e-4)
        np.testing.assert_allclose(found.stderr, expected["stderr"], atol=1e-3)
        if ties != "half":
            assert np.log(found.tie) == pytest.approx(expected["log_tie"], abs=1e-4)


@pytest.mark.parametrize("model", [Davidson(), RaoKupper()], ids=["davidson", "rao_kupper"])
def test_the_gradient_is_that_of_finite_differences(model: TieModel) -> None:
    left, right, outcome, _ = planted(6, 60, seed=1, tie=0.0)
    posterior = PairPosterior(pair_table(left, right, outcome), model)
    at, tie, step = np.random.default_rng(2).normal(size=6), 0.7, 1e-5

    def value(strengths: Any, parameter: float) -> float:
        return posterior.at(strengths, parameter, 0.3).value

    by_strength, by_tie = posterior.gradient(posterior.at(at, tie, 0.3), 0.3)
    units = np.eye(6) * step
    slow = [(value(at + unit, tie) - value(at - unit, tie)) / (2 * step) for unit in units]
    np.testing.assert_allclose(by_strength, slow, rtol=1e-6, atol=1e-6)
    slow_tie = (value(at, tie + step) - value(at, tie - step)) / (2 * step)
    assert by_tie == pytest.approx(slow_tie, rel=1e-6)


@pytest.mark.parametrize(("ties", "tie"), [("davidson", np.log(0.6)), ("rao_kupper", 0.5)])
def test_planted_strengths_and_ties_are_recovered(ties: str, tie: float) -> None:
    left, right, outcome, strengths = planted(20, 40_000, 3, tie, TIE_MODELS[ties])
    found = fit_bradley_terry(left, right, outcome, ties=ties)
    assert (np.abs(found.strengths - strengths) / found.stderr).max() < 3.5
    assert found.stderr.max() < 0.08
    assert np.log(found.tie) == pytest.approx(tie, abs=0.03)


def test_errors_are_as_large_as_the_strengths_are_off() -> None:
    off = []
    for seed in range(20):
        left, right, outcome, strengths = planted(10, 1_500, seed=seed, tie=0.0)
        found = fit_bradley_terry(left, right, outcome, prior=1.0)
        off.append((found.strengths - strengths) / found.stderr)
    assert np.std(off) == pytest.approx(1, abs=0.12)


def test_the_prior_can_be_estimated() -> None:
    left, right, outcome, _ = planted(400, 20_000, seed=4)
    found = fit_bradley_terry(left, right, outcome, prior=None)
    assert found.converged
    assert found.prior == pytest.approx(1, abs=0.2)


@settings(deadline=None)
@given(rows_of, st.permutations(range(5)), st.randoms(use_true_random=False))
def test_names_order_and_sides_do_not_matter(rows: Rows, names: list[int], random: Any) -> None:
    renamed = [(f"item {names[a]}", f"item {names[b]}", y) for a, b, y in rows]
    random.shuffle(renamed)
    turned = [(b, a, 1 - y) if random.random() < 0.5 else (a, b, y) for a, b, y in renamed]
    plain, other = by_item(fit(rows)), by_item(fit(turned))
    for item, figures in plain.items():
        np.testing.assert_allclose(other[f"item {names[item]}"], figures, atol=1e-5)


@settings(deadline=None)
@given(rows_of)
def test_a_row_twice_is_a_row_of_weight_two(rows: Rows) -> None:
    assert_same(fit(rows * 2), fit(rows, weights=[2.0] * len(rows)))


@settings(deadline=None)
@given(rows_of, rows_of, st.sampled_from(TIES))
def test_an_update_is_a_fit_to_everything(first: Rows, then: Rows, ties: str) -> None:
    updated = fit(first, ties=ties).update(*map(list, zip(*then, strict=True)))  # type: ignore[arg-type]
    assert_same(updated, fit(first + then, ties=ties))


def test_an_update_takes_fewer_steps_than_a_new_fit() -> None:
    left, right, outcome, _ = planted(50, 20_000, seed=5, tie=0.0)
    first = fit_bradley_terry(left[:-100], right[:-100], outcome[:-100])
    updated = first.update(left[-100:], right[-100:], outcome[-100:])
    whole = fit_bradley_terry(left, right, outcome)
    assert_same(updated, whole)
    assert updated.n_iter < whole.n_iter
    assert_same(fit_bradley_terry(left, right, outcome, start=first), whole)


def test_an_update_estimates_the_prior_again() -> None:
    left, right, outcome, _ = planted(50, 5_000, seed=6)
    first = fit_bradley_terry(left[:4000], right[:4000], outcome[:4000], prior=None)
    updated = first.update(left[4000:], right[4000:], outcome[4000:])
    assert_same(updated, fit_bradley_terry(left, right, outcome, prior=None), atol=1e-3)


@settings(deadline=None)
@given(rows_of)
def test_strengths_have_mean_zero_in_each_component(rows: Rows) -> None:
    found = fit(rows)
    component = found.connectivity.component
    np.testing.assert_allclose(np.bincount(component, found.strengths), 0, atol=1e-6)


def test_an_undefeated_item_leaves_the_others_apart() -> None:
    """A public library then gives every item the same score, silently."""
    rows = [("best", other, 1.0) for other in "abc"] + [("a", "b", 1.0), ("b", "c", 1.0)] * 3
    found = fit([*rows, ("c", "a", 1.0)])
    assert found.connectivity.undefeated[found.items.tolist().index("best")]
    order = found.items[np.argsort(-found.strengths)].tolist()
    assert order == ["best", "a", "b", "c"]
    assert np.isfinite(found.strengths).all()
    assert len(set(found.strengths.round(6))) == 4


def test_unconnected_items_stay_finite_and_are_reported() -> None:
    found = fit([("a", "b", 1.0), ("c", "d", 1.0)])
    assert found.connectivity.n_components == 2
    assert "2 unconnected groups" in found.connectivity.note
    np.testing.assert_allclose(found.strengths[:2], found.strengths[2:])


def test_a_fit_does_not_stop_after_two_steps() -> None:
    """A public library compares its scores with themselves, and so always stops at once."""
    left, right, outcome, strengths = planted(30, 30_000, seed=7)
    found = fit_bradley_terry(3 * left, 3 * right, outcome)
    assert found.converged
    assert found.n_iter > 2
    assert np.sqrt(np.mean((found.strengths - strengths) ** 2)) < 0.06


def test_many_sparse_items_need_no_square_of_memory() -> None:
    """Public libraries make a matrix of items by items: 20 GB here."""
    left, right, outcome, strengths = planted(50_000, 300_000, seed=8)
    tracemalloc.start()
    found = fit_bradley_terry(left, right, outcome, prior=1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400e6
    assert found.converged
    off = found.strengths - strengths
    assert np.sqrt(np.mean(off**2)) < 0.62
    assert np.std(off / found.stderr) == pytest.approx(1, abs=0.05)


def test_one_sided_ties_and_soft_labels_count_as_they_should() -> None:
    all_ties = fit([(0, 1, 0.5)] * 5)
    assert all_ties.strengths == pytest.approx([0, 0])
    assert all_ties.tie > 1
    soft = fit([(0, 1, 0.75)])
    split = fit([(0, 1, 1.0), (0, 1, 0.0)], weights=[0.75, 0.25])
    assert_same(soft, split)


@pytest.mark.parametrize(("ties", "none"), [("davidson", 0.0), ("rao_kupper", 1.0), ("half", None)])
def test_without_ties_all_models_are_the_same(ties: str, none: float | None) -> None:
    rows = [(0, 1, 1.0), (1, 2, 1.0), (2, 0, 0.0)]
    found = fit(rows, ties=ties)
    assert found.tie == none
    np.testing.assert_allclose(found.strengths, fit(rows).strengths)


def test_probabilities_are_those_of_the_strengths() -> None:
    left, right, outcome, _ = planted(5, 500, seed=9, tie=0.0)
    found = fit_bradley_terry(left, right, outcome)
    chances = found.probabilities([0, 1], [1, 0])
    np.testing.assert_allclose(chances.sum(axis=0), 1)
    np.testing.assert_allclose(chances[:, 0], chances[::-1, 1])


def test_annotators_who_guess_count_for_less() -> None:
    rng = np.random.default_rng(10)
    n_items, n_rows, n_annotators = 60, 6_000, 30
    strengths = rng.normal(0, 1, n_items)
    left = rng.integers(n_items, size=n_rows)
    right = (left + 1 + rng.integers(n_items - 1, size=n_rows)) % n_items
    who = rng.integers(n_annotators, size=n_rows)
    chance = np.where(who < 15, 0.5, expit(2 * (strengths[left] - strengths[right])))
    outcome = (rng.random(n_rows) < chance).astype(float)
    plain = fit_bradley_terry(left, right, outcome)
    weighed = fit_bradley_terry(left, right, outcome, annotators=who)
    assert weighed.reliability[:15].max() < weighed.reliability[15:].min()
    found = [np.corrcoef(fit.strengths, strengths)[0, 1] for fit in (plain, weighed)]
    assert found[1] > found[0]
    with pytest.raises(ValueError, match="start=fit"):
        weighed.update([0], [1], [1])


def test_no_comparisons_make_an_empty_fit() -> None:
    found = fit_bradley_terry([], [], [])
    assert len(found.strengths) == len(found.items) == 0
    assert found.converged


def test_long_and_odd_names_are_kept_apart() -> None:
    names = ["x" * 200_000, "a", "a\0", "\ud800", "\u202eabc", "e\u0301", "é", "日本語"]
    rows = [(one, other, 1.0) for one, other in itertools.pairwise(names)]
    found = fit(rows)
    assert sorted(found.items.tolist()) == sorted(names)
    assert found.items[np.argmax(found.strengths)] == names[0]


def test_ratings_are_strengths_on_another_scale() -> None:
    found = fit([(0, 1, 1.0)] * 10 + [(0, 1, 0.0)], prior=1e-3)
    view = elo_view(found, centre=1500)
    gap = view.ratings[0] - view.ratings[1]
    assert gap == pytest.approx(400 * np.log10(10), rel=0.01)
    assert view.ratings.mean() == pytest.approx(1500)
    np.testing.assert_allclose(view.stderr / found.stderr, 400 / np.log(10))


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (([1], [2], [1]), {"ties": "thirds"}, "davidson, rao_kupper, half"),
        (([1], [2], [1]), {"prior": 0}, "positive"),
        (([1, 2], [2], [1]), {}, "differ in length"),
        (([1], [1], [1]), {}, "with itself"),
        (([1], [None], [1]), {}, "missing right item"),
        (([1], [2], [None]), {}, "missing outcome"),
        (([1], [2], ["left"]), {}, "are numbers"),
        (([1], [2], [2]), {}, "between 0"),
        (([1], ["2"], [1]), {}, "all numbers or all strings"),
        (([1], [2], [1]), {"weights": [-1]}, "not negative"),
        (([1], [2], [0.3]), {"annotators": [1]}, "soft labels"),
        ((np.eye(2), np.eye(2), np.eye(2)), {}, "one-dimensional"),
    ],
)
def test_unusable_input_is_refused_with_a_sentence(
    arguments: tuple[Any, Any, Any], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit_bradley_terry(*arguments, **options)


def test_an_item_that_was_not_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="no item 7"):
        fit([(0, 1, 1.0)]).probabilities([7], [0])
