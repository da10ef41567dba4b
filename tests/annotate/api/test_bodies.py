"""Bodies that no honest client sends: refused in the form of every error, nothing stored."""

from __future__ import annotations

import json

import pytest
from rest_framework.exceptions import ParseError

from annotate.api.parsers import MAX_DEPTH, StrictJSONParser
from annotate.models import Assignment, Judgment
from tests.clients import BASE, error_of

GOOD = '{"fence": 1, "idempotency_key": "k", "answer": {"choice": "tie"}, "active_seconds": %s}'
DRAFT = '{"fence": 1, "version": 1, "answer": %s}'

BAD_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-1", "1" + "0" * 400, "9" * 5000]
BAD_JSON = [
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"{'a': 1}",
    b'{"a": 1,}',
    b"\x00",
    b'{"answer": "\xed\xa0\x80"}',
    "{}".encode("utf-16"),
]
BAD_DRAFTS = [
    '{"a": "\\u0000"}',
    '{"\\u0000": 1}',
    '{"a": "\\ud800"}',
    '{"\\udfff": 1}',
    '{"a": NaN}',
    '{"a": 1e999}',
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 40 + "1" + "}" * 40,
    '{"a": ' + "9" * 30 + "}",
]


def send(client, claim, action, body, *, method="post", content_type="application/json"):
    path = f"{BASE}/assignments/{claim['assignment']}/{action}"
    return getattr(client, method)(path, body, content_type=content_type)


def untouched(claim):
    row = Assignment.objects.get(public_id=claim["assignment"])
    return row.status == "leased" and row.draft is None and not Judgment.objects.exists()


@pytest.mark.parametrize("number", BAD_NUMBERS, ids=lambda n: n[:12])
def test_impossible_times_are_refused(client, claim, number):
    reply = send(client, claim, "judgments", GOOD % number)
    assert reply.status_code == 400
    error_of(reply)
    assert untouched(claim)


@pytest.mark.parametrize("body", BAD_JSON, ids=lambda b: repr(b)[:20])
def test_what_is_no_json_object_is_refused(client, claim, body):
    reply = send(client, claim, "judgments", body)
    assert reply.status_code == 400
    error_of(reply)
    assert untouched(claim)


@pytest.mark.parametrize("answer", BAD_DRAFTS, ids=lambda a: a[:16])
def test_what_the_database_cannot_hold_is_refused(client, claim, answer):
    reply = send(client, claim, "draft", DRAFT % answer, method="put")
    assert reply.status_code == 400
    error_of(reply)
    assert untouched(claim)


def test_a_body_over_the_limit_is_413(client, claim, settings):
    body = json.dumps({"answer": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    reply = send(client, claim, "judgments", body)
    assert (reply.status_code, error_of(reply)["code"]) == (413, "too_large")
    assert untouched(claim)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_other_media_types_are_415(client, claim, kind):
    reply = send(client, claim, "judgments", "fence=1", content_type=kind)
    assert (reply.status_code, error_of(reply)["code"]) == (415, "unsupported_media_type")
    assert untouched(claim)


def test_a_wrong_method_is_405_in_the_same_form(client):
    reply = client.call("delete", "projects")
    assert (reply.status_code, error_of(reply)["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("name", ["\0", "a\0b"])
def test_nul_in_a_sign_in_is_refused(anonymous, db, name):
    assert (
        anonymous.call("post", "auth/token", {"username": name, "password": "x"}).status_code == 400
    )


def parse(text: str):
    import io

    return StrictJSONParser().parse(io.BytesIO(text.encode()))


def test_honest_json_is_read_as_it_is():
    value = {"text": "naïve 😀 \\", "n": [0, -1.5, 1e300, 2**63 - 1, None, True], "": {}}
    assert parse(json.dumps(value)) == value
    assert parse('"\\ud83d\\ude00"') == "😀"


def test_nesting_is_taken_up_to_the_limit():
    parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(ParseError, match="nested"):
        parse("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2))
