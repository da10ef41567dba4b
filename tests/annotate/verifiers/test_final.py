"""Where a text's final answer is, and when two answers are one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.verifiers.final import last_line, marked_answer, named_answer, normalised


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"So it is \boxed{42}.", "42"),
        (r"First \boxed{1}, then \boxed{2}.", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\fbox is no box but \fboxed{7} is", "7"),
        (r"\boxed {8}", "8"),
        (r"\boxed{\boxed{9}}", "9"),
        (r"\boxed{10} and an open \boxed{11", "10"),
        (r"\boxed{12} and an empty \boxed{ }", "12"),
        ("Answer: 5", "5"),
        ("answer : 5 \nand so on", "5"),
        ("**Final Answer:** 5 apples", "5 apples"),
        ("## Answer: *6*", "6"),
        ("Answer: 1\nThe correct answer: 2\nCorrect answer: 3", "3"),
        ("Answer:\nAnswer: 7\nAnswer:  ", "7"),
        ("4 + 4 = <<4+4=8>>8\n#### 8", "8"),
        ("答えは\nAnswer：九", "九"),
        ("Janet has 26.\nA: 26", "26"),
        ("A: 26\n\n  ", "26"),
        (r"Answer: 1 but \boxed{2}", "2"),
    ],
)
def test_the_text_says_what_its_answer_is(text, answer):
    assert marked_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "42",
        "The answer is 42.",
        "Answers: many",
        "A: 26\nB: 27",
        "##### five",
        r"\boxed",
        r"\boxed{",
        "}}}}",
    ],
)
def test_no_answer_is_marked(text):
    assert marked_answer(text) is None


def test_a_box_is_no_line_that_names_the_answer():
    assert named_answer(r"\boxed{42}") is None


@pytest.mark.parametrize(("text", "line"), [("a\n b \n\n", "b"), ("", ""), ("\r\n\t\r\n", "")])
def test_the_last_line_holds_something(text, line):
    assert last_line(text) == line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paris", " paris. "),
        ("1,234,567.5", "1234567.5"),
        ("$x + 1$", "x  +\n1"),
        (r"\( 3 \)", "3"),
        (r"\[3\]", "$$3$$"),
        ("**B**", "`b`"),
        ("“so”", '"so"'),
        ("−3", "-3"),
        ("４２", "42"),
        ("٤٢", "42"),
        ("\u202b٤٢\u202c", "42"),
        ("é", "e\u0301"),
        ("Straße", "STRASSE"),
        ("\ufeffno\u200b", "no"),
        ("五。", "五"),
    ],
)
def test_what_makes_no_other_answer_is_evened_out(one, other):
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5", "5!"),
        ("3.5", "35"),
        ("(1,200)", "(1200)"),
        ("1,2", "12"),
        ("$a$ and $b$", "a$ and $b"),
        ("+3", "3"),
        ("x²", "x"),
        ("nan", "0"),
    ],
)
def test_what_makes_another_answer_stays(one, other):
    assert normalised(one) != normalised(other)


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
    once = normalised(text)
    assert normalised(once) == once


@pytest.mark.parametrize(
    "text",
    [
        r"\boxed{" * 30_000,
        r"\boxed{" * 15_000 + "1" + "}" * 15_000,
        "#" * 200_000,
        "Answer:\n" * 25_000,
        "$`**" * 50_000,
        "\ufdfa" * 20_000,
        "\n" * 200_000,
    ],
    ids=range(7),
)
def test_long_and_odd_texts_take_no_long_time(text):
    start = time.perf_counter()
    marked_answer(text)
    normalised(text)
    assert time.perf_counter() - start < 10
