"""How large an item may be."""

from __future__ import annotations

import pytest

from annotate.importers.limits import MAX_CHARACTERS

LONG = "x" * (MAX_CHARACTERS + 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": LONG, "chosen": "a", "rejected": "b"}, "The prompt has 1,000,001 characters"),
        ({"prompt": "p", "chosen": LONG, "rejected": "b"}, "A response has 1,000,001 characters"),
    ],
)
def test_too_long_texts_are_refused(refuse, row, reason):
    assert reason in refuse(row)


def test_a_text_of_just_the_limit_is_taken(load):
    assert load({"prompt": LONG[1:], "chosen": LONG[1:], "rejected": "b"})


def test_too_many_responses_are_refused_before_they_are_paired(refuse):
    row = {"prompt": "p", "responses": [str(k) for k in range(10_000)]}
    assert "10,000 responses; at most 64" in refuse(row, kind="comparison")


def test_one_response_too_long_refuses_all_pairs_of_its_row(refuse):
    row = {"prompt": "p", "responses": ["a", "b", LONG]}
    assert "A response has" in refuse(row, kind="comparison")
