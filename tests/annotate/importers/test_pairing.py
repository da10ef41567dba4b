"""The stored order of a pair, shared turns, gaps and verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.answers import MAX_TEXT, RankingAnswer
from annotate.importers.pairing import (
    gap_of,
    rationale,
    split_conversations,
    stored_order,
    verdict,
)
from annotate.importers.records import Message, RowError

text = st.text(st.characters(exclude_categories=["Cs"]))


@given(text, text)
def test_the_stored_order_does_not_depend_on_which_text_is_named_first(one, other):
    first = [(one, other)[k] for k in stored_order(one, other)]
    second = [(other, one)[k] for k in stored_order(other, one)]
    assert first == second


def test_the_first_text_is_stored_left_about_half_of_the_time():
    kept = sum(stored_order(f"good {k}", f"bad {k}") == (0, 1) for k in range(2000))
    assert 900 < kept < 1100


def test_a_text_has_no_fixed_side():
    kept = sum(stored_order("I do not know.", f"answer {k}") == (0, 1) for k in range(2000))
    assert 900 < kept < 1100


def turns(*contents):
    return [Message(("user", "assistant")[k % 2], content) for k, content in enumerate(contents)]


def test_the_shared_part_ends_before_the_first_answer_that_differs():
    prompt, first, second = split_conversations(
        turns("a", "b", "c", "d"), turns("a", "b", "c", "e")
    )
    assert (list(prompt), first, second) == (turns("a", "b", "c"), "d", "e")


def test_a_continuation_of_several_turns_is_written_out():
    _, first, second = split_conversations(turns("a", "b", "c", "d"), turns("a", "x"))
    assert (first, second) == ("b\n\nHuman: c\n\nAssistant: d", "x")


@pytest.mark.parametrize("longer", [("a", "b", "c", "d"), ("a", "b", "c")])
def test_a_conversation_that_only_goes_on_is_cut_back_to_an_answer(longer):
    prompt, first, second = split_conversations(turns("a", "b"), turns(*longer))
    assert (list(prompt), first) == (turns("a"), "b")
    assert second.startswith("b\n\nHuman: c")


def test_equal_conversations_differ_in_nothing_but_keep_their_answer():
    assert split_conversations(turns("a", "b"), turns("a", "b"))[1:] == ("b", "b")


def test_conversations_without_a_common_question_are_refused():
    with pytest.raises(RowError, match="share no turn"):
        split_conversations(turns("a", "b"), turns("x", "b"))


@pytest.mark.parametrize(
    ("row", "gap"),
    [
        ({}, None),
        ({"margin": -1.5}, 1.5),
        ({"rank_gap": "2"}, 2.0),
        ({"score_chosen": 8, "score_rejected": 5.5}, 2.5),
        ({"chosen_score": 8, "rejected_score": None}, None),
    ],
)
def test_the_gap_comes_from_the_usual_columns(row, gap):
    assert gap_of(row) == gap


def test_a_gap_must_be_a_number():
    with pytest.raises(RowError, match="margin must be a number, but it is 'wide'"):
        gap_of({"margin": "wide"})


def test_a_ranking_tells_the_better_of_two_or_a_tie():
    ranking = RankingAnswer(((2,), (0, 1)))
    choices = [verdict(ranking, *pair).choice for pair in [(2, 0), (0, 2), (0, 1)]]
    assert choices == ["left", "right", "tie"]


def test_a_rationale_is_cut_to_what_an_answer_holds():
    assert len(rationale({"comment": "x" * (MAX_TEXT + 5)})) == MAX_TEXT
