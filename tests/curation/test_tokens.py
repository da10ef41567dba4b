"""Tokens that are given once: encrypted while they wait, and gone when picked up."""

import pytest
from django.core.cache import cache
from django.db import connection

from curation.tokens import KEPT_SECONDS, keep_token, take_token

pytestmark = pytest.mark.django_db
TOKEN = "hf_GivenOnce0123456789"


def kept():
    """What the cache's table holds, as it lies there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM tiebreak_cache")
        return cursor.fetchall()


def test_a_token_is_picked_up_once():
    handle = keep_token(TOKEN)
    assert take_token(handle) == TOKEN
    assert take_token(handle) == ""
    assert kept() == []


def test_what_waits_shows_no_token():
    import base64
    import pickle

    handle = keep_token(TOKEN)
    ((key, value),) = kept()
    stored = pickle.loads(base64.b64decode(value))
    assert TOKEN not in f"{key} {value} {stored!r} {handle}"
    assert TOKEN.encode() not in base64.b64decode(value)


def test_two_tokens_have_two_handles():
    one, two = keep_token("hf_one"), keep_token("hf_two")
    assert one != two
    assert (take_token(two), take_token(one)) == ("hf_two", "hf_one")


def test_another_secret_key_cannot_read_it(settings):
    handle = keep_token(TOKEN)
    settings.SECRET_KEY = "another-key-another-key-another-key-another"
    assert take_token(handle) == ""


def test_a_token_that_waited_too_long_is_gone(monkeypatch):
    import time

    handle = keep_token(TOKEN)
    later = time.time() + KEPT_SECONDS + 60
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: later)
    assert take_token(handle) == ""


@pytest.mark.parametrize("handle", ["", "never-given"])
def test_an_unknown_handle_gives_nothing(handle):
    assert take_token(handle) == ""
    assert cache.get("hub-token:") is None
