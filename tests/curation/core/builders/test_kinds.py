"""Ranking, stepwise, outcome and rating rows."""

import math

import pytest

from curation.core.builders.stepwise import render_prompt
from curation.core.errors import RecordError
from curation.core.records import Corpus, Message
from tests.curation.core.small import (
    all_rows,
    build,
    corpus,
    only_row,
    outcome,
    prompt,
    ranking,
    rating,
    response,
    steps,
)


def solution(n_steps: int) -> Corpus:
    texts = tuple(f"step {number}" for number in range(n_steps))
    return corpus([prompt("p", "Solve.")], [response("s", steps=texts)])


def test_rankings_become_tiers_of_indices_in_stored_order() -> None:
    order = ("d", "b", "a")
    built = build(
        "ranking", [ranking("b", "ad", responses=order), ranking("b", "d", "a", responses=order)]
    )
    row = only_row(built)
    assert (row.group, row.item, row.category) == ("p", "i", "")
    assert row.prompt == (Message("user", "Question p?"),)
    assert row.completions == ("Answer d.", "Answer b.", "Answer a.")
    assert row.completion_ids == order
    assert row.tiers == ((1,), (0,), (2,))
    assert row.scores == (-1.25, 0.0, -1.75)
    assert row.votes == 2


def test_an_equal_mean_rank_is_one_tier() -> None:
    row = only_row(build("ranking", [ranking("a", "b", "c"), ranking("b", "a", "c")]))
    assert row.tiers == ((0, 1), (2,))


def test_a_best_worst_answer_is_three_tiers() -> None:
    assert only_row(build("ranking", [ranking("b", "ad", "c")])).tiers == ((1,), (0, 3), (2,))


def test_rankings_without_an_order_are_dropped() -> None:
    assert build("ranking", [ranking("ab")]).dropped == {"tie": 1}
    assert build("ranking", [ranking("a", "b"), ranking("b", "a")]).dropped == {"tie": 1}
    same = corpus([prompt("p")], [response("a", "x"), response("b", "x")])
    assert build("ranking", [ranking("a", "b")], same).dropped == {"identical_responses": 1}


def test_each_step_takes_its_majority_and_neutral_is_no_error() -> None:
    judgments = [steps(1, 0, 1), steps(1, 0, 1), steps(0, 1, -1)]
    row = only_row(build("stepwise", judgments, solution(3)))
    assert row.prompt == "Solve."
    assert row.completions == ("step 0", "step 1", "step 2")
    assert row.ratings == (1, 0, 1)
    assert row.labels == (True, True, True)
    assert row.soft_labels == pytest.approx((1, 1, 2 / 3))
    assert row.votes == (3, 3, 3)
    assert row.first_error == -1


def test_a_row_ends_with_the_first_error() -> None:
    built = build("stepwise", [steps(1, -1, 1, None)], solution(4))
    row = only_row(built)
    assert (row.completions, row.labels, row.first_error) == (
        ("step 0", "step 1"),
        (True, False),
        1,
    )
    assert built.statistics["steps_cut_after_error"] == 2
    assert built.statistics["steps_cut_unlabelled"] == 0


def test_an_even_vote_on_an_error_is_an_error() -> None:
    row = only_row(build("stepwise", [steps(1, 1, 1), steps(1, -1, None)], solution(3)))
    assert (row.ratings, row.soft_labels, row.votes) == ((1, -1), (1.0, 0.5), (2, 2))


def test_unlabelled_steps_join_the_next_label_and_are_cut_at_the_end() -> None:
    built = build("stepwise", [steps(None, None, 1, None, -1, None)], solution(6))
    row = only_row(built)
    assert row.completions == ("step 0\nstep 1\nstep 2", "step 3\nstep 4")
    assert (row.ratings, row.first_error) == ((1, -1), 1)
    assert built.statistics["steps_joined"] == 3
    assert built.statistics["steps_cut_after_error"] == 1
    cut = build("stepwise", [steps(1, None, None)], solution(3))
    assert only_row(cut).completions == ("step 0",)
    assert cut.statistics["steps_cut_unlabelled"] == 2


def test_a_step_that_someone_labelled_is_labelled() -> None:
    row = only_row(build("stepwise", [steps(1, None, 1), steps(1, 0, 1)], solution(3)))
    assert (row.ratings, row.votes) == ((1, 0, 1), (2, 1, 2))


def test_giving_up_and_bad_problems_do_not_count() -> None:
    judgments = [steps(1), steps(status="gave_up"), steps(status="bad_problem")]
    built = build("stepwise", judgments, solution(1))
    assert only_row(built).votes == (1,)
    assert built.statistics["votes_excluded"] == {"bad_problem": 1, "gave_up": 1}
    assert build("stepwise", judgments[1:2], solution(1)).dropped == {"gave_up": 1}
    assert build("stepwise", [steps(None)], solution(1)).dropped == {"no_label": 1}
    assert build("stepwise", [steps()], solution(0)).dropped == {"no_label": 1}


@pytest.mark.parametrize(
    ("labels", "sentence"), [((1,), "labels 1 steps of 2"), ((1, 2), "not -1, 0, 1")]
)
def test_labels_that_do_not_fit_the_steps_are_refused(
    labels: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(RecordError, match=sentence):
        build("stepwise", [steps(*labels)], solution(2))


def test_conversations_are_rendered_as_turns() -> None:
    turns = (Message("system", "Be kind."), Message("user", "Hi"), Message("assistant", "Hello"))
    assert render_prompt(turns) == "System: Be kind.\n\nHuman: Hi\n\nAssistant: Hello"
    assert render_prompt(turns[1:2]) == "Hi"
    assert render_prompt(turns[:1]) == "System: Be kind."


def test_outcomes_go_by_majority_with_the_reference_beside() -> None:
    texts = corpus([prompt("p", reference="42")], [response("a")])
    judgments = [outcome(False), outcome(False), outcome(True)]
    row = only_row(build("outcome", judgments, texts))
    assert (row.label, row.votes, row.reference) == (False, 3, "42")
    assert row.label_probability == pytest.approx(1 / 3)
    assert row.completion == (Message("assistant", "Answer a."),)


def test_an_even_outcome_is_a_tie() -> None:
    assert build("outcome", [outcome(True), outcome(False)]).dropped == {"tie": 1}


def test_ratings_are_means_per_aspect_and_response() -> None:
    judgments = [
        rating(4, aspect="truth"),
        rating(1),
        rating(2),
        rating(5, response="b"),
    ]
    first, second = all_rows(build("rating", judgments))
    assert (first.aspects, first.scores, first.votes) == (
        ("helpfulness", "truth"),
        (1.5, 4.0),
        (2, 1),
    )
    assert (second.completion_id, second.scores) == ("b", (5.0,))


def test_values_that_are_not_finite_are_left_out() -> None:
    built = build("rating", [rating(math.nan), rating(math.inf), rating(3)])
    assert only_row(built).scores == (3.0,)
    assert built.statistics["votes_excluded"] == {"not_finite": 2}
    assert build("rating", [rating(math.nan)]).dropped == {"not_finite": 1}


def test_huge_values_have_a_mean() -> None:
    assert only_row(build("rating", [rating(1e308), rating(1.5e308)])).scores == (1.25e308,)
