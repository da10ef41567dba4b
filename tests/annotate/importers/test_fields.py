"""Typed values out of rows."""

from __future__ import annotations

import pytest

from annotate.importers import fields
from annotate.importers.records import RowError


@pytest.mark.parametrize(
    "name", ["pos1", "pos001", "expert_pos1", "wid_0", "wid_12", "7", 7, "rater_pos_3"]
)
def test_ids_that_only_number_the_raters_of_a_row_are_positional(name):
    assert fields.annotator(name) == (str(name), True)


@pytest.mark.parametrize(
    "name", ["w12", "t0001", "rater3", "expert9", "annotator1", "known", "pos"]
)
def test_other_ids_name_a_person(name):
    assert fields.annotator(name) == (name, False)


@pytest.mark.parametrize("value", [None, ""])
def test_no_id_is_unattributed(value):
    assert fields.annotator(value) == (None, False)


@pytest.mark.parametrize("value", [True, 1.5, ["a"], "x" * 201])
def test_other_values_are_no_ids(value):
    with pytest.raises(RowError):
        fields.annotator(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("yes", True), (0, False), ("False", False), ("", None)]
)
def test_truth_is_read_from_words_and_bits(value, expected):
    assert fields.truth(value, "correct") is expected


def test_what_is_neither_true_nor_false_is_refused():
    with pytest.raises(RowError, match="correct must be true or false, but it is 'maybe'"):
        fields.truth("maybe", "correct")


@pytest.mark.parametrize("value", [True, "x", "nan", "1e999", [1]])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(RowError, match="must be a number"):
        fields.number(value, "margin")


def test_a_whole_number_has_no_fraction():
    assert fields.whole("3.0", "first_error") == 3
    with pytest.raises(RowError, match="whole number"):
        fields.whole(3.5, "first_error")


def test_the_category_comes_from_the_first_column_that_has_one():
    row = {"category": None, "subset": "math", "genre": "x", "id": "r1", "note": ""}
    assert fields.category(row) == "math"
    assert fields.leftover(row, {"used"}) == {"genre": "x", "id": "r1"}


def test_generators_are_named_once():
    assert fields.generators("a", None, ["b", "a"], 3) == ("a", "b")
