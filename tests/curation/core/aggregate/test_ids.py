"""Ids of any kind as places among the distinct ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.core.aggregate.ids import coded, column, same_length, weights_of

texts = st.lists(st.text(alphabet="ab\0é漢\u0301", max_size=3), max_size=12)
numbers = st.lists(st.integers(-(2**40), 2**40) | st.integers(-3, 3), max_size=12)


@given(texts | numbers)
def test_codes_are_places_among_the_sorted_ids(given_ids):
    distinct, codes = coded(column(given_ids, "id"))
    assert distinct.tolist() == sorted(set(given_ids))
    assert [distinct[code] for code in codes] == given_ids


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[1, 2]], "one-dimensional"),
        (["a", None], "missing id"),
        ([1.0, float("nan")], "missing id"),
        (np.array([1.0, np.nan]), "missing id"),
    ],
)
def test_what_is_no_column_of_ids_is_refused(ids, message):
    array = np.array(ids) if message == "one-dimensional" else ids
    with pytest.raises(ValueError, match=message):
        column(array, "id")


def test_numbers_and_strings_do_not_mix():
    with pytest.raises(ValueError, match="all numbers or all strings"):
        coded(column([1, "1"], "id"))


def test_columns_of_unequal_length_are_named():
    with pytest.raises(ValueError, match="2 items, 3 labels"):
        same_length(items=np.zeros(2), labels=np.zeros(3))


def test_weights_are_one_unless_given():
    assert weights_of(None, 2).tolist() == [1, 1]
    assert weights_of([2, 0], 2).tolist() == [2, 0]
    for wrong in ([1.0], [1.0, float("nan")], [1.0, -1.0]):
        with pytest.raises(ValueError, match=r"[Ww]eights"):
            weights_of(wrong, 2)
