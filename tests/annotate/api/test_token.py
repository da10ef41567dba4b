"""Signing in over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from tests.clients import Client, error_of
from tests.factories import UserFactory

GOOD = {"username": "ada", "password": "correct horse"}


@pytest.fixture(autouse=True)
def _quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada(db):
    user = UserFactory(username="ada")
    user.set_password("correct horse")
    user.save()
    return user


def test_a_password_gives_a_token_that_works(ada, anonymous):
    reply = anonymous.call("post", "auth/token", GOOD)
    assert reply.status_code == 200
    assert parse_datetime(reply.json()["expires_at"]) > timezone.now() + timedelta(days=1)
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Token {reply.json()['token']}")
    assert client.call("get", "projects").status_code == 200


def test_wrong_names_and_wrong_passwords_look_the_same(ada, anonymous):
    replies = [
        anonymous.call("post", "auth/token", GOOD | change)
        for change in ({"password": "wrong"}, {"username": "nobody"})
    ]
    assert [reply.status_code for reply in replies] == [401, 401]
    assert replies[0].json() == replies[1].json()
    assert "WWW-Authenticate" in replies[0]


def test_a_closed_account_gets_the_same_answer(ada, anonymous):
    wrong = anonymous.call("post", "auth/token", GOOD | {"password": "wrong"})
    ada.is_active = False
    ada.save()
    closed = anonymous.call("post", "auth/token", GOOD)
    assert (closed.status_code, closed.json()) == (401, wrong.json())


def test_a_stale_token_does_not_stand_in_the_way(ada, anonymous):
    anonymous.credentials(HTTP_AUTHORIZATION="Token expired")
    assert anonymous.call("post", "auth/token", GOOD).status_code == 200


def test_too_many_attempts_have_to_wait(ada, anonymous):
    replies = [
        anonymous.call(
            "post",
            "auth/token",
            GOOD | {"password": "x"},
            REMOTE_ADDR="192.0.2.1",
            HTTP_X_FORWARDED_FOR=f"198.51.100.{k}",
        )
        for k in range(11)
    ]
    assert [reply.status_code for reply in replies] == [401] * 10 + [429]
    assert int(replies[-1]["Retry-After"]) > 0
    assert error_of(replies[-1])["code"] == "throttled"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "ada"},
        {"username": ["ada"], "password": "x"},
        {"username": "ada", "password": 5},
        {"username": "a" * 151, "password": "x"},
        [],
    ],
)
def test_a_malformed_sign_in_is_refused(ada, anonymous, body):
    reply = anonymous.call("post", "auth/token", body)
    assert reply.status_code == 400
    error_of(reply)


def test_a_second_factor_is_asked_for(ada, anonymous, monkeypatch):
    Authenticator.objects.create(
        user=ada,
        type=Authenticator.Type.TOTP,
        data={"secret": get_adapter().encrypt("JBSWY3DPEHPK3PXP")},
    )
    monkeypatch.setattr(TOTP, "validate_code", lambda self, code: code == "123456")
    without = anonymous.call("post", "auth/token", GOOD)
    assert (without.status_code, error_of(without)["code"]) == (401, "code_required")
    wrong = anonymous.call("post", "auth/token", GOOD | {"code": "000000"})
    assert wrong.status_code == 401
    right = anonymous.call("post", "auth/token", GOOD | {"code": "123456"})
    assert right.status_code == 200
