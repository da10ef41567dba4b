"""Preference rows from comparisons and rankings."""

from typing import Any

import pytest

from curation.core.errors import RecordError
from curation.core.records import Comparison, Message
from curation.recipe import Dedupe
from tests.curation.core.small import (
    all_rows,
    build,
    comparison,
    corpus,
    only_row,
    prompt,
    ranking,
    response,
    small_corpus,
)


def votes(*choices: str, **fields: Any) -> list[Comparison]:
    return [comparison(choice, **fields) for choice in choices]


def test_a_row_has_every_column() -> None:
    texts = corpus([prompt("p", "Hi", category="chat")], [response("a"), response("b")])
    judgments = [
        comparison("right", annotator="m", revision="r2", rationale="b is kinder"),
        comparison("right", annotator="n", revision="r1"),
        comparison("left", annotator="o", revision="r3", rationale="a is shorter"),
        comparison("tie", annotator="p", revision="r4"),
    ]
    row = vars(only_row(build("preference", judgments, texts)))
    assert len(row.pop("id")) == 24
    assert row == {
        "group": "p",
        "item": "i",
        "category": "chat",
        "source": "",
        "prompt": (Message("user", "Hi"),),
        "chosen": (Message("assistant", "Answer b."),),
        "rejected": (Message("assistant", "Answer a."),),
        "chosen_probability": 0.625,
        "tie_probability": 0.25,
        "target_margin": None,
        "weight": 1.0,
        "votes_chosen": 2,
        "votes_rejected": 1,
        "votes_tie": 1,
        "votes_excluded": 0,
        "votes_unsafe": 0,
        "rationales": ("b is kinder",),
        "chosen_id": "b",
        "rejected_id": "a",
        "source_kind": "comparison",
    }


@pytest.mark.parametrize(
    "choices",
    [
        ["tie"],
        ["left", "right"],
        ["left", "left", "right", "right", "tie"],
        ["left", "tie"],
        ["left", "both_good", "both_bad"],
        ["left", "right", "tie"],
    ],
)
def test_an_undecided_vote_is_dropped_as_a_tie(choices: list[str]) -> None:
    built = build("preference", votes(*choices))
    assert not all_rows(built)
    assert built.dropped == {"tie": 1}


def test_votes_that_cannot_judge_or_find_it_unsafe_do_not_count() -> None:
    built = build("preference", votes("left", "cannot_judge", "unsafe", "unsafe"))
    assert only_row(built).chosen_probability == 1.0
    assert built.statistics["votes_excluded"] == {"cannot_judge": 1, "unsafe": 2}
    assert built.statistics["votes_per_item"] == {"1": 1}


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (["cannot_judge"], "cannot_judge"),
        (["unsafe", "unsafe", "cannot_judge"], "unsafe"),
        (["unsafe", "cannot_judge"], "cannot_judge"),
    ],
)
def test_a_pair_without_a_counted_vote_is_dropped_by_the_commonest_reason(
    choices: list[str], reason: str
) -> None:
    assert build("preference", votes(*choices)).dropped == {reason: 1}


def test_a_pair_of_identical_responses_is_dropped() -> None:
    texts = corpus([prompt("p")], [response("a", "Same\n"), response("b", "Same")])
    assert build("preference", votes("left"), texts).dropped == {"identical_responses": 1}


def test_an_empty_response_is_a_response() -> None:
    texts = corpus([prompt("p")], [response("a", ""), response("b")])
    assert only_row(build("preference", votes("right"), texts)).rejected[0].content == ""


def test_an_adjudication_overrides_the_votes_of_its_item_only() -> None:
    judgments = [
        *votes("left", "left"),
        comparison("right", overrides=True),
        *votes("left", item="j", left="c"),
    ]
    built = build("preference", judgments)
    assert [row.chosen_id for row in all_rows(built)] == ["b", "c"]
    assert built.statistics["votes_overridden"] == 2
    assert len(built.revisions) == 4


@pytest.mark.parametrize(
    ("scale", "strengths", "margin"),
    [
        ("llama2", [("left", 4), ("left", 2), ("right", 3)], (3 + 1 - 2) / 3),
        ("llama2", [("left", 1)], 0.0),
        ("signed3", [("right", 3), ("tie", None), ("right", 1)], 4 / 3),
        ("eight", [("left", 1), ("left", 1), ("right", 4)], (0.5 + 0.5 - 3.5) / 3),
        ("llama2", [("left", 4), ("left", None)], None),
        ("binary", [("left", 1), ("left", 1)], None),
    ],
)
def test_the_margin_is_the_signed_mean_toward_the_winner(
    scale: str, strengths: list[tuple[str, int | None]], margin: float | None
) -> None:
    judgments = [comparison(choice, scale=scale, strength=n) for choice, n in strengths]
    assert only_row(build("preference", judgments)).target_margin == margin


def test_a_strength_outside_the_scale_names_the_judgment() -> None:
    with pytest.raises(RecordError, match="'r7': Strength on signed3 is 1 to 3, not 4"):
        build("preference", [comparison("left", scale="signed3", strength=4, revision="r7")])


def test_a_ranking_votes_on_every_pair_in_one_group() -> None:
    built = build("preference", [ranking("c", "ab", "d")])
    rows = all_rows(built)
    assert [(row.chosen_id, row.rejected_id) for row in rows] == [
        ("c", "a"),
        ("a", "d"),
        ("c", "b"),
        ("b", "d"),
        ("c", "d"),
    ]
    assert built.dropped == {"tie": 1}
    assert {(row.group, row.item, row.source_kind, row.weight) for row in rows} == {
        ("p", "i", "ranking", 1.0)
    }
    assert all(row.target_margin is None for row in rows)


def test_several_rankings_are_votes_on_each_pair() -> None:
    row = only_row(build("preference", [ranking("a", "b"), ranking("a", "b"), ranking("ab")]))
    assert (row.votes_chosen, row.votes_rejected, row.votes_tie) == (2, 0, 1)
    assert row.chosen_probability == pytest.approx(5 / 6)


def test_one_pair_may_be_compared_and_ranked_in_different_items() -> None:
    built = build("preference", [comparison("left"), ranking("b", "a", item="j")])
    assert [(row.item, row.source_kind, row.chosen_id) for row in all_rows(built)] == [
        ("i", "comparison", "a"),
        ("j", "ranking", "b"),
    ]


def test_one_item_cannot_make_two_rows_of_one_pair() -> None:
    with pytest.raises(ValueError, match="two rows of the same responses"):
        build("preference", [comparison("left"), ranking("b", "a")])


def test_statistics_tell_length_and_side_biases() -> None:
    texts = corpus(
        [prompt("p")],
        [response("a", "long answer"), response("b", "short"), response("c", "equal")],
    )
    judgments = [
        comparison("left"),
        comparison("left", item="j", left="b", right="c"),
        comparison("right", item="k", left="a", right="c"),
        comparison("tie", item="l"),
    ]
    statistics = build("preference", judgments, texts, dedupe=Dedupe(exact=False)).statistics
    assert statistics["chosen_longer_share"] == 0.5
    assert statistics["left_win_share"] == pytest.approx(2 / 3)
    empty = build("preference", [], small_corpus()).statistics
    assert empty["chosen_longer_share"] is empty["left_win_share"] is None
