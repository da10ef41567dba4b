"""Background work over the API."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from annotate.models import ImportRun
from tests.clients import error_of


@pytest.fixture
def run(project):
    return ImportRun.objects.create(project=project, filename="a.jsonl", message="Waiting.")


def test_a_run_tells_how_it_goes(manager, run):
    ImportRun.objects.update(
        status="succeeded", progress=1, message="Done.", result={"items": 3, "errors": []}
    )
    shown = manager.call("get", f"runs/{run.public_id}").json()
    assert shown["status"] == "succeeded"
    assert shown["result"] == {"items": 3, "errors": []}
    assert (shown["progress"], shown["message"], shown["project"]) == (1.0, "Done.", "helpful")


def test_a_waiting_run_is_cancelled_at_once(manager, run):
    reply = manager.call("post", f"runs/{run.public_id}/cancel")
    assert (reply.status_code, reply.json()["status"]) == (200, "cancelled")


def test_a_working_run_is_asked_to_stop(manager, run):
    ImportRun.objects.update(status="running", lease_until=timezone.now())
    reply = manager.call("post", f"runs/{run.public_id}/cancel").json()
    assert (reply["status"], reply["cancel_requested"]) == ("running", True)


def test_what_has_ended_cannot_be_cancelled(manager, run):
    ImportRun.objects.update(status="failed")
    reply = manager.call("post", f"runs/{run.public_id}/cancel")
    assert (reply.status_code, error_of(reply)["code"]) == (409, "conflict")


def test_runs_of_others_are_not_found(outsider, anonymous, run):
    for method, path in (("get", ""), ("post", "/cancel")):
        assert outsider.call(method, f"runs/{run.public_id}{path}").status_code == 404
        assert anonymous.call(method, f"runs/{run.public_id}{path}").status_code == 401
        assert outsider.call(method, f"runs/{uuid4()}{path}").status_code == 404


def test_a_reviewer_reads_and_a_manager_cancels(reviewer, client, run):
    assert reviewer.call("get", f"runs/{run.public_id}").status_code == 200
    assert reviewer.call("post", f"runs/{run.public_id}/cancel").status_code == 403
    assert client.call("get", f"runs/{run.public_id}").status_code == 403
