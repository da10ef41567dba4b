"""Answers: what is taken, what is refused and why, and the undoing of the display order."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.answers import (
    CHOICES,
    KINDS,
    SCALES,
    AnswerError,
    ComparisonAnswer,
    ItemShape,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
    answer_to_json,
    parse_answer,
    to_shown,
    to_stored,
)

PAIR = ItemShape("comparison", scale="llama2")
FOUR = ItemShape("ranking", n_responses=4)
RATED = ItemShape("rating", n_responses=2, aspects=("helpfulness", "honesty"))
FREE = ItemShape("rating", n_responses=1)
STEPS = ItemShape("steps", n_responses=1, n_steps=4)
MACHINE = replace(STEPS, by_machine=True)
RESULT = ItemShape("outcome", n_responses=1)
NUL, LONE = "a\0b", "\ud800"

TAKEN = [
    (PAIR, {"choice": "left", "strength": 1}, ComparisonAnswer("left", 1)),
    (PAIR, {"choice": "right", "strength": 4}, ComparisonAnswer("right", 4)),
    *((PAIR, {"choice": c}, ComparisonAnswer(c)) for c in CHOICES if c not in ("left", "right")),
    (PAIR, {"choice": "tie", "strength": None}, ComparisonAnswer("tie")),
    (
        PAIR,
        {"choice": "tie", "aspects": {"style": "left"}},
        ComparisonAnswer("tie", None, {"style": "left"}),
    ),
    (PAIR, {"choice": "tie", "rationale": "  same \n"}, ComparisonAnswer("tie", rationale="same")),
    (FOUR, {"tiers": [[2], [3, 0], [1]]}, RankingAnswer(((2,), (0, 3), (1,)))),
    (FOUR, {"tiers": [[0, 1, 2, 3]]}, RankingAnswer(((0, 1, 2, 3),))),
    (FOUR, {"best": 2, "worst": 1}, RankingAnswer(((2,), (0, 3), (1,)), True)),
    (
        ItemShape("ranking", n_responses=2),
        {"best": 1, "worst": 0},
        RankingAnswer(((1,), (0,)), True),
    ),
    (
        RATED,
        {"ratings": {"helpfulness": [4, 2], "honesty": [1, 5]}},
        RatingAnswer({"helpfulness": (4.0, 2.0), "honesty": (1.0, 5.0)}),
    ),
    (FREE, {"ratings": {"anything": [2.5]}}, RatingAnswer({"anything": (2.5,)})),
    (STEPS, {"labels": [1, 0, -1, None]}, StepsAnswer((1, 0, -1, None))),
    (STEPS, {"labels": [-1, None, 1, 0]}, StepsAnswer((-1, None, 1, 0))),
    (STEPS, {"labels": [None, None, None, 1]}, StepsAnswer((None, None, None, 1))),
    (STEPS, {"give_up": "too hard"}, StepsAnswer(give_up="too hard")),
    (STEPS, {"bad_problem": "no question"}, StepsAnswer(bad_problem="no question")),
    (
        MACHINE,
        {"labels": [1, -1, 1, None], "soft": [0.375, 0, 1, None], "trials": [8, 8, 0, 0]},
        StepsAnswer((1, -1, 1, None), soft=(0.375, 0.0, 1.0, None), trials=(8, 8, 0, 0)),
    ),
    (MACHINE, {"labels": [1, 0, -1, None]}, StepsAnswer((1, 0, -1, None))),
    (RESULT, {"correct": False}, OutcomeAnswer(False)),
    (RESULT, {"correct": True, "rationale": "x"}, OutcomeAnswer(True, "x")),
]

REFUSED = [
    (PAIR, None, "answer"),
    (PAIR, [], "answer"),
    (PAIR, "left", "answer"),
    (PAIR, {}, "choice"),
    (PAIR, {"choice": "up"}, "choice"),
    (PAIR, {"choice": ["left"]}, "choice"),
    (PAIR, {"choice": "left"}, "strength"),
    (PAIR, {"choice": "left", "strength": 0}, "strength"),
    (PAIR, {"choice": "left", "strength": 5}, "strength"),
    (PAIR, {"choice": "left", "strength": 1.0}, "strength"),
    (PAIR, {"choice": "left", "strength": True}, "strength"),
    (PAIR, {"choice": "left", "strength": "1"}, "strength"),
    (PAIR, {"choice": "tie", "strength": 1}, "strength"),
    (PAIR, {"choice": "unsafe", "strength": 1}, "strength"),
    (PAIR, {"choice": "tie", "aspects": ["style"]}, "aspects"),
    (PAIR, {"choice": "tie", "aspects": {"style": "up"}}, "aspects"),
    (PAIR, {"choice": "tie", "aspects": {"style": None}}, "aspects"),
    (PAIR, {"choice": "tie", "aspects": {"": "left"}}, "aspects"),
    (PAIR, {"choice": "tie", "aspects": {"a" * 201: "left"}}, "aspects"),
    (PAIR, {"choice": "tie", "aspects": {NUL: "left"}}, "aspects"),
    (PAIR, {"choice": "tie", "rationale": 5}, "rationale"),
    (PAIR, {"choice": "tie", "rationale": NUL}, "rationale"),
    (PAIR, {"choice": "tie", "rationale": LONE}, "rationale"),
    (PAIR, {"choice": "tie", "rationale": "x" * 10_001}, "rationale"),
    (PAIR, {"choice": "tie", "tiers": [[0], [1]]}, "tiers"),
    (PAIR, {"correct": True}, "correct"),
    (FOUR, {}, "best"),
    (FOUR, {"tiers": []}, "tiers"),
    (FOUR, {"tiers": [[0, 1, 2, 3], []]}, "tiers"),
    (FOUR, {"tiers": [[0], [1], [2]]}, "tiers"),
    (FOUR, {"tiers": [[0], [1], [2], [2]]}, "tiers"),
    (FOUR, {"tiers": [[0], [1], [2], [4]]}, "tiers"),
    (FOUR, {"tiers": [[0], [1], [2], [3.0]]}, "tiers"),
    (FOUR, {"tiers": [[False], [1], [2], [3]]}, "tiers"),
    (FOUR, {"tiers": [0, 1, 2, 3]}, "tiers"),
    (FOUR, {"tiers": "0123"}, "tiers"),
    (FOUR, {"tiers": [["0"], [1], [2], [3]]}, "tiers"),
    (FOUR, {"tiers": [[0, 1, 2, 3]], "best": 0, "worst": 1}, "tiers"),
    (FOUR, {"best": 1}, "worst"),
    (FOUR, {"best": 1, "worst": 1}, "worst"),
    (FOUR, {"best": 4, "worst": 1}, "best"),
    (FOUR, {"best": -1, "worst": 1}, "best"),
    (FOUR, {"best": True, "worst": 0}, "best"),
    (RATED, {}, "ratings"),
    (RATED, {"ratings": {}}, "ratings"),
    (RATED, {"ratings": [4, 2]}, "ratings"),
    (RATED, {"ratings": {"helpfulness": [4, 2]}}, "ratings"),
    (RATED, {"ratings": {"helpfulness": [4, 2], "style": [1, 1]}}, "ratings"),
    (RATED, {"ratings": {"helpfulness": [4], "honesty": [1, 1]}}, "ratings"),
    (RATED, {"ratings": {"helpfulness": 4, "honesty": [1, 1]}}, "ratings"),
    *(
        (FREE, {"ratings": {"any": [value]}}, "ratings")
        for value in (0, 6, -1, math.nan, math.inf, "3", None, True, 10**400)
    ),
    (STEPS, {}, "labels"),
    (STEPS, {"labels": [1, 1, 1]}, "labels"),
    (STEPS, {"labels": [1, 1, 1, 2]}, "labels"),
    (STEPS, {"labels": [1, 1, 1, 1.0]}, "labels"),
    (STEPS, {"labels": [1, 1, 1, True]}, "labels"),
    (STEPS, {"labels": [1, 1, 1, "1"]}, "labels"),
    (STEPS, {"labels": [None] * 4}, "labels"),
    (STEPS, {"labels": "1111"}, "labels"),
    (STEPS, {"labels": [1] * 4, "give_up": "x"}, "labels"),
    (STEPS, {"give_up": "x", "bad_problem": "y"}, "labels"),
    (STEPS, {"give_up": " "}, "give_up"),
    (STEPS, {"give_up": True}, "give_up"),
    (STEPS, {"bad_problem": ""}, "bad_problem"),
    (STEPS, {"labels": [1] * 4, "soft": [1] * 4, "trials": [1] * 4}, "soft"),
    (STEPS, {"labels": [1] * 4, "trials": [1] * 4}, "trials"),
    (replace(RESULT, by_machine=True), {"correct": True, "soft": [1]}, "soft"),
    *(
        (MACHINE, {"labels": [1] * 4, "soft": [1] * 4, "trials": [1] * 4} | wrong, field)
        for wrong, field in (
            ({"soft": [1] * 3}, "soft"),
            ({"soft": [1, 1, 1, 1.5]}, "soft"),
            ({"soft": [1, 1, 1, -0.5]}, "soft"),
            ({"soft": [1, 1, 1, math.nan]}, "soft"),
            ({"soft": [1, 1, 1, True]}, "soft"),
            ({"soft": [1, 1, 1, None]}, "soft"),
            ({"soft": None}, "soft"),
            ({"trials": [1] * 5}, "trials"),
            ({"trials": [1, 1, 1, -1]}, "trials"),
            ({"trials": [1, 1, 1, 0.5]}, "trials"),
            ({"trials": [1, 1, 1, None]}, "trials"),
            ({"trials": [1, 1, 1, 1_000_001]}, "trials"),
            ({"labels": [1] * 5}, "labels"),
        )
    ),
    (MACHINE, {"give_up": "x", "soft": [1] * 4, "trials": [1] * 4}, "soft"),
    (RESULT, {}, "correct"),
    (RESULT, {"correct": 1}, "correct"),
    (RESULT, {"correct": "true"}, "correct"),
    (RESULT, {"correct": None}, "correct"),
]


@pytest.mark.parametrize(("shape", "payload", "answer"), TAKEN)
def test_taken(shape, payload, answer):
    assert parse_answer(payload, shape) == answer


@pytest.mark.parametrize(("shape", "payload", "answer"), TAKEN)
def test_what_is_written_is_read_again(shape, payload, answer):
    assert parse_answer(answer_to_json(answer), shape) == answer


@pytest.mark.parametrize(("shape", "payload", "field"), REFUSED, ids=lambda v: repr(v)[:40])
def test_refused_with_the_part_that_is_wrong(shape, payload, field):
    with pytest.raises(AnswerError) as refusal:
        parse_answer(payload, shape)
    assert refusal.value.field == field
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(("scale", "most"), SCALES.items())
def test_each_scale_has_its_strengths(scale, most):
    shape = ItemShape("comparison", scale=scale)
    assert parse_answer({"choice": "left", "strength": most}, shape).strength == most
    with pytest.raises(AnswerError):
        parse_answer({"choice": "left", "strength": most + 1}, shape)


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["left", "tie"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choice",
                    "strength",
                    "aspects",
                    "tiers",
                    "best",
                    "worst",
                    "ratings",
                    "labels",
                    "give_up",
                    "bad_problem",
                    "correct",
                    "rationale",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(payload=junk, kind=st.sampled_from(KINDS))
def test_whatever_comes_is_taken_or_refused(payload, kind):
    shape = ItemShape(kind, n_responses=3, n_steps=2, scale="llama2")
    try:
        answer = parse_answer(payload, shape)
    except AnswerError:
        return
    assert parse_answer(answer_to_json(answer), shape) == answer


# --- display order --------------------------------------------------------------------------
def comparisons():
    choice = st.sampled_from(CHOICES)
    sided = st.builds(
        ComparisonAnswer,
        st.sampled_from(["left", "right"]),
        st.integers(1, 4),
        st.dictionaries(st.text(min_size=1, max_size=5), choice),
    )
    return st.tuples(sided | st.builds(ComparisonAnswer, choice), st.permutations([0, 1]))


@st.composite
def rankings(draw):
    n = draw(st.integers(2, 7))
    places, cuts = draw(st.permutations(range(n))), draw(st.sets(st.integers(1, n - 1)))
    edges = [0, *sorted(cuts), n]
    tiers = tuple(tuple(sorted(places[a:b])) for a, b in pairwise(edges))
    return RankingAnswer(tiers), draw(st.permutations(range(n)))


@st.composite
def ratings(draw):
    n = draw(st.integers(1, 5))
    row = st.lists(st.floats(1, 5), min_size=n, max_size=n).map(tuple)
    answer = RatingAnswer(draw(st.dictionaries(st.text(max_size=5), row, min_size=1)))
    return answer, draw(st.permutations(range(n)))


orders = comparisons() | rankings() | ratings()


@given(orders)
def test_storing_undoes_showing(pair):
    answer, order = pair
    assert to_stored(to_shown(answer, order), order) == answer
    assert to_shown(to_stored(answer, order), order) == answer


def test_a_mirrored_comparison_is_mirrored_with_its_aspects():
    shown = ComparisonAnswer("left", 3, {"style": "right", "facts": "tie", "tone": "left"}, "why")
    stored = ComparisonAnswer("right", 3, {"style": "left", "facts": "tie", "tone": "right"}, "why")
    assert to_stored(shown, [1, 0]) == stored
    assert to_stored(shown, [0, 1]) == shown


@pytest.mark.parametrize("choice", [c for c in CHOICES if c not in ("left", "right")])
def test_what_has_no_side_is_not_mirrored(choice):
    assert to_stored(ComparisonAnswer(choice), [1, 0]) == ComparisonAnswer(choice)


def test_places_on_the_screen_become_places_in_store():
    order = [2, 0, 1]  # the first place on the screen shows the third response in store
    assert to_stored(RankingAnswer(((0,), (1, 2))), order) == RankingAnswer(((2,), (0, 1)))
    assert to_stored(RatingAnswer({"a": (5.0, 3.0, 1.0)}), order) == RatingAnswer(
        {"a": (3.0, 1.0, 5.0)}
    )
    best_worst = RankingAnswer(((0,), (1,), (2,)), True)
    assert to_stored(best_worst, order) == RankingAnswer(((2,), (0,), (1,)), True)


@pytest.mark.parametrize("answer", [StepsAnswer((1, -1)), OutcomeAnswer(True)])
def test_what_shows_one_response_has_no_order(answer):
    assert to_stored(answer, [0]) == answer


@pytest.mark.parametrize(
    ("kind", "protocol", "changes"),
    [
        ("comparison", "eight", {"scale": "eight"}),
        ("steps", "points-5", {"step_points": 5}),
        ("steps", "signs", {"step_points": 0}),
        ("rating", "-3..7", {"rating_range": (-3, 7)}),
        ("ranking", "best_worst", {"best_worst": True}),
        ("ranking", "order", {"best_worst": False}),
        ("steps", "llama2", {"step_points": 0}),
        ("outcome", "", {}),
    ],
)
def test_a_stored_protocol_decides_the_shape(kind, protocol, changes):
    shape = ItemShape(kind, step_points=3, best_worst=True)
    assert shape.on(protocol) == replace(shape, **changes)


def test_a_likert_scale_takes_its_points_for_every_step():
    shape = ItemShape("steps", n_steps=3, step_points=5)
    assert parse_answer({"labels": [1, 5, 3]}, shape).labels == (1, 5, 3)
    for labels in ([0, 1, 2], [1, 2, 6], [-1, 1, 1], [1, 2, None]):
        with pytest.raises(AnswerError):
            parse_answer({"labels": labels}, shape)


def test_a_project_may_ask_for_every_step():
    shape = ItemShape("steps", n_steps=2, all_steps=True)
    assert parse_answer({"labels": [-1, 1]}, shape).labels == (-1, 1)
    with pytest.raises(AnswerError, match="every step"):
        parse_answer({"labels": [-1, None]}, shape)


def test_a_project_that_asks_for_aspects_takes_no_other():
    shape = ItemShape("comparison", aspects=("helpful", "harmless"))
    answer = {"choice": "left", "strength": 1, "aspects": {"helpful": "right"}}
    assert parse_answer(answer, shape).aspects == {"helpful": "right"}
    with pytest.raises(AnswerError, match="helpful, harmless"):
        parse_answer(answer | {"aspects": {"tone": "left"}}, shape)
