"""Exact match: right, wrong, or not to be told."""

from __future__ import annotations

import pytest

from annotate.verifiers.exact import AMONG_WORDS, NO_REFERENCE, NO_RESPONSE, compare


@pytest.mark.parametrize(
    ("reference", "response", "correct"),
    [
        ("42", r"So it is \boxed{42}.", True),
        ("42", r"So it is \boxed{41}, not 42.", False),
        ("42", "42", True),
        ("42", "Let me think.\n\n42", True),
        ("42", "43", False),
        ("Paris", "paris", True),
        ("yes", "No", False),
        ("4 of 8\n#### 4", "Half of them.\nAnswer: 4", True),
        ("so 18\nA: 18", "so 26\nA: 26", False),
        ("1,000", "Answer: 1000", True),
        (r"\frac{1}{2}", r"\boxed{\frac{1}{2}}", True),
        (r"\frac{1}{2}", r"\boxed{0.5}", False),
        ("1" * 5_000, "1" * 5_000, True),
        ("1" * 5_000, "1" * 4_999 + "2", False),
        ("nan", "NaN", True),
        ("two\nlines", "two lines", True),
        ("٤٢", "الجواب\n٤٢", True),
        ("4", "14", False),
    ],
)
def test_answers_are_compared_as_texts(reference, response, correct):
    assert compare(reference, response)[0] is correct


@pytest.mark.parametrize(
    ("reference", "response", "reason"),
    [
        ("", "42", NO_REFERENCE),
        ('" "', "42", NO_REFERENCE),
        ("42", "", NO_RESPONSE),
        ("42", " \n\u200b", NO_RESPONSE),
        ("42", "The answer is 42, I think.", AMONG_WORDS),
        ("1000", "It costs 1,000 dollars.", AMONG_WORDS),
        ("四十二", "答案是四十二", AMONG_WORDS),
        ("42", "It is 42.\nI hope this helps!", AMONG_WORDS),
    ],
)
def test_what_cannot_be_told_has_a_reason(reference, response, reason):
    assert compare(reference, response) == (None, reason)


def test_the_detail_says_what_was_compared_and_stays_short():
    assert compare("42", r"\boxed{ 41 }") == (False, "41 against 42")
    _, detail = compare("x" * 200_000, "Answer: " + "y" * 200_000)
    assert len(detail) <= 300
    assert " against x" in detail


def test_a_long_response_is_searched_to_its_end():
    assert compare("42", "word " * 40_000 + "\n42")[0] is True
    assert compare("42", "word " * 40_000)[0] is False
