"""Responses that several annotators rated."""

from __future__ import annotations

import pytest

from annotate.answers import RatingAnswer


def rating(annotator, aspect, value, **more):
    return {"annotator": annotator, "aspect": aspect, "value": value, **more}


def row(*ratings, **columns):
    return {"prompt": "p", "response": "r", "ratings": list(ratings), **columns}


def test_all_that_an_annotator_rated_is_one_label(load):
    given = [("w1", "clear", 4), ("w2", "clear", 2), ("w1", "true", 5), ("w2", "true", 1)]
    (item,) = load(row(*(rating(*entry) for entry in given)))
    assert [(label.annotator, label.answer.ratings) for label in item.labels] == [
        ("w1", {"clear": (4.0,), "true": (5.0,)}),
        ("w2", {"clear": (2.0,), "true": (1.0,)}),
    ]


def test_the_known_answer_is_the_median_of_each_aspect(load):
    given = [("w1", "a", 1), ("w2", "a", 5), ("w3", "a", 2), ("w1", "b", 0), ("w2", "b", 1)]
    (item,) = load(row(*(rating(*entry) for entry in given)))
    assert item.known == RatingAnswer({"a": (2.0,), "b": (0.5,)})


def test_rating_an_aspect_again_makes_a_second_label(load):
    given = [("w1", "a", 1), ("w1", "a", 3), ("w1", "b", 2)]
    (item,) = load(row(*(rating(*entry) for entry in given)))
    assert [(label.index, dict(label.answer.ratings)) for label in item.labels] == [
        (0, {"a": (1.0,), "b": (2.0,)}),
        (1, {"a": (3.0,)}),
    ]


def test_yes_no_and_unsure_become_numbers_and_say_so(load):
    (item,) = load(row(rating("pos1", "safe", "Yes"), rating("pos2", "safe", "Unsure")))
    assert [label.answer.ratings["safe"] for label in item.labels] == [(1.0,), (0.5,)]
    assert item.details["words"] == {"Unsure": 0.5, "Yes": 1.0}


def test_ids_that_only_count_are_marked_as_positions(load):
    (item,) = load(row(rating("wid_0", "a", 1), rating(1, "a", 1), rating("w1", "a", 1)))
    assert [label.positional for label in item.labels] == [True, True, False]


def test_the_annotator_named_known_is_an_oracle(load):
    (item,) = load(row(rating("w1", "a", 1), rating("known", "a", 5), rating("w2", "a", 1)))
    assert item.known == RatingAnswer({"a": (5.0,)})
    assert [label.annotator for label in item.labels] == ["w1", "known", "w2"]


@pytest.mark.parametrize("gold", [3, {"a": 3}])
def test_gold_wins(load, gold):
    (item,) = load(row(rating("w1", "a", 1), gold=gold))
    assert item.known == RatingAnswer({"a": (3.0,)})


def test_comments_are_the_rationale_under_the_name_of_their_aspect(load):
    entries = [rating("e1", "a", 1, comment="Good."), rating("e1", "b", 0, comment="Bad. ")]
    (item,) = load(row(*entries))
    assert item.labels[0].answer.rationale == "a: Good.\nb: Bad."


def test_what_else_a_rating_says_stays_in_the_details(load):
    (item,) = load(row(rating("r1", "penalty", 1.5, errors=["Minor"]), rating("r2", "penalty", 0)))
    assert item.details["annotations"] == [
        {"annotator": "r1", "aspect": "penalty", "errors": ["Minor"]}
    ]


def test_the_system_column_names_the_generator_here(load):
    (item,) = load(row(system="m1", system_prompt="Be short.", reference="ref"))
    assert item.responses[0].sources == ("m1",)
    assert [turn.role for turn in item.prompt.messages] == ["system", "user"]
    assert (item.prompt.reference, item.labels, item.known) == ("ref", (), None)


def test_a_rating_without_a_value_is_no_label(load):
    (item,) = load(row(rating("w1", "a", None)))
    assert (item.labels, item.known) == ((), None)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(rating("w1", "a", "great")), "must be a number, but it is 'great'"),
        (row(rating("w1", None, 1)), "aspect of each rating must be text"),
        (row("five"), "must be an object"),
        (row() | {"response": None}, "does not carry the rated text"),
        (row(rating("w1", "a", 1), rating("w1", "b", 1), gold=3), "object of aspect: value"),
    ],
)
def test_a_wrong_rating_refuses_the_row(refuse, bad, reason):
    assert reason in refuse(bad)
