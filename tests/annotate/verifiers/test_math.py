"""Mathematics: what a text is read as, and that what cannot be told is not called wrong."""

from __future__ import annotations

import pytest

from annotate.verifiers.math import UNSURE, compare, with_delimiters
from annotate.verifiers.replies import TOO_LONG

pytest.importorskip("math_verify")


@pytest.mark.parametrize(
    ("reference", "response", "correct"),
    [
        (r"\frac{1}{2}", r"\boxed{0.5}", True),
        (r"\frac{1}{2}", "0.5", True),
        (r"\dfrac{3}{4}", r"\boxed{\frac34}", True),
        (r"3\sqrt{2}", r"\boxed{3\sqrt2}", True),
        (r"3\sqrt{2}", r"\boxed{3}", False),
        ("3", r"3\sqrt{2}", False),
        ("3", r"Answer: 3\sqrt{2}", False),
        ("2^{10}", r"\boxed{1024}", True),
        (r"10\%", r"\boxed{0.1}", True),
        ("(1,2)", r"\boxed{(1, 2)}", True),
        ("x^2+1", r"\boxed{1+x^2}", True),
        ("x=3", r"\boxed{3}", True),
        (r"5 \text{ cm}", r"\boxed{5}", True),
        ("12 apples", r"\boxed{12}", True),
        ("1 000", r"\boxed{1000}", True),
        ("cost $4.00 + $2.00 = $6.00\nA: 6", "so $6.00\nA: 6", True),
        ("26 + 15 = <<26+15=41>>41 points\nA: 41", "10 + 45 = <<10+45=55>>55\nA: 55", False),
        ("$9^{9^{9^9}}$", "$9^{9^{9^9}}$", True),
        ("We know that 2^{10} = 1024.\nSo it is 1024", r"\boxed{1024}", True),
    ],
)
def test_results_are_compared_by_value(reference, response, correct):
    assert compare(reference, response)[0] is correct


@pytest.mark.parametrize(
    ("reference", "response"),
    [
        ("", r"\boxed{1}"),
        ("3", ""),
        ("3", r"So the answer is 3\sqrt{2}"),
        ("3", "nan"),
        ("½", r"\boxed{\frac12}"),
        ("42", "(" * 20_000 + "42"),
    ],
)
def test_what_cannot_be_read_is_not_called_wrong(reference, response):
    assert compare(reference, response)[0] is None


def test_a_comparison_without_end_is_not_called_wrong(monkeypatch):
    from math_verify.errors import TimeoutException

    def endless(*args, **kwargs):
        raise TimeoutException

    monkeypatch.setattr("math_verify.verify", endless)
    assert compare("1", r"\boxed{10^{10^{10}}}") == (None, TOO_LONG)


def test_a_comparison_that_fails_is_not_called_wrong(monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError

    monkeypatch.setattr("math_verify.verify", broken)
    assert compare("1", r"\boxed{2}") == (None, UNSURE)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("42", "42"),
        ("$x$ of 3", "$x$ of 3"),
        (r"3\sqrt{2}", r"$3\sqrt{2}$"),
        ("Work.\nAnswer: x^2", "$x^2$"),
        (r"About 3\sqrt{2} apples", ""),
        ("", ""),
        (" \n", ""),
        ("three", "three"),
    ],
)
def test_bare_results_get_delimiters(text, read):
    assert with_delimiters(text) == read
