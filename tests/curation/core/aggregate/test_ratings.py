"""Scores from ratings: every method, the choice between them, and what must hold."""

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.aggregate import RATING_METHODS, aggregate_ratings, standardise_ratings
from tests.curation.core.aggregate.rating_twins import simulated_ratings

METHODS = RATING_METHODS[1:]
ratings = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from("uvwx"), st.sampled_from([-1.0, 0.0, 0.5, 2.0])),
    min_size=1,
    max_size=16,
)


def aggregate(rows, **options):
    return aggregate_ratings(*map(list, zip(*rows, strict=True)), **options)


@given(ratings)
def test_the_mean_is_the_mean(rows):
    found = aggregate(rows, method="mean")
    by_item = {item: [v for i, _, v in rows if i == item] for item in found.items.tolist()}
    np.testing.assert_allclose(found.scores, [fmean(own) for own in by_item.values()])
    free = len(rows) - len(by_item)
    if free:
        within = sum((v - fmean(own)) ** 2 for own in by_item.values() for v in own) / free
        np.testing.assert_allclose(
            found.stderr, [np.sqrt(within / len(own)) for own in by_item.values()], atol=1e-12
        )
    else:
        assert np.isnan(found.stderr).all()


@pytest.mark.parametrize("method", RATING_METHODS)
@settings(max_examples=5, deadline=None)
@given(rows=ratings, random=st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(method, rows, random):
    plain = aggregate(rows, method=method)
    shuffled = sorted(rows, key=lambda _: random.random())
    other = aggregate(
        [(f"item {item}", f"person {who}", value) for item, who, value in shuffled], method=method
    )
    assert plain.method == other.method
    np.testing.assert_allclose(plain.scores, other.scores, atol=1e-5)
    np.testing.assert_allclose(plain.bias, other.bias, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=5, deadline=None)
@given(rows=ratings)
def test_another_unit_and_zero_carry_through(method, rows):
    plain = aggregate(rows, method=method)
    other = aggregate([(i, who, 10 * value - 7) for i, who, value in rows], method=method)
    np.testing.assert_allclose(10 * plain.scores - 7, other.scores, atol=1e-3)
    np.testing.assert_allclose(10 * plain.stderr, other.stderr, atol=1e-3)


@given(ratings)
def test_duplicating_every_rating_changes_no_mean(rows):
    once, twice = aggregate(rows, method="mean"), aggregate(rows * 2, method="mean")
    np.testing.assert_allclose(once.scores, twice.scores)


def accuracy(found, made):
    return np.corrcoef(found.scores, made["quality"])[0, 1]


@pytest.mark.parametrize("careless", [0.2, 0.4])
def test_auto_finds_careless_annotators_and_beats_the_mean(careless):
    made = simulated_ratings(np.random.default_rng(0), n_items=300, careless=careless)
    found = aggregate_ratings(*made["rows"])
    plain = aggregate_ratings(*made["rows"], method="mean")
    assert found.method == "weighted"
    assert "foretold held-out ratings best" in found.reason
    assert accuracy(found, made) > accuracy(plain, made) + 0.03
    apart = found.reliability[~made["careless"]][:, None] > found.reliability[made["careless"]]
    assert apart.mean() > 0.95


def test_auto_keeps_to_the_mean_where_annotators_are_alike():
    rng = np.random.default_rng(1)
    quality, item = rng.normal(size=150), np.repeat(np.arange(150), 4)
    who = np.concatenate([rng.choice(20, 4, replace=False) for _ in range(150)])
    found = aggregate_ratings(item, who, np.round(2 * (quality[item] + rng.normal(size=600))) / 2)
    assert found.method == "mean"
    assert {one.method for one in found.candidates} == set(METHODS)
    assert found.bias.tolist() == [0.0] * 20
    assert found.scale.tolist() == [1.0] * 20


def test_auto_is_the_same_for_the_same_seed():
    made = simulated_ratings(np.random.default_rng(2), n_items=60)
    one, two = (aggregate_ratings(*made["rows"], seed=5) for _ in range(2))
    assert one.candidates == two.candidates
    np.testing.assert_array_equal(one.scores, two.scores)


@pytest.mark.parametrize("method", ["centred", "standardised", "weighted"])
def test_bias_is_told_from_the_luck_of_the_draw(method):
    """Ann rates only good items and bob only bad ones; that does not make them lenient or harsh."""
    rng = np.random.default_rng(3)
    quality = np.repeat([-2.0, 2.0], 30)
    rows = [(i, f"p{k}", q + 0.5 * rng.normal()) for i, q in enumerate(quality) for k in range(4)]
    rows += [(i, "ann" if q > 0 else "bob", q + 0.5 * rng.normal()) for i, q in enumerate(quality)]
    found = aggregate(rows, method=method)
    bias = dict(zip(found.annotators.tolist(), found.bias, strict=True))
    assert abs(bias["ann"]) < 0.4
    assert abs(bias["bob"]) < 0.4


def test_standardised_ratings_lose_the_annotators_habits():
    made = simulated_ratings(np.random.default_rng(4), n_items=300, levels=0)
    item, who, values = made["rows"]
    found = standardise_ratings(item, who, values)
    raw = np.array([values[who == p].mean() for p in range(30)])
    new = np.array([found.values[who == p].mean() for p in range(30)])
    assert new.std() < raw.std() / 2
    assert np.corrcoef(found.bias, made["bias"])[0, 1] > 0.9
    assert np.corrcoef(found.scale, made["scale"])[0, 1] > 0.8
    assert found.values.mean() == pytest.approx(values.mean(), abs=0.1)
    only_bias = standardise_ratings(item, who, values, scale=False)
    np.testing.assert_allclose(only_bias.values, values - only_bias.bias[who])
    np.testing.assert_allclose(only_bias.scale, 1)


def test_stderr_covers_the_truth():
    made = simulated_ratings(np.random.default_rng(5), n_items=400, levels=0)
    found = aggregate_ratings(*made["rows"], method="weighted")
    slope, zero = np.polyfit(made["quality"], found.scores, 1)
    z = (found.scores - zero - slope * made["quality"]) / found.stderr
    assert 0.8 < np.sqrt((z**2).mean()) < 1.2


@pytest.mark.parametrize("method", RATING_METHODS)
def test_a_single_annotator_and_lone_ratings_are_no_error(method):
    alone = aggregate_ratings(["a", "b", "c"], ["ann"] * 3, [1.0, 3.0, 5.0], method=method)
    assert alone.scores.argsort().tolist() == [0, 1, 2]
    assert np.isfinite(alone.scores).all()
    apart = aggregate_ratings(["a", "b"], ["ann", "bob"], [1.0, 2.0], method=method)
    assert np.isfinite(apart.scores).all()


def test_without_shared_items_auto_takes_the_mean():
    found = aggregate_ratings(["a", "b"], ["ann", "bob"], [1.0, 2.0])
    assert found.method == "mean"
    assert "no two annotators share an item" in found.reason
    assert found.candidates == ()


@pytest.mark.parametrize("method", RATING_METHODS)
def test_equal_ratings_and_none_are_no_error(method):
    level = aggregate_ratings([1, 1, 2], ["a", "b", "a"], [2, 2, 2], method=method)
    assert level.scores.tolist() == [2.0, 2.0]
    none = aggregate_ratings([], [], [], method=method)
    assert len(none.scores) == len(none.items) == 0


@pytest.mark.parametrize("method", RATING_METHODS)
def test_contradictory_ratings_of_one_annotator_are_both_counted(method):
    found = aggregate_ratings(["a", "a"], ["ann", "ann"], [0.0, 4.0], method=method)
    assert found.scores.tolist() == pytest.approx([2.0])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((["a"], ["ann"], [float("nan")]), "missing rating"),
        ((["a"], ["ann"], [None]), "missing rating"),
        ((["a"], ["ann"], [float("inf")]), "finite"),
        ((["a"], ["ann"], ["good"]), "Ratings are numbers"),
        ((["a", "b"], ["ann"], [1.0]), "differ in length"),
        (([None], ["ann"], [1.0]), "missing item"),
    ],
)
def test_what_is_no_rating_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        aggregate_ratings(*rows)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="no method 'best'"):
        aggregate_ratings(["a"], ["ann"], [1.0], method="best")


def test_long_and_odd_ids_are_only_names():
    names = ["x" * 200_000, "a\0", "a", "\ud800", "שלום"]
    found = aggregate_ratings(names, names, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert dict(zip(found.items, found.scores, strict=True)) == dict(
        zip(names, [1.0, 2.0, 3.0, 4.0, 5.0], strict=True)
    )
