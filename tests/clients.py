"""Clients of the API for tests, and what they send and get."""

from __future__ import annotations

from knox.models import AuthToken
from rest_framework.test import APIClient

BASE = "/api/v1"


class Client(APIClient):
    """Speaks JSON below the API's root."""

    def call(self, method, path, body=None, **extra):
        return getattr(self, method)(f"{BASE}/{path}", body, format="json", **extra)


def client_for(user) -> Client:
    """A client that carries a token of this user."""
    _, token = AuthToken.objects.create(user=user)
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def answer_body(claim, **changes):
    """A right submit for a claim."""
    return {
        "fence": claim["fence"],
        "idempotency_key": "k1",
        "answer": {"choice": "left", "strength": 2},
        "active_seconds": 12.5,
    } | changes


def error_of(reply) -> dict:
    """The error of a reply, which must have the one shape."""
    body = reply.json()
    assert set(body) == {"error"}
    assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "field"}
    assert body["error"]["message"]
    return body["error"]
