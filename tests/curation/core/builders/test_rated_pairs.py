"""Preference rows from ratings: the margin is the difference of the scores."""

from typing import Any

import pytest

from curation.core.records import Rating
from tests.curation.core.small import all_rows, build, comparison, only_row, rating, small_corpus


def rated(response: str, value: float, annotator: str, **fields: Any) -> Rating:
    return rating(value, response=response, item=f"i{response}", annotator=annotator, **fields)


def test_who_rated_both_votes_once_by_the_difference() -> None:
    judgments = [
        rated("a", 4, "n"),
        rated("b", 2, "n"),
        rated("a", 3, "m"),
        rated("b", 4, "m"),
        rated("a", 5, "o"),
        rated("b", 5, "o"),
        rated("a", 5, "p"),
        rated("b", 1, "p"),
    ]
    row = only_row(build("preference", judgments))
    assert (row.chosen_id, row.source_kind) == ("a", "rating")
    assert (row.votes_chosen, row.votes_rejected, row.votes_tie) == (2, 1, 1)
    assert row.target_margin == pytest.approx((2 - 1 + 0 + 4) / 4)
    assert row.chosen_probability == pytest.approx(2.5 / 4)


def test_raters_who_share_no_response_vote_as_one_by_their_means() -> None:
    judgments = [rated("a", 2, "n"), rated("a", 3, "m"), rated("b", 4, "o")]
    (row,) = build("preference", judgments).rows["train"]
    assert (row.chosen_id, row.target_margin) == ("b", 1.5)
    assert (row.votes_chosen, row.votes_rejected) == (1, 0)
    assert row.annotators == ("m", "n", "o")


def test_equal_scores_are_a_tie() -> None:
    built = build("preference", [rated("a", 3, "n"), rated("b", 3, "n")])
    assert built.dropped == {"tie": 1}
    assert [row.source_kind for row in built.even["train"]] == ["rating"]


def test_all_pairs_of_a_prompt_come_in_one_group() -> None:
    judgments = [rated(key, value, "n") for key, value in zip("abcd", (1, 2, 3, 4), strict=True)]
    rows = all_rows(build("preference", judgments))
    assert len(rows) == 6
    assert {row.group for row in rows} == {"p"}
    assert {(row.chosen_id, row.rejected_id): row.target_margin for row in rows}["d", "a"] == 3


def test_a_dataset_is_about_one_aspect_where_the_recipe_names_it() -> None:
    judgments = [
        rated("a", 5, "n", aspect="style"),
        rated("b", 1, "n", aspect="style"),
        rated("a", 1, "n", aspect="truth", revision="r1"),
        rated("b", 2, "n", aspect="truth", revision="r2"),
    ]
    assert only_row(build("preference", judgments, aspect="truth")).chosen_id == "b"
    both = only_row(build("preference", judgments))
    assert (both.chosen_id, both.target_margin) == ("a", 1.5)


def test_an_aspect_that_was_rated_on_one_response_only_is_not_compared() -> None:
    judgments = [
        rated("a", 5, "n", aspect="style"),
        rated("a", 2, "n", aspect="truth"),
        rated("b", 3, "n", aspect="truth"),
    ]
    assert only_row(build("preference", judgments)).target_margin == 1.0


def test_comparisons_may_be_asked_about_an_aspect() -> None:
    aspects = {"truth": "right"}
    judgments = [
        comparison("left", aspects=aspects, annotator="n", scale="llama2", strength=4),
        comparison("left", aspects=aspects, annotator="m"),
        comparison("left", annotator="o"),
    ]
    row = only_row(build("preference", judgments, aspect="truth"))
    assert (row.chosen_id, row.votes_chosen, row.target_margin) == ("b", 2, None)
    assert row.votes_excluded == 1
    assert only_row(build("preference", judgments)).chosen_id == "a"


def test_the_recipe_says_which_judgments_make_pairs() -> None:
    judgments = [comparison("left"), rated("a", 1, "n"), rated("b", 2, "n")]
    sources = {row.source_kind for row in all_rows(build("preference", judgments))}
    assert sources == {"comparison", "rating"}
    only = build("preference", judgments, small_corpus(), sources=("comparison",))
    assert [row.source_kind for row in all_rows(only)] == ["comparison"]
