"""Kappas and shares of pairs: published tables, the definitions, and what is undefined."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.agreement import (
    cohen_kappa,
    first_error_agreement,
    fleiss_kappa,
    krippendorff_alpha,
    mean_pairwise_kappa,
    pair_agreement,
)
from tests.curation.core.agreement.test_alpha import RATINGS, columns
from tests.curation.core.agreement.twins import (
    slow_cohen,
    slow_fleiss,
    slow_pairwise,
    slow_share,
)

COHEN_1960 = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 "
    "10050 11040 03300 10050 02031 00501 30012 51000 02040 10203 "
    "00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30)


def two_raters(pairs):
    items = [k for k in range(len(pairs)) for _ in range(2)]
    return items, ["first", "second"] * len(pairs), [value for pair in pairs for value in pair]


def fleiss_example():
    rows = []
    for item, counts in enumerate(FLEISS_1971.split()):
        said = [category for category, n in enumerate(counts) for _ in range(int(n))]
        rows += [(item, rater, value) for rater, value in enumerate(said)]
    return columns(rows)


def test_cohens_own_example_comes_out():
    pairs = [
        (i, j) for i, row in enumerate(COHEN_1960) for j, n in enumerate(row) for _ in range(n)
    ]
    found = cohen_kappa(*two_raters(pairs))
    assert round(found.value, 3) == 0.492
    assert found.n == 200
    assert found.interval[0] < found.value < found.interval[1]


def test_fleisss_own_example_comes_out():
    found = fleiss_kappa(*fleiss_example())
    assert round(found.value, 3) == 0.430
    assert found.n == 180


@settings(deadline=None)
@given(PAIRS.filter(bool))
def test_cohens_kappa_is_its_definition(pairs):
    found = cohen_kappa(*two_raters(pairs), draws=0)
    assert found.value == pytest.approx(slow_cohen(pairs), nan_ok=True)


@settings(deadline=None)
@given(RATINGS)
def test_fleiss_kappa_is_its_definition(rows):
    found = fleiss_kappa(*columns(rows), draws=0)
    assert found.value == pytest.approx(slow_fleiss(*columns(rows)), nan_ok=True)


@settings(deadline=None)
@given(RATINGS)
def test_pairwise_kappa_is_its_definition(rows):
    found = mean_pairwise_kappa(*columns(rows), draws=0)
    assert found.value == pytest.approx(slow_pairwise(*columns(rows)), nan_ok=True)


@settings(deadline=None)
@given(RATINGS)
def test_the_share_of_equal_pairs_is_its_definition(rows):
    found = pair_agreement(*columns(rows), draws=0)
    assert found.value == pytest.approx(slow_share(*columns(rows)), nan_ok=True)


@settings(deadline=None)
@given(PAIRS.filter(bool))
def test_pairwise_kappa_of_two_raters_is_cohens(pairs):
    one, other = (f(*two_raters(pairs), seed=3) for f in (cohen_kappa, mean_pairwise_kappa))
    assert other.value == pytest.approx(one.value, nan_ok=True)
    assert other.n == one.n


@pytest.mark.parametrize("estimator", [cohen_kappa, fleiss_kappa, mean_pairwise_kappa])
def test_one_value_only_is_undefined(estimator):
    found = estimator(*two_raters([(1, 1), (1, 1), (1, 1)]))
    assert math.isnan(found.value)
    assert np.isnan(found.interval).all()


@pytest.mark.parametrize(
    "estimator", [cohen_kappa, fleiss_kappa, mean_pairwise_kappa, pair_agreement]
)
def test_raters_without_a_shared_item_cannot_be_compared(estimator):
    found = estimator([1, 2], ["a", "b"], [1, 1])
    assert math.isnan(found.value)
    assert found.n == 0


def test_of_two_ratings_by_one_rater_the_last_counts():
    items, raters, values = [1, 1, 1, 2, 2], list("aabab"), [9, 1, 1, 2, 2]
    for estimator in (cohen_kappa, mean_pairwise_kappa):
        found = estimator(items, raters, values)
        assert (found.value, found.n) == (1, 2)


def test_cohens_kappa_asks_for_two_raters():
    with pytest.raises(ValueError, match="two raters; here are 3"):
        cohen_kappa([1, 1, 1], [1, 2, 3], [1, 1, 1])


@pytest.mark.parametrize("estimator", [fleiss_kappa, mean_pairwise_kappa, pair_agreement])
def test_intervals_are_wider_for_fewer_items(estimator):
    rng = np.random.default_rng(0)

    def width(n_items):
        items, annotators = np.repeat(np.arange(n_items), 3), np.tile([0, 1, 2], n_items)
        truth = np.repeat(rng.integers(0, 2, n_items), 3)
        said = np.where(rng.random(3 * n_items) < 0.8, truth, 1 - truth)
        return np.diff(estimator(items, annotators, said).interval)[0]

    assert width(50) > 1.5 * width(500)


def test_first_errors_agree_by_share_and_beyond_chance():
    items, annotators = [1, 1, 2, 2, 3, 3, 4, 4], list("abababab")
    first = [2, 2, -1, -1, 0, 3, 1, math.nan]
    found = first_error_agreement(items, annotators, first)
    assert found.share.value == pytest.approx(2 / 3)
    assert found.share.n == 3
    assert found.alpha == krippendorff_alpha(items, annotators, first, level="nominal")
