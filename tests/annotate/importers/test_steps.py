"""Solutions in steps, with labels of each step or of the result."""

from __future__ import annotations

import pytest

from annotate.answers import OutcomeAnswer, StepsAnswer

ROW = {"prompt": "2+2?", "steps": ["Add.", "So 5.", "Done."], "labels": [1, -1, None]}


def test_a_solution_is_one_response_of_joined_steps(load):
    (item,) = load(ROW | {"generator": "m1"})
    (solution,) = item.responses
    assert item.kind == "steps"
    assert solution.content == "Add.\n\nSo 5.\n\nDone."
    assert solution.steps == ("Add.", "So 5.", "Done.")
    assert solution.sources == ("m1",)


def test_labels_are_the_unattributed_and_known_answer(load):
    (item,) = load(ROW)
    assert item.known == item.labels[0].answer == StepsAnswer((1, -1, None))
    assert item.labels[0].annotator is None


def test_stepwise_rows_of_trl_keep_their_labels_after_the_first_false(load):
    row = {"prompt": "p", "completions": ["a", "b", "c"], "labels": [True, False, True]}
    (item,) = load(row)
    assert item.known == StepsAnswer((1, -1, 1))


@pytest.mark.parametrize(("first", "labels"), [(-1, (1, 1, 1)), (1, (1, -1, None))])
def test_the_first_error_tells_the_labels_where_there_are_none(load, first, labels):
    (item,) = load({"prompt": "p", "steps": ["a", "b", "c"], "first_error": first})
    assert item.known == StepsAnswer(labels)


@pytest.mark.parametrize("labels", [None, [], [None, None, None]])
def test_unlabelled_steps_are_an_item_to_label(load, labels):
    (item,) = load(ROW | {"labels": labels})
    assert (item.labels, item.known) == ((), None)


@pytest.mark.parametrize(
    ("columns", "correct"),
    [
        ({"final_answer_correct": True, "first_error": 1}, True),
        ({"solution_correct": False}, False),
        ({"first_error": -1}, True),
        ({"first_error": 0}, False),
    ],
)
def test_the_outcome_is_asked_for_by_kind(load, columns, correct):
    (item,) = load(ROW | columns, kind="outcome")
    assert item.kind == "outcome"
    assert item.known == OutcomeAnswer(correct)
    assert item.responses[0].steps == ("Add.", "So 5.", "Done.")


def test_a_row_that_does_not_tell_the_outcome_is_refused(refuse):
    assert "An outcome needs one of the columns" in refuse(ROW, kind="outcome")


def test_what_else_is_known_of_the_solution_stays_in_the_details(load):
    (item,) = load(ROW | {"first_error": 1, "alternatives": [[{"step": "x", "label": 0}]]})
    assert item.details == {"first_error": 1, "alternatives": [[{"step": "x", "label": 0}]]}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"labels": [1, -1]}, "labels has 2 entries for 3 steps"),
        ({"labels": [1, 2, None]}, "must be -1, 0, 1 or null, but one is 2"),
        ({"labels": [1, "good", None]}, "must be a number"),
        ({"steps": []}, "nothing to judge"),
        ({"steps": ["a", 3, "c"]}, "Each entry of steps must be text"),
        ({"labels": None, "first_error": 3}, "first_error must be from -1 to 2"),
        ({"steps": ["x"] * 2001, "labels": None}, "2,001 steps; at most 2,000"),
    ],
)
def test_steps_that_do_not_fit_together_are_refused(refuse, columns, reason):
    assert reason in refuse(ROW | columns)
