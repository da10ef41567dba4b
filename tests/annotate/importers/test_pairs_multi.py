"""Pairs that several annotators compared."""

from __future__ import annotations

import pytest

from annotate.answers import ComparisonAnswer

ROW = {
    "prompt": "p",
    "response_a": "one",
    "response_b": "",
    "model_a": "m1",
    "model_b": "m2",
    "annotations": [
        {"annotator": "w1", "label": "a", "strength": 2, "shown_first": "b", "time": "noon"},
        {"annotator": "w2", "label": "tie", "strength": 0, "shown_first": "a", "time": "one"},
        {"annotator": "w1", "label": "b", "comment": " Clearer. "},
    ],
    "majority": "tie",
}


def test_the_files_order_is_kept_with_generators_and_empty_responses(load):
    (item,) = load(ROW)
    assert [response.content for response in item.responses] == ["one", ""]
    assert [response.sources for response in item.responses] == [("m1",), ("m2",)]


def test_each_annotation_is_a_label_with_its_strength_words_and_display_order(load):
    (item,) = load(ROW)
    assert [label.answer for label in item.labels] == [
        ComparisonAnswer("left", 2),
        ComparisonAnswer("tie"),
        ComparisonAnswer("right", 1, rationale="Clearer."),
    ]
    assert [label.shown for label in item.labels] == [(1, 0), (0, 1), None]


def test_a_second_label_of_one_annotator_is_told_apart(load):
    (item,) = load(ROW)
    assert [(label.annotator, label.index) for label in item.labels] == [
        ("w1", 0),
        ("w2", 0),
        ("w1", 1),
    ]


@pytest.mark.parametrize(
    ("columns", "choice"),
    [
        ({"gold": "b", "majority": "a"}, "right"),
        ({"gold": None, "majority": "a"}, "left"),
        ({"majority": None, "annotations": [{"label": "b"}]}, "right"),
    ],
)
def test_gold_comes_before_the_majority_and_that_before_an_only_label(load, columns, choice):
    (item,) = load(ROW | columns)
    assert item.known.choice == choice


def test_without_gold_majority_or_an_only_label_nothing_is_known(load):
    (several,) = load(ROW | {"majority": None})
    (nothing,) = load({"prompt": "p", "response_a": "x", "response_b": "y"})
    assert (several.known, nothing.known, nothing.labels) == (None, None, ())


def test_machine_labels_and_what_else_is_said_stay_in_the_details(load):
    (item,) = load(ROW | {"machine_labels": {"judge": "a"}})
    assert item.details["machine_labels"] == {"judge": "a"}
    assert item.details["annotations"] == [
        {"annotator": "w1", "time": "noon"},
        {"annotator": "w2", "time": "one"},
    ]
    assert len(item.labels) == 3


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"annotations": [{"label": "c"}]}, "must be a, b or tie, but it is 'c'"),
        ({"annotations": [{"label": None}]}, "must be a, b or tie, but it is null"),
        ({"annotations": [{"label": "a", "strength": 9}]}, "strength must be from 0 to 4"),
        ({"annotations": [{"label": "a", "shown_first": "left"}]}, "shown_first must be a or b"),
        ({"annotations": ["a"]}, "must be an object"),
        ({"annotations": "a"}, "must be a list"),
        ({"gold": "left"}, "gold must be a, b or tie"),
        ({"response_b": None}, "response_b must be text, but it is null"),
    ],
)
def test_a_wrong_annotation_refuses_the_row(refuse, columns, reason):
    assert reason in refuse(ROW | columns)
