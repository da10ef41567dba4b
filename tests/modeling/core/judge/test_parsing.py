"""Verdicts are read where they are clear, and nowhere else. The twin is a table read by hand."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.core.judge.parsing import (
    CONTRADICTION,
    CUT,
    EMPTY,
    NOTHING,
    read_outcome,
    read_rubric,
    read_score,
    read_side,
    without_marks,
)

SIDES = [
    ("[[A]]", "A", ""),
    ("Both are fine, but the first is shorter.\n\n[[B]]", "B", ""),
    ("Final verdict: [[C]].", "C", ""),
    ("[[ A ]]", "A", ""),
    ("**[[B]]**", "B", ""),
    ("[[A]] … to say it again: [[A]]", "A", ""),
    ("[A]", None, NOTHING),
    ("A", None, NOTHING),
    ("[[a]]", None, NOTHING),
    ("[[D]]", None, NOTHING),
    ("[[A/B]]", None, NOTHING),
    ("Assistant A is better.", None, NOTHING),
    ("[[A]] would be right, if not for the error: [[B]]", None, CONTRADICTION),
    ('The format is "[[A]]", "[[B]]" or "[[C]]".', None, CONTRADICTION),
    ("", None, EMPTY),
    (" \n", None, EMPTY),
]
SCORES = [
    ("Rating: [[7]]", 7, ""),
    ("Rating: [[7.5]]", 7.5, ""),
    ("[[ 10 ]]", 10, ""),
    ("[[7]], that is [[7.0]]", 7, ""),
    ("[[0]]", None, "the score is not from 1 to 10"),
    ("[[11]]", None, "the score is not from 1 to 10"),
    ("[[-3]]", None, "the score is not from 1 to 10"),
    ("Rating: 7", None, NOTHING),
    ("[7]", None, NOTHING),
    ("[[7/10]]", None, NOTHING),
    ("[[seven]]", None, NOTHING),
    ("[[7]] or [[8]]", None, CONTRADICTION),
]
OUTCOMES = [
    ("[[correct]]", True, ""),
    ("[[Incorrect]]", False, ""),
    ("It is correct.", None, NOTHING),
    ("[[correct]]? No: [[incorrect]]", None, CONTRADICTION),
]
RUBRICS = [
    ("[[1: 4]]\n[[2: 2]]", {"depth": 4, "tone": 2}, ""),
    ("[[2:2]] [[1 : 4.5]]", {"depth": 4.5, "tone": 2}, ""),
    ("[[1: 4]]", None, "the reply leaves a criterion without a score"),
    ("[[1: 4]] [[2: 2]] [[3: 1]]", None, "the reply scores a criterion that was not asked for"),
    ("[[0: 4]] [[1: 4]] [[2: 2]]", None, "the reply scores a criterion that was not asked for"),
    ("[[1: 4]] [[2: 2]] [[1: 5]]", None, CONTRADICTION),
    ("[[1: 4]] [[2: 9]]", None, "a score is not from 1 to 5"),
    ("[[4]] [[2]]", None, NOTHING),
    ("", None, EMPTY),
]


@pytest.mark.parametrize(("text", "value", "failure"), SIDES)
def test_a_side_is_read_or_not(text, value, failure):
    reading = read_side(text)
    assert (reading.value, reading.failure, reading.text) == (value, failure, text)


@pytest.mark.parametrize(("text", "value", "failure"), SCORES)
def test_a_score_is_read_or_not(text, value, failure):
    reading = read_score(text, low=1, high=10)
    assert (reading.value, reading.failure) == (value, failure)


@pytest.mark.parametrize(("text", "value", "failure"), OUTCOMES)
def test_an_outcome_is_read_or_not(text, value, failure):
    reading = read_outcome(text)
    assert (reading.value, reading.failure) == (value, failure)


@pytest.mark.parametrize(("text", "value", "failure"), RUBRICS)
def test_a_rubric_is_read_or_not(text, value, failure):
    reading = read_rubric(text, criteria=["depth", "tone"], low=1, high=5)
    assert (reading.value, reading.failure) == (value, failure)


def test_a_reply_that_was_cut_off_is_not_read():
    assert read_side("[[A]] but then", cut=True).failure == CUT
    assert read_score("[[7]]", low=1, high=10, cut=True).value is None
    assert read_outcome("[[correct]]", cut=True).value is None
    assert read_rubric("[[1: 4]]", criteria=["x"], low=1, high=5, cut=True).value is None


@given(st.text(alphabet=string.printable, max_size=60))
def test_words_without_brackets_are_never_a_verdict(text):
    plain = text.replace("[", "(")
    assert read_side(plain).value is None
    assert read_outcome(plain).value is None
    assert read_score(plain, low=-9, high=9).value is None
    assert read_rubric(plain, criteria=["x"], low=1, high=5).value is None


@given(st.text(max_size=40), st.sampled_from("ABC"), st.text(max_size=40))
def test_one_verdict_among_any_words_is_that_verdict(before, side, after):
    before, after = before.replace("[", "("), after.replace("[", "(")
    assert read_side(f"{before}[[{side}]]{after}").value == side


@given(st.permutations([1, 2, 3]), st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_a_rubrics_lines_may_come_in_any_order(order, scores):
    text = "\n".join(f"[[{number}: {scores[number - 1]}]]" for number in order)
    found = read_rubric(text, criteria=["a", "b", "c"], low=1, high=5).value
    assert found == dict(zip("abc", scores, strict=True))


def test_an_explanation_is_shown_without_its_marks():
    assert without_marks("A is better.\n\n[[A]]") == "A is better."
    assert without_marks("Depth is good [[1: 4]]\nTone is not [[2: 1.5]]") == (
        "Depth is good\nTone is not"
    )
    assert without_marks("Right. [[Correct]] The list [[x]] stays.") == (
        "Right.  The list [[x]] stays."
    )


def test_numbers_without_end_are_no_verdict():
    endless = "9" * 6_000
    assert read_rubric(f"[[{endless}: 3]]", criteria=["x"], low=1, high=5).failure == NOTHING
    assert read_rubric(f"[[1: {endless}]]", criteria=["x"], low=1, high=5).value is None
    assert read_score(f"[[{endless}]]", low=1, high=10).value is None
