"""Conversations judged turn by turn."""

from __future__ import annotations

import json

import pytest

from annotate.answers import StepsAnswer
from annotate.models import Item, Response
from annotate.services import import_file
from tests.factories import ProjectFactory

TURNS = [
    {"role": "assistant", "content": "Which city?"},
    {"role": "user", "content": "Bern."},
    {"role": "assistant", "content": "Take the train."},
]
ROW = {"prompt": "How do I get there?", "turns": TURNS, "labels": [1, -1], "model": "m1"}


def test_the_assistant_s_turns_are_labelled(load):
    (item,) = load(ROW)
    (conversation,) = item.responses
    assert item.kind == "steps"
    assert [turn.role for turn in conversation.turns] == ["assistant", "user", "assistant"]
    assert conversation.content == "Which city?\n\nHuman: Bern.\n\nAssistant: Take the train."
    assert item.known == item.labels[0].answer == StepsAnswer((1, -1))
    assert conversation.sources == ("m1",)


def test_unlabelled_turns_are_an_item_to_label(load):
    (item,) = load({"prompt": "p", "turns": TURNS})
    assert (item.known, item.labels) == (None, ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"turns": []}, "list of messages"),
        ({"turns": TURNS[:2]}, "end with the assistant"),
        ({"turns": [{"role": "system", "content": "x"}, *TURNS]}, "system"),
        ({"labels": [1]}, "1 entries for 2"),
    ],
)
def test_what_cannot_be_labelled_is_refused(refuse, changes, reason):
    assert reason in refuse(ROW | changes)


@pytest.mark.django_db
def test_turns_are_stored_with_the_response(write):
    project = ProjectFactory()
    report = import_file(project, write("turns.jsonl", json.dumps(ROW)), by=None)
    assert (report.items, report.judgments) == (1, 1)
    response = Response.objects.get()
    assert response.turns == TURNS
    assert response.judged_parts() == ["Which city?", "Take the train."]
    assert Item.objects.get().shape().n_steps == 2
