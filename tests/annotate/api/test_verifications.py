"""Asking for a verification through the API."""

from __future__ import annotations

import pytest

from annotate.models import VerificationRun
from tests.clients import error_of

PATH = "projects/helpful/verifications"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def test_a_verification_becomes_a_run(manager, project, sent, django_capture_on_commit_callbacks):
    body = {"verifier": "regex", "pattern": r" (\d+) "}
    with django_capture_on_commit_callbacks(execute=True):
        reply = manager.call("post", PATH, body)
    assert reply.status_code == 202
    run = VerificationRun.objects.get(public_id=reply.json()["run"])
    assert (run.verifier, run.pattern, run.project) == ("regex", r" (\d+) ", project)
    assert run.requested_by is not None
    assert sent == [("annotate.run_verification", run.pk, "default")]
    shown = manager.call("get", f"runs/{run.public_id}").json()
    assert (shown["work"], shown["status"]) == ("Verification", "pending")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verifier"),
        ({"verifier": "oracle"}, "verifier"),
        ({"verifier": "exact", "pattern": "x"}, "pattern"),
        ({"verifier": "regex"}, "pattern"),
        ({"verifier": "regex", "pattern": ""}, "pattern"),
        ({"verifier": "regex", "pattern": "("}, "pattern"),
        ({"verifier": "regex", "pattern": "(a)(b)"}, "pattern"),
        ({"verifier": "regex", "pattern": "a" * 301}, "pattern"),
        ({"verifier": "regex", "pattern": 5}, "pattern"),
        ({"verifier": "regex", "pattern": None}, "pattern"),
    ],
)
def test_what_cannot_be_asked_is_400(manager, project, body, field):
    reply = manager.call("post", PATH, body)
    assert (reply.status_code, error_of(reply)["field"]) == (400, field)
    assert not VerificationRun.objects.exists()


def test_only_managers_ask(client, reviewer, outsider, anonymous, project):
    statuses = [
        caller.call("post", PATH, {"verifier": "exact"}).status_code
        for caller in (client, reviewer, outsider, anonymous)
    ]
    assert statuses == [403, 403, 404, 401]
    assert not VerificationRun.objects.exists()
