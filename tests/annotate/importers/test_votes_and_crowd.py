"""Logs of votes and labels that name what was judged and hold no texts."""

from __future__ import annotations

import pytest

from annotate.answers import ComparisonAnswer, RatingAnswer

VOTE = {"item": "q1", "model_a": "m1", "model_b": "m2", "winner": "model_b", "annotator": "w7"}


def test_a_vote_compares_the_names(load):
    (item,) = load(VOTE)
    assert [response.content for response in item.responses] == ["m1", "m2"]
    assert item.prompt.messages[0].content == "q1"
    assert item.labels[0].annotator == "w7"
    assert item.labels[0].answer == item.known == ComparisonAnswer("right", 1)


def test_a_tied_vote_has_no_strength(load):
    (item,) = load(VOTE | {"winner": "tie"})
    assert item.known == ComparisonAnswer("tie")


def test_an_unknown_winner_is_refused(refuse):
    assert "winner must be one of model_a, model_b, tie" in refuse(VOTE | {"winner": "both"})


@pytest.mark.parametrize("label", [1, 0.5, -66.0, "3"])
def test_a_number_becomes_a_rating(load, label):
    (item,) = load({"item": "q1", "annotator": "w1", "label": label})
    assert item.kind == "rating"
    assert item.labels[0].answer == RatingAnswer({"label": (float(label),)})


def test_gold_is_known_and_nobodys_judgment(load):
    (item,) = load({"item": "q1", "gold": 1})
    assert (item.labels, item.known) == ((), RatingAnswer({"label": (1.0,)}))


def test_class_names_are_refused_with_the_way_to_go(refuse):
    assert "aggregate_labels" in refuse({"item": "q1", "annotator": "w1", "label": "PG"})


def test_a_row_with_texts_is_no_bare_label(load):
    row = {"item": "q1", "prompt": "2+2?", "response": "4", "correct": True}
    assert load(row)[0].kind == "outcome"
