"""Columns: numbers, weights and codes out of whatever callers have."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.columns import NO_CODE, codes, first_of_each, numbers, positive_weights
from curation.core.errors import CurationError

VALUES = st.lists(st.sampled_from(["a", "b", None, 3, "3"]), max_size=20)


@settings(deadline=None)
@given(VALUES)
def test_equal_values_and_only_those_share_a_code(values):
    coded = codes(values)
    for row, one in enumerate(values):
        assert (coded[row] == NO_CODE) == (one is None)
        assert [coded[row] == other for other in coded] == [one == other for other in values]
    assert set(coded.tolist()) - {NO_CODE} == set(range(len(set(values) - {None})))


def test_codes_of_an_array_are_those_of_its_list():
    for values in (["b", "a", "b"], [5, 2, 5], [1.5, math.nan, 1.5]):
        one, other = codes(values), codes(np.array(values))
        assert (one == NO_CODE).tolist() == (other == NO_CODE).tolist()
        assert len(np.unique(np.stack([one, other]), axis=1).T) == len(np.unique(one))


def test_the_first_row_of_each_code():
    assert first_of_each(np.array([1, 2, 0, 1])).tolist() == [2, 0, 1]


def test_nothing_in_a_column_of_numbers_is_unknown():
    assert numbers([1, None, True], "Lengths").tolist()[::2] == [1.0, 1.0]
    assert math.isnan(numbers([1, None], "Lengths")[1])
    assert numbers([], "Lengths").tolist() == []


@pytest.mark.parametrize("bad", [["1"], [1, "2"], [[1, 2]], [object()], 5, [1 + 2j]])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(CurationError, match="Lengths must be one number a row"):
        numbers(bad, "Lengths")


def test_weights_have_mean_one():
    assert positive_weights([1, 3], 2).tolist() == [0.5, 1.5]
    assert positive_weights(None, 3).tolist() == [1, 1, 1]
    assert positive_weights([], 0).tolist() == []
