"""The page of the keys."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from annotate.keys import ACTIONS, own_keys
from tests.annotate.views.conftest import browser, text_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
KEYS = "/keys/"


@pytest.fixture
def person(db):
    return UserFactory(preferences={"language": "en"})


@pytest.fixture
def client(person):
    return browser(person)


def stored(person):
    person.refresh_from_db()
    return own_keys(person)


def test_changed_keys_are_stored_beside_other_preferences(client, person):
    reply = client.post(KEYS, {"comparison.g": "f", "all.s": "s", "next": "/p/x/annotate/"})
    assert reply["Location"] == "/p/x/annotate/"
    assert stored(person) == {"comparison.g": "f"}
    assert person.preferences["language"] == "en"


def test_they_reach_the_judging_page(project, annotator):
    client = browser(annotator)
    client.post(KEYS, {"all.s": "#"})
    shown = text_of(client.get(reverse("annotate:item-next", args=[project.slug])))
    attribute = unescape(re.search(r'data-keys="([^"]*)"', shown)[1])
    assert json.loads(attribute) == {"all.s": "#"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"comparison.g": "b"}, "b cannot be both “Both good” and “Both bad”"),
        ({"all.s": "g"}, "g cannot be both “Skip the item” and “Both good”"),
        ({"all.s": "5"}, "take one character that is no digit"),
        ({"all.s": "Enter"}, "take one character"),
        ({"all.s": "ArrowUp"}, "take one character"),
        ({"all.s": "Ctrl+Enter"}, "take one character"),
        ({"all.s": "S"}, "take one character"),
        ({"all.s": "ab"}, "take one character"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_a_sentence(client, person, fields, sentence):
    reply = client.post(KEYS, fields)
    assert reply.status_code == 422
    assert sentence in unescape(text_of(reply))
    assert f'value="{next(iter(fields.values()))}"' in text_of(reply)
    assert stored(person) == {}


def test_two_kinds_may_share_a_key(client, person):
    client.post(KEYS, {"comparison.g": "y"})
    assert stored(person) == {"comparison.g": "y"}


def test_two_actions_may_swap_their_keys(client, person):
    client.post(KEYS, {"comparison.g": "b", "comparison.b": "g"})
    assert stored(person) == {"comparison.g": "b", "comparison.b": "g"}


def test_the_usual_keys_come_back(client, person):
    client.post(KEYS, {"comparison.g": "f"})
    client.post(KEYS, {"comparison.g": "f", "reset": "yes"})
    assert stored(person) == {}


def test_the_way_back_stays_on_this_site(client):
    reply = client.post(KEYS, {"next": "https://elsewhere.example/"})
    assert reply["Location"] == KEYS


def test_stored_nonsense_is_left_aside(client, person):
    person.preferences = {"keys": {"all.s": "Enter", "x": "y", "comparison.g": 1}}
    person.save()
    assert client.get(KEYS).status_code == 200
    assert own_keys(person) == {}


def test_every_action_has_a_name_of_its_own():
    names = [action.name for action in ACTIONS]
    assert len(set(names)) == len(names)
