"""Between a form's flat fields and an answer: what goes in comes out again."""

from __future__ import annotations

import pytest

from annotate.answers import AnswerError, ItemShape, answer_to_json, parse_answer
from annotate.views.answer_fields import answer_fields, answer_payload, draft_fields

PAIR = ItemShape("comparison", scale="llama2", aspects=("helpful", "truthful", "harmless"))
ORDER = ItemShape("ranking", n_responses=4)
ENDS = ItemShape("ranking", n_responses=4, best_worst=True)
TWO_ENDS = ItemShape("ranking", n_responses=2, best_worst=True)
RATED = ItemShape("rating", n_responses=2, aspects=("tone", "facts"), rating_range=(-3, 3))
SIGNS = ItemShape("steps", n_responses=1, n_steps=3)
LIKERT = ItemShape("steps", n_responses=1, n_steps=3, step_points=5)
ALL = ItemShape("steps", n_responses=1, n_steps=3, all_steps=True)
RESULT = ItemShape("outcome", n_responses=1)

ANSWERS = [
    (PAIR, {"choice": "left", "strength": 2}),
    (PAIR, {"choice": "tie", "aspects": {"truthful": "left", "harmless": "tie"}}),
    (PAIR, {"choice": "unsafe", "aspects": {"helpful": "both_bad"}, "rationale": "Both."}),
    (ORDER, {"tiers": [[2], [0, 3], [1]]}),
    (ENDS, {"best": 3, "worst": 0}),
    (TWO_ENDS, {"tiers": [[1], [0]]}),
    (RATED, {"ratings": {"tone": [-3, 0], "facts": [3, -1]}}),
    (SIGNS, {"labels": [1, -1, None]}),
    (SIGNS, {"give_up": "Too long."}),
    (SIGNS, {"bad_problem": "No question."}),
    (LIKERT, {"labels": [5, 1, 3]}),
    (ALL, {"labels": [1, -1, 0]}),
    (RESULT, {"correct": False, "rationale": "Off by one."}),
]


@pytest.mark.parametrize(("shape", "payload"), ANSWERS)
def test_fields_of_an_answer_give_the_same_answer(shape, payload):
    answer = parse_answer(payload, shape)
    fields = answer_fields(answer, shape)
    assert all(isinstance(value, str) for value in fields.values())
    again = parse_answer(answer_payload(fields, shape), shape)
    assert answer_to_json(again) == answer_to_json(answer)


def test_ratings_find_their_rows_by_name():
    answer = parse_answer({"ratings": {"facts": [1, 2], "tone": [0, -1]}}, RATED)
    fields = answer_fields(answer, RATED)
    rows = {"rating-0-0": "0", "rating-1-0": "-1", "rating-0-1": "1", "rating-1-1": "2"}
    assert rows.items() <= fields.items()


def test_a_full_order_fills_in_the_best_and_the_worst():
    answer = parse_answer({"tiers": [[2], [0, 3], [1]]}, ENDS)
    assert {"best": "2", "worst": "1"}.items() <= answer_fields(answer, ENDS).items()


def test_an_order_that_ties_at_an_end_fills_in_neither_end():
    answer = parse_answer({"tiers": [[0, 2], [3], [1]]}, ENDS)
    assert not {"best", "worst"} & set(answer_fields(answer, ENDS))


def test_a_complete_answer_kept_as_a_draft_is_shown():
    draft = {"choice": "tie", "aspects": {"harmless": "right"}}
    assert draft_fields(draft, PAIR) == {"grade": "tie", "aspect-2": "right", "rationale": ""}


@pytest.mark.parametrize(
    ("shape", "fields", "field"),
    [
        (ENDS, {}, "best"),
        (ENDS, {"best": "x", "worst": "1"}, "best"),
        (ENDS, {"best": "1"}, "worst"),
        (ENDS, {"best": "1", "worst": "1"}, "worst"),
        (ENDS, {"best": "1", "worst": "4"}, "worst"),
        (RATED, {"rating-0-0": "1", "rating-1-0": "", "rating-0-1": "1", "rating-1-1": "1"}, None),
        (RATED, {f"rating-{k}-{j}": "4" for k in (0, 1) for j in (0, 1)}, None),
        (LIKERT, {"label-0": "5", "label-1": "1"}, "labels"),
        (LIKERT, {"label-0": "5", "label-1": "1", "label-2": "6"}, "labels"),
        (LIKERT, {"label-0": "5", "label-1": "-1", "label-2": "3"}, "labels"),
        (ALL, {"label-0": "1", "label-2": "1"}, "labels"),
        (PAIR, {"grade": "tie", "aspect-0": "up"}, "aspects"),
    ],
)
def test_fields_that_are_missing_or_impossible_are_refused(shape, fields, field):
    with pytest.raises(AnswerError) as refusal:
        parse_answer(answer_payload(fields, shape), shape)
    assert refusal.value.field == (field or "ratings")


def test_the_step_without_a_label_is_named():
    with pytest.raises(AnswerError, match="Number 2 has no label yet"):
        answer_payload({"label-0": "1", "label-2": "1"}, ALL)
