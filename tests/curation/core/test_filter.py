"""Filters: what goes, and one reason for it."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.errors import CurationError
from curation.core.filter import (
    above,
    below,
    blank,
    count_reasons,
    first_reason,
    flagged,
    identical,
    not_among,
    text_lengths,
)

VALUES = st.lists(st.none() | st.floats(-5, 5), max_size=20)
MASKS = st.integers(0, 12).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.dictionaries(
            st.sampled_from(["too_short", "too_long", "blank", "unreliable"]),
            st.lists(st.booleans(), min_size=n, max_size=n).map(lambda m: np.array(m, dtype=bool)),
        ),
    )
)


@pytest.mark.parametrize(
    ("text", "characters", "words"),
    [
        ("", 0, 0),
        ("two words", 9, 2),
        ("don't  stop", 11, 3),
        ("你好，世界", 5, 4),
        ("GPT好用", 5, 3),
        ("สวัสดี", 6, 6),
        ("\x00\u200b \n", 4, 0),
        ("𠀀𠀁 x", 4, 3),
    ],
)
def test_lengths_count_characters_or_words(text, characters, words):
    assert text_lengths([text]).tolist() == [characters]
    assert text_lengths([text], "words").tolist() == [words]


def test_a_very_long_text_is_measured():
    assert text_lengths(["ab " * 70_000], "words").tolist() == [70_000]


def test_there_are_no_other_units():
    with pytest.raises(CurationError, match="'tokens'"):
        text_lengths(["a"], "tokens")


@settings(deadline=None)
@given(VALUES, st.floats(-5, 5))
def test_a_bound_drops_what_lies_beyond_it(values, bound):
    known = [math.nan if value is None else value for value in values]
    assert below(values, bound).tolist() == [value < bound for value in known]
    assert above(values, bound).tolist() == [value > bound for value in known]


@settings(deadline=None)
@given(VALUES, st.floats(-5, 5))
def test_unknown_values_go_only_if_that_is_asked(values, bound):
    unknown = [value is None for value in values]
    for filter_ in (below, above):
        more = filter_(values, bound, drop_unknown=True)
        assert (more & ~filter_(values, bound)).tolist() == unknown


def test_bounds_are_about_numbers():
    with pytest.raises(CurationError, match="not text"):
        below(np.array(["1", 2], dtype=object), 1)


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "\u200b\u200e", "\ud800", "\u00a0"])
def test_a_text_in_which_nothing_can_be_seen_is_blank(text):
    assert blank([text]).tolist() == [True]


@pytest.mark.parametrize("text", ["a", " .", "\u200bא", "é", "一", "\x00x", "🙂"])
def test_a_text_in_which_something_can_be_seen_is_not_blank(text):
    assert blank([text]).tolist() == [False]


def test_texts_that_differ_in_spaces_at_ends_alone_are_identical():
    left = ["a\r\nb ", "e\u0301", "a", "A"]
    right = ["a\nb", "\u00e9", "a b", "a"]
    assert identical(left, right).tolist() == [True, True, False, False]


def test_identical_needs_pairs():
    with pytest.raises(CurationError, match="Right has 1 entries for 2 rows"):
        identical(["a", "b"], ["a"])


def test_any_unwanted_flag_is_enough():
    flags = [(), ("edited",), ("surplus", "unsafe"), {"unsafe"}]
    assert flagged(flags, ("unsafe", "other")).tolist() == [False, False, True, True]


def test_languages_that_could_not_be_told_stay_unless_unwanted():
    languages = np.array(["en", "und", "de"])
    assert not_among(languages, ["en"], unknown="und").tolist() == [False, False, True]
    drop = not_among(languages, ["en"], unknown="und", drop_unknown=True)
    assert drop.tolist() == [False, True, True]


@settings(deadline=None)
@given(MASKS)
def test_each_row_that_goes_has_one_reason_and_counts_add_up(drawn):
    n, masks = drawn
    reasons = first_reason(masks, n)
    any_mask = np.logical_or.reduce([*masks.values(), np.zeros(n, dtype=bool)])
    assert (reasons != "").tolist() == any_mask.tolist()
    assert sum(count_reasons(reasons).values()) == any_mask.sum()
    assert count_reasons(reasons) == Counter(reasons[any_mask].tolist())


def test_the_first_mask_gives_the_reason():
    masks = {"b": np.array([False, True]), "a": np.array([True, True])}
    assert first_reason(masks, 2).tolist() == ["a", "b"]


@settings(deadline=None)
@given(MASKS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(drawn, random):
    n, masks = drawn
    order = random.sample(range(n), n)
    other = first_reason({reason: mask[order] for reason, mask in masks.items()}, n)
    assert other.tolist() == first_reason(masks, n)[order].tolist()


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"short": np.array([True])}, "each of 2 rows"),
        ({"short": np.array([1, 0])}, "one true or false"),
        ({"": np.array([True, False])}, "needs a name"),
    ],
)
def test_a_mask_that_fits_no_rows_is_refused(masks, message):
    with pytest.raises(CurationError, match=message):
        first_reason(masks, 2)


def test_nothing_is_filtered_out_of_nothing():
    assert first_reason({}, 0).tolist() == []
    assert blank([]).dtype == bool
    assert count_reasons(first_reason({}, 3)) == {}
