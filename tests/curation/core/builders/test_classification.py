"""Classification rows: what "both good" and "both bad" say of each response."""

import pytest

from tests.curation.core.small import all_rows, build, comparison


def test_both_good_and_both_bad_are_classes_of_each_response() -> None:
    judgments = [
        comparison("both_good", annotator="n"),
        comparison("both_good", annotator="m"),
        comparison("both_bad", annotator="o"),
        comparison("both_bad", item="j", right="c", annotator="n"),
    ]
    rows = {
        (row.item, row.completion_id): row for row in all_rows(build("classification", judgments))
    }
    assert {key: row.label for key, row in rows.items()} == {
        ("i", "a"): "acceptable",
        ("i", "b"): "acceptable",
        ("j", "a"): "unacceptable",
        ("j", "c"): "unacceptable",
    }
    first = rows["i", "a"]
    assert first.classes == ("acceptable", "unacceptable")
    assert first.class_probabilities[0] == pytest.approx(2 / 3)
    assert first.votes == 3


def test_a_preference_says_nothing_of_acceptability() -> None:
    built = build("classification", [comparison("left"), comparison("tie", item="j", right="c")])
    assert built.dropped == {"no_class": 4}


def test_unsafe_and_undecidable_votes_are_left_out_and_counted() -> None:
    judgments = [comparison("both_good"), comparison("unsafe"), comparison("cannot_judge")]
    built = build("classification", judgments)
    assert len(all_rows(built)) == 2
    assert built.statistics["votes_excluded"] == {"cannot_judge": 2, "unsafe": 2}
    assert build("classification", judgments[1:2]).dropped == {"unsafe": 2}


def test_an_even_vote_is_a_tie() -> None:
    even = [comparison("both_good"), comparison("both_bad")]
    assert build("classification", even).dropped == {"tie": 2}
