"""Krippendorff's alpha: the published example, the definition, and what is left out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.agreement import LEVELS, krippendorff_alpha, krippendorff_alphas
from tests.curation.core.agreement.twins import pairable, slow_alpha

PUBLISHED = {  # Krippendorff (2011), section E: four observers, twelve units, 0 for a gap
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    "C": [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
}
RATINGS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(-2, 3)), min_size=0, max_size=40
)


def published(gap=None):
    rows = [
        (f"unit {k}", observer, value or gap)
        for observer, values in PUBLISHED.items()
        for k, value in enumerate(values)
        if value or gap is not None
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example_comes_out(level, value):
    found = krippendorff_alpha(*published(), level=level)
    assert round(found.value, 3) == value
    assert found.n == 40
    assert found.interval[0] < found.value < found.interval[1]


@pytest.mark.parametrize("level", LEVELS)
def test_missing_values_are_left_out(level):
    whole = krippendorff_alpha(*published(), level=level)
    assert krippendorff_alpha(*published(gap=math.nan), level=level) == whole
    items, annotators, values = published(gap=math.nan)
    with_none = np.array([None if value != value else value for value in values], dtype=object)
    assert krippendorff_alpha(items, annotators, with_none, level=level) == whole


@pytest.mark.parametrize("level", LEVELS)
@settings(deadline=None)
@given(RATINGS)
def test_alpha_is_its_definition(level, rows):
    found = krippendorff_alpha(*columns(rows), level=level, draws=0)
    assert found.value == pytest.approx(slow_alpha(*columns(rows), level=level), nan_ok=True)
    items, _, values = columns(rows)
    assert found.n == sum(map(len, pairable(items, values)))


@pytest.mark.parametrize("level", LEVELS)
@settings(deadline=None)
@given(RATINGS, st.randoms(use_true_random=False))
def test_names_and_order_of_rows_do_not_matter(level, rows, random):
    renamed = [(f"item {a * 9973}", -(10**12) * (b + 1), value) for a, b, value in rows]
    random.shuffle(renamed)
    one, other = (krippendorff_alpha(*columns(r), level=level, draws=0) for r in (rows, renamed))
    assert other.value == pytest.approx(one.value, nan_ok=True)


@settings(deadline=None)
@given(RATINGS)
def test_ordinal_sees_only_the_order_and_interval_no_units(rows):
    items, annotators, values = columns(rows)
    bent, scaled = [v**3 for v in values], [2.5 * v - 7 for v in values]
    for level, changed in (("ordinal", bent), ("interval", scaled), ("nominal", bent)):
        one = krippendorff_alpha(items, annotators, values, level=level, draws=0)
        other = krippendorff_alpha(items, annotators, changed, level=level, draws=0)
        assert other.value == pytest.approx(one.value, nan_ok=True)


@pytest.mark.parametrize("level", LEVELS)
def test_perfect_agreement_is_one_and_one_value_only_is_undefined(level):
    items, annotators = [0, 0, 1, 1], ["a", "b", "a", "b"]
    assert krippendorff_alpha(items, annotators, [0.1, 0.1, 0.3, 0.3], level=level).value == 1
    nothing = krippendorff_alpha(items, annotators, [2, 2, 2, 2], level=level)
    assert math.isnan(nothing.value)
    assert np.isnan(nothing.interval).all()
    assert nothing.n == 4


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_to_compare_is_undefined(level):
    for rows in ([], [(1, 1, 1), (2, 1, 2)]):
        found = krippendorff_alpha(*columns(rows), level=level)
        assert math.isnan(found.value)
        assert found.n == 0


def test_each_row_is_a_rating_whoever_gave_it():
    twice = krippendorff_alpha([1, 1, 1, 2, 2], list("aabab"), [9, 1, 1, 2, 2], level="nominal")
    apart = krippendorff_alpha([1, 1, 1, 2, 2], list("abcab"), [9, 1, 1, 2, 2], level="nominal")
    assert twice == apart


def test_names_are_values_too_at_the_nominal_level():
    labels = ["left", "left", "tie", "right", "right", "right"]
    found = krippendorff_alpha([1, 1, 2, 2, 3, 3], list("ababab"), labels, level="nominal")
    assert found.value == pytest.approx(
        slow_alpha([1, 1, 2, 2, 3, 3], "ababab", labels, level="nominal")
    )


@pytest.mark.parametrize(
    "values",
    [
        np.array([-128, 127, -128, -128], dtype=np.int8),
        np.array([2**64 - 1, 2**64 - 3, 2**64 - 1, 2**64 - 1], dtype=np.uint64),
        np.array([-(10**15), 10**15, -(10**15), -(10**15)]),
        np.array([True, False, True, True]),
        np.array(["", "x", "", ""]),
    ],
)
def test_values_of_every_type_are_told_apart(values):
    found = krippendorff_alpha([1, 1, 2, 2], [1, 2, 1, 2], values, level="nominal")
    assert found.value == pytest.approx(0.0)


def test_many_distinct_values_give_the_same_as_few():
    rng = np.random.default_rng(3)
    items, annotators = np.repeat(np.arange(60), 3), np.tile([7, 8, 9], 60)
    values = np.repeat(rng.normal(size=60), 3) + rng.normal(size=180)
    for level in LEVELS:
        fast = krippendorff_alpha(items, annotators, values, level=level)
        slow = slow_alpha(items.tolist(), annotators.tolist(), values.tolist(), level=level)
        assert fast.value == pytest.approx(slow)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"level": "ratio"}, "no level 'ratio'"),
        ({"values": ["a", "b"], "level": "ordinal"}, "numbers"),
        ({"values": [1]}, "differ in length: 2, 2, 1"),
        ({"values": [[1], [2]]}, "one-dimensional"),
        ({"draws": -1}, "draws"),
        ({"confidence": 1.0}, "confidence"),
    ],
)
def test_wrong_input_is_refused(changes, sentence):
    given_ = {"items": [1, 1], "annotators": [1, 2], "values": [1, 2], "level": "nominal"} | changes
    with pytest.raises(ValueError, match=sentence):
        krippendorff_alpha(**given_)


@pytest.mark.parametrize("level", LEVELS)
def test_the_interval_is_that_of_resampled_items(level):
    rng = np.random.default_rng(5)
    items, annotators = np.repeat(np.arange(40), 3), np.tile([0, 1, 2], 40)
    values = np.clip(np.repeat(rng.integers(0, 5, 40), 3) + rng.integers(-1, 2, 120), 0, 4)
    found = krippendorff_alpha(items, annotators, values, level=level, draws=2_000, seed=1)
    slow = []
    for _ in range(300):
        chosen = rng.integers(40, size=40)
        drawn = [
            (new, a, v)
            for new, old in enumerate(chosen)
            for a, v in enumerate(values[items == old])
        ]
        slow.append(slow_alpha(*columns(drawn), level=level))
    assert found.interval == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.04)


def test_the_interval_depends_on_the_seed_alone():
    ratings = published()
    one, again = (krippendorff_alpha(*ratings, level="ordinal", seed=4) for _ in range(2))
    assert one == again
    assert krippendorff_alpha(*ratings, level="ordinal", seed=5).interval != one.interval
    assert np.isnan(krippendorff_alpha(*ratings, level="ordinal", draws=0).interval).all()


def test_items_that_hang_together_are_drawn_together():
    items, annotators = np.repeat(np.arange(60), 2), np.tile([0, 1], 60)
    solution = items // 6
    values = np.where(annotators == 0, solution % 2, (solution + solution // 5) % 2)
    alone = krippendorff_alpha(items, annotators, values, level="nominal")
    together = krippendorff_alpha(items, annotators, values, level="nominal", clusters=solution)
    assert together.value == pytest.approx(alone.value)
    assert np.diff(together.interval) > 1.5 * np.diff(alone.interval)


def test_several_levels_share_their_counts():
    found = krippendorff_alphas(*published(), seed=2)
    assert found == {
        level: krippendorff_alpha(*published(), level=level, seed=2) for level in LEVELS
    }


@settings(max_examples=20, deadline=None)
@given(st.floats(0.55, 0.95), st.integers(0, 100))
def test_alpha_recovers_the_accuracy_of_simulated_annotators(accuracy, seed):
    """For two balanced classes and equal accuracies p, nominal alpha tends to (2p − 1)²."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(0, 2, 3_000), 4)
    said = np.where(rng.random(12_000) < accuracy, truth, 1 - truth)
    items, annotators = np.repeat(np.arange(3_000), 4), np.tile(np.arange(4), 3_000)
    found = krippendorff_alpha(items, annotators, said, level="nominal", draws=0)
    assert found.value == pytest.approx((2 * accuracy - 1) ** 2, abs=0.06)
