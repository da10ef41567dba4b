"""Rows that stay once the votes are in."""

from typing import Any

import pytest

from curation.recipe import FilterRows
from tests.curation.core.small import all_rows, build, comparison


def filtered(*choices: str, **settings: Any) -> tuple[int, dict[str, int]]:
    built = build("preference", [comparison(c) for c in choices], rows=FilterRows(**settings))
    return len(all_rows(built)), dict(built.dropped)


@pytest.mark.parametrize(
    ("choices", "asked", "reason"),
    [
        (["left"], {"min_votes": 2}, "too_few_votes"),
        (["left", "left", "right"], {"min_agreement": 0.7}, "low_agreement"),
        (["left", "left", "tie"], {"min_probability": 0.9}, "low_probability"),
        (["left", "left", "unsafe"], {"drop_unsafe": True}, "marked_unsafe"),
    ],
)
def test_each_filter_drops_for_its_reason(
    choices: list[str], asked: dict[str, Any], reason: str
) -> None:
    assert filtered(*choices, **asked) == (0, {reason: 1})
    assert filtered(*choices) == (1, {})


def test_even_pairs_pass_the_filter_into_the_canonical_file() -> None:
    pair = [comparison("tie"), comparison("tie")]
    assert len(build("preference", pair).even["train"]) == 1
    few = build("preference", pair[:1], rows=FilterRows(min_votes=2))
    assert few.even["train"] == ()
    assert few.dropped == {"tie": 1}
