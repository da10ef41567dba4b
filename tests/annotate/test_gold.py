"""Whether an answer to a gold item is right."""

from __future__ import annotations

import pytest

from annotate.answers import (
    ComparisonAnswer,
    OutcomeAnswer,
    RankingAnswer,
    RatingAnswer,
    StepsAnswer,
    as_signs,
)
from annotate.gold import is_right


@pytest.mark.parametrize(
    ("choice", "known", "right"),
    [
        ("left", "left", True),
        ("right", "left", False),
        ("tie", "left", False),
        ("both_bad", "tie", True),
        ("cannot_judge", "tie", False),
        ("unsafe", "unsafe", True),
    ],
)
def test_a_comparison_is_right_on_the_same_side(choice, known, right):
    assert is_right(ComparisonAnswer(choice), ComparisonAnswer(known)) is right


def test_the_strength_of_a_preference_does_not_matter():
    assert is_right(ComparisonAnswer("left", 1), ComparisonAnswer("left", 4))


@pytest.mark.parametrize(
    ("tiers", "right"),
    [
        (((0,), (1,), (2,), (3,)), True),
        (((1,), (0,), (2,), (3,)), True),
        (((3,), (2,), (1,), (0,)), False),
        (((0, 1, 2, 3),), False),
    ],
)
def test_a_ranking_is_right_when_it_orders_most_pairs_alike(tiers, right):
    known = RankingAnswer(((0,), (1,), (2,), (3,)))
    assert is_right(RankingAnswer(tiers), known) is right


def test_a_best_worst_answer_must_hold_both_ends():
    known = RankingAnswer(((0, 1), (2,), (3,)))
    assert is_right(RankingAnswer(((1,), (0, 2), (3,)), best_worst=True), known)
    assert not is_right(RankingAnswer(((1,), (0, 3), (2,)), best_worst=True), known)


def test_a_ranking_of_ties_wants_ties():
    known = RankingAnswer(((0, 1),))
    assert is_right(RankingAnswer(((0, 1),)), known)
    assert not is_right(RankingAnswer(((0,), (1,))), known)


def test_the_tolerance_of_a_rating_follows_the_length_of_its_scale():
    known, answer = RatingAnswer({"help": (0.9,)}), RatingAnswer({"help": (0.5,)})
    assert not is_right(answer, known, rating_range=(0, 1))
    assert is_right(RatingAnswer({"help": (0.7,)}), known, rating_range=(0, 1))


def test_a_rating_may_be_one_off_on_the_aspects_that_both_have():
    known = RatingAnswer({"help": (4.0,), "other": (1.0,)})
    assert is_right(RatingAnswer({"help": (5.0,)}), known)
    assert not is_right(RatingAnswer({"help": (2.0,)}), known)
    assert not is_right(RatingAnswer({"tone": (4.0,)}), known)


def test_steps_are_right_when_the_first_error_is_the_same():
    known = StepsAnswer((1, 0, -1, None))
    assert is_right(StepsAnswer((0, 1, -1, None)), known)
    assert not is_right(StepsAnswer((1, -1, None, None)), known)
    assert not is_right(StepsAnswer(give_up="too long"), known)
    assert is_right(StepsAnswer(bad_problem="no answer"), StepsAnswer(bad_problem="x"))


def test_an_outcome_is_right_or_wrong():
    assert is_right(OutcomeAnswer(True), OutcomeAnswer(True))
    assert not is_right(OutcomeAnswer(True), OutcomeAnswer(False))


def test_answers_of_two_kinds_never_agree():
    assert not is_right(OutcomeAnswer(True), ComparisonAnswer("left"))


@pytest.mark.parametrize(
    ("points", "labels", "signs"),
    [
        (0, (1, 0, -1, None), (1, 0, -1, None)),
        (2, (1, 2), (-1, 1)),
        (3, (1, 2, 3), (-1, 0, 1)),
        (5, (1, 2, 3, 4, 5, None), (-1, -1, 0, 1, 1, None)),
    ],
)
def test_points_become_signs_by_thirds(points, labels, signs):
    assert as_signs(StepsAnswer(labels), points).labels == signs
