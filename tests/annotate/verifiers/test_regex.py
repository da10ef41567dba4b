"""A manager's pattern: what it finds, what it may be, and that it never hangs."""

from __future__ import annotations

import io
import json
import sys
import time

import pytest

from annotate.verifiers import Question, opened, regex
from annotate.verifiers.regex import MAX_PATTERN, NO_MATCH, PatternError, compare, compiled
from annotate.verifiers.replies import TOO_LONG

CATASTROPHE = r"(?:a+)+$"


@pytest.mark.parametrize(
    ("pattern", "response", "correct"),
    [
        (r"Result: (\d+)", "Result: 41, no. Result: 42.", True),
        (r"Result: (\d+)", "Result: 42, no. Result: 41.", False),
        (r"\d+", "41 or 42", True),
        (r"\d*", "42 and nothing", True),
        (r"(?P<answer>\d+)$", "it is 42", True),
        (r"(?i)RESULT=(?:is )?(\d+)", "result=42", True),
        (r"x(\d+)|y", "x42 y", True),
        ("(四十二)", "答案是四十二", False),
    ],
)
def test_the_last_match_that_is_not_blank_is_the_answer(pattern, response, correct):
    assert compare(compiled(pattern), "42", response)[0] is correct


@pytest.mark.parametrize("response", ["", "nothing", "x" * 200_000])
def test_where_the_pattern_finds_nothing_nothing_is_told(response):
    assert compare(compiled(r"(\d+)"), "42", response) == (None, NO_MATCH)


def test_the_references_own_marked_answer_counts():
    assert compare(compiled(r"\d+"), "6 * 7\n#### 42", "42")[0] is True
    assert compare(compiled(r"\d+"), " ", "42")[0] is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "Give a regular expression"),
        ("(", "no regular expression: missing \\), unterminated subpattern at position 0"),
        ("[z-a]", "bad character range"),
        ("a{99999999999}", "no regular expression"),
        ("(a)(b)", "more than one group"),
        ("(?P<x>a)(b)", "more than one group"),
        ("a\0", "characters that are not text"),
        ("\ud800", "characters that are not text"),
        ("a" * (MAX_PATTERN + 1), "300 characters at most"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern, reason):
    with pytest.raises(PatternError, match=reason):
        compiled(pattern)


def test_a_pattern_may_use_what_will_mean_something_else_one_day():
    assert compiled("[[a]+").search("[")


def test_a_pattern_that_backtracks_without_end_holds_up_nothing():
    start = time.monotonic()
    questions = [Question(1, "aaa", "a" * 64 + "!"), Question(2, "aaa", "aaa")]
    with opened("regex", pattern=CATASTROPHE, start=60, each=30) as ask:
        told = [ask(question) for question in questions]
    assert [(one.correct, one.detail) for one in told] == [
        (None, TOO_LONG),
        (True, "aaa against aaa"),
    ]
    assert time.monotonic() - start < 30


def test_the_process_answers_line_by_line(monkeypatch, capsys):
    rows = [{"id": 7, "reference": "1", "response": "so 1"}]
    monkeypatch.setattr(sys, "argv", ["regex", r"\d"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(row) + "\n" for row in rows)))
    regex.main()
    told = json.loads(capsys.readouterr().out)
    assert told == {"id": 7, "correct": True, "detail": "1 against 1"}
