"""Responses that are right or wrong."""

from __future__ import annotations

import pytest

from annotate.answers import OutcomeAnswer

ROW = {"prompt": "2+2?", "response": "4", "correct": True, "model": "m1", "reference": "4"}


def test_an_outcome_shows_its_reference_beside_the_prompt(load):
    (item,) = load(ROW)
    assert item.kind == "outcome"
    assert item.prompt.reference == "4"
    assert item.responses[0].sources == ("m1",)
    assert item.known == item.labels[0].answer == OutcomeAnswer(True)


@pytest.mark.parametrize(("value", "correct"), [("false", False), (1, True), ("No", False)])
def test_cells_and_bits_are_truths(load, value, correct):
    (item,) = load(ROW | {"correct": value})
    assert item.known == OutcomeAnswer(correct)


def test_an_unjudged_response_is_an_item_to_judge(load):
    (item,) = load(ROW | {"correct": None})
    assert (item.labels, item.known) == ((), None)


def test_the_annotator_and_their_words_are_kept(load):
    (item,) = load(ROW | {"annotator": "w1", "rationale": "Counted."})
    assert item.labels[0].annotator == "w1"
    assert item.labels[0].answer == OutcomeAnswer(True, "Counted.")


def test_what_is_no_truth_is_refused(refuse):
    assert "correct must be true or false" in refuse(ROW | {"correct": "maybe"})
