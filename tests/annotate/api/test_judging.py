"""Renewing, drafting, submitting, skipping and revising over the API."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotate.models import Assignment, Judgment, JudgmentRevision, Membership
from annotate.services import expire_leases, update_project
from tests.clients import answer_body, client_for, error_of
from tests.factories import make_annotator

CLAIMS = "projects/helpful/claims"


def judge(client, claim, **changes):
    path = f"assignments/{claim['assignment']}/judgments"
    return client.call("post", path, answer_body(claim, **changes))


def assignment_of(claim):
    return Assignment.objects.get(public_id=claim["assignment"])


def let_expire(claim):
    """The lease runs out and the clock ticks."""
    past = timezone.now() - timedelta(seconds=1)
    Assignment.objects.filter(public_id=claim["assignment"]).update(expires_at=past)
    expire_leases()


# --- submitting -----------------------------------------------------------------------------
def test_a_judgment_is_stored_as_it_was_given(client, claim, annotator):
    reply = judge(client, claim)
    assert reply.status_code == 201
    judgment = Judgment.objects.get(public_id=reply.json()["judgment"])
    assert judgment.assignment == assignment_of(claim)
    assert judgment.assignment.status == "submitted"
    assert judgment.display_order == judgment.assignment.display_order
    assert (judgment.latest.answer, judgment.latest.author) == (
        {"choice": "left", "strength": 2},
        annotator,
    )
    assert (judgment.active_seconds, judgment.scale) == (12.5, "llama2")
    assert reply.json()["next"] is None


def test_the_next_claim_comes_with_the_reply(client, claim):
    following = judge(client, claim, claim_next=True).json()["next"]
    assert following["assignment"] != claim["assignment"]
    assert set(following) == set(claim)


def test_a_prefetched_item_is_next_unless_it_is_held(client, claim):
    prefetched = client.call("post", CLAIMS, {"holding": [claim["assignment"]]}).json()
    held = {"claim_next": True, "holding": [prefetched["assignment"]]}
    following = judge(client, claim, **held).json()["next"]
    assert following["assignment"] not in (claim["assignment"], prefetched["assignment"])
    again = judge(client, prefetched, idempotency_key="k2", claim_next=True).json()["next"]
    assert again["assignment"] == following["assignment"]


def test_next_is_null_when_nothing_is_left(client, claim):
    second = judge(client, claim, claim_next=True).json()["next"]
    third = judge(client, second, claim_next=True).json()["next"]
    assert judge(client, third, claim_next=True).json()["next"] is None


def test_a_replay_gives_the_same_judgment(client, claim):
    first, again = judge(client, claim), judge(client, claim)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["judgment"] == first.json()["judgment"]
    assert Judgment.objects.count() == JudgmentRevision.objects.count() == 1


def test_a_replay_may_claim_too(client, claim):
    first = judge(client, claim, claim_next=True).json()["next"]
    assert judge(client, claim, claim_next=True).json()["next"] == first


def test_a_key_with_another_answer_is_a_conflict(client, claim):
    judge(client, claim)
    reply = judge(client, claim, answer={"choice": "tie"})
    assert (reply.status_code, error_of(reply)["code"]) == (409, "conflict")
    assert JudgmentRevision.objects.get().answer == {"choice": "left", "strength": 2}


def test_a_second_key_is_a_conflict(client, claim):
    judge(client, claim)
    assert judge(client, claim, idempotency_key="k2").status_code == 409
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize("fence", [0, 2, 2**31 - 1])
def test_another_fence_is_a_conflict(client, claim, fence):
    reply = judge(client, claim, fence=fence)
    assert (reply.status_code, error_of(reply)["field"]) == (409, "fence")
    assert not Judgment.objects.exists()


def test_a_fence_from_before_a_revival_is_a_conflict(client, claim):
    let_expire(claim)
    revived = client.call("post", CLAIMS).json()
    assert (revived["assignment"], revived["fence"]) == (claim["assignment"], 2)
    assert judge(client, claim).status_code == 409
    assert judge(client, revived).status_code == 201


def test_a_late_answer_is_kept_and_withdraws_the_replacement(client, claim):
    let_expire(claim)
    replacement = Assignment.objects.get(item=assignment_of(claim).item, status="free")
    assert judge(client, claim).status_code == 201
    replacement.refresh_from_db()
    assert replacement.status == "withdrawn"
    assert not assignment_of(claim).is_surplus


def test_a_late_answer_after_somebody_else_is_surplus(client, project, claim):
    let_expire(claim)
    other = client_for(make_annotator(project))
    following, held = other.call("post", CLAIMS).json(), []
    while following["item"]["id"] != claim["item"]["id"]:
        held.append(following["assignment"])
        following = judge(other, following, claim_next=True).json()["next"]
    assert judge(client, claim).status_code == 201
    assert assignment_of(claim).is_surplus
    assert judge(other, following).status_code == 201
    progress = (
        client_for(make_annotator(project, role="reviewer"))
        .call("get", "projects/helpful/progress")
        .json()["all"]
    )
    assert progress["judgments"] == len(held) + 2
    assert progress["round"]["submitted"] == len(held) + 1


def test_what_belongs_to_others_is_not_found(outsider, anonymous, claim, project):
    for caller in (outsider, client_for(make_annotator(project, role="manager"))):
        assert judge(caller, claim).status_code == 404
    assert judge(anonymous, claim).status_code == 401
    assert not Judgment.objects.exists()


def test_who_left_the_project_is_a_stranger(client, claim, annotator):
    Membership.objects.filter(user=annotator).delete()
    assert judge(client, claim).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answer": {"choice": "up"}}, "choice"),
        ({"answer": {"choice": "left"}}, "strength"),
        ({"answer": {"choice": "left", "strength": 5}}, "strength"),
        ({"answer": {"choice": "tie", "strength": 1}}, "strength"),
        ({"answer": {"tiers": [[0], [1]]}}, "tiers"),
        ({"answer": "left"}, "answer"),
        ({"answer": None}, "answer"),
        ({"fence": "1"}, "fence"),
        ({"fence": True}, "fence"),
        ({"fence": -1}, "fence"),
        ({"fence": 1.5}, "fence"),
        ({"fence": 2**31}, "fence"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "k" * 101}, "idempotency_key"),
        ({"idempotency_key": 7}, "idempotency_key"),
        ({"active_seconds": -0.1}, "active_seconds"),
        ({"active_seconds": "12"}, "active_seconds"),
        ({"active_seconds": True}, "active_seconds"),
        ({"active_seconds": 1e9}, "active_seconds"),
        ({"claim_next": "yes"}, "claim_next"),
        ({"claim_next": 1}, "claim_next"),
    ],
)
def test_a_malformed_submit_says_what_is_wrong(client, claim, change, field):
    reply = judge(client, claim, **change)
    assert reply.status_code == 400
    assert error_of(reply)["field"] == field
    assert not Judgment.objects.exists()
    assert assignment_of(claim).status == "leased"


@pytest.mark.parametrize("missing", ["fence", "idempotency_key", "answer"])
def test_a_submit_needs_its_parts(client, claim, missing):
    body = answer_body(claim)
    del body[missing]
    reply = client.call("post", f"assignments/{claim['assignment']}/judgments", body)
    assert (reply.status_code, error_of(reply)["field"]) == (400, missing)


def test_a_key_may_have_a_hundred_characters(client, claim):
    assert judge(client, claim, idempotency_key="k" * 100).status_code == 201
    assert judge(client, claim, idempotency_key="k" * 100).status_code == 200


def test_active_seconds_may_be_left_out(client, claim):
    assert judge(client, claim, active_seconds=None).status_code == 201
    assert Judgment.objects.get().active_seconds is None


# --- renewing and drafting ------------------------------------------------------------------
def test_renewing_pushes_the_end_forward(client, claim):
    soon = timezone.now() + timedelta(seconds=5)
    Assignment.objects.update(expires_at=soon)
    reply = client.call("post", f"assignments/{claim['assignment']}/renew", {"fence": 1})
    assert reply.status_code == 200
    assert assignment_of(claim).expires_at > soon
    assert reply.json()["fence"] == 1


def test_renewing_brings_an_expired_item_back_with_a_higher_fence(client, claim):
    let_expire(claim)
    path = f"assignments/{claim['assignment']}/renew"
    assert client.call("post", path, {"fence": 1}).json()["fence"] == 2
    assert client.call("post", path, {"fence": 1}).status_code == 409


def test_renewing_what_is_judged_is_a_conflict(client, claim):
    judge(client, claim)
    path = f"assignments/{claim['assignment']}/renew"
    assert client.call("post", path, {"fence": 1}).status_code == 409


def test_a_draft_is_kept_and_comes_back_with_the_claim(client, claim):
    path = f"assignments/{claim['assignment']}/draft"
    body = {"fence": 1, "version": 3, "answer": {"choice": "left"}}
    reply = client.call("put", path, body)
    assert (reply.status_code, reply.json()["version"]) == (200, 3)
    assert client.call("put", path, body).status_code == 200
    again = client.call("post", CLAIMS).json()
    assert (again["draft"], again["draft_version"]) == ({"choice": "left"}, 3)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"version": 2}, 409),
        ({"answer": {"choice": "tie"}}, 409),
        ({"fence": 0}, 409),
        ({"version": 0}, 400),
        ({"version": 2**31}, 400),
        ({"answer": [1]}, 400),
        ({"version": 4, "answer": {"rationale": "x" * 60_000}}, 400),
    ],
)
def test_a_draft_that_cannot_be_taken_changes_nothing(client, claim, change, status):
    path = f"assignments/{claim['assignment']}/draft"
    body = {"fence": 1, "version": 3, "answer": {"choice": "left"}}
    client.call("put", path, body)
    reply = client.call("put", path, body | change)
    assert reply.status_code == status
    error_of(reply)
    assert assignment_of(claim).draft == {"choice": "left"}


def test_the_page_may_use_its_session_but_not_without_its_token(claim, annotator, client):
    from rest_framework.test import APIClient

    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(annotator)
    path = f"/api/v1/assignments/{claim['assignment']}/renew"
    assert browser.post(path, {"fence": 1}, format="json").status_code == 403
    browser.cookies["csrftoken"] = token = "a" * 32
    reply = browser.post(path, {"fence": 1}, format="json", HTTP_X_CSRFTOKEN=token)
    assert reply.status_code == 200


# --- skipping -------------------------------------------------------------------------------
def test_skipping_passes_the_item_on(client, claim, project):
    path = f"assignments/{claim['assignment']}/skip"
    reply = client.call("post", path, {"fence": 1, "reason": "not my field", "claim_next": True})
    assert reply.status_code == 200
    assert reply.json()["next"]["item"]["id"] != claim["item"]["id"]
    skipped = assignment_of(claim)
    assert (skipped.status, skipped.skip_reason) == ("skipped", "not my field")
    assert Assignment.objects.filter(item=skipped.item, status="free").count() == 1
    assert client.call("post", path, {"fence": 1, "reason": "again"}).json() == {"next": None}
    assert Assignment.objects.filter(item=skipped.item, status="free").count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"fence": 1}, 400),
        ({"fence": 1, "reason": "  "}, 400),
        ({"fence": 0, "reason": "x"}, 409),
        ({"fence": 1, "reason": "x" * 201}, 400),
        ({"reason": "x"}, 400),
    ],
)
def test_a_skip_that_cannot_be_taken_changes_nothing(client, claim, body, status):
    reply = client.call("post", f"assignments/{claim['assignment']}/skip", body)
    assert reply.status_code == status
    assert assignment_of(claim).status == "leased"


@pytest.mark.parametrize(
    ("method", "action"), [("post", "renew"), ("put", "draft"), ("post", "skip")]
)
def test_others_cannot_touch_a_lease(outsider, anonymous, claim, method, action):
    path = f"assignments/{claim['assignment']}/{action}"
    body = {"fence": 1, "reason": "x", "version": 1, "answer": {}}
    assert outsider.call(method, path, body).status_code == 404
    assert anonymous.call(method, path, body).status_code == 401


# --- revising -------------------------------------------------------------------------------
def test_a_revision_stands_beside_the_first_answer(client, claim):
    judgment = judge(client, claim).json()["judgment"]
    body = {"answer": {"choice": "right", "strength": 1}, "reason": "misread"}
    reply = client.call("patch", f"judgments/{judgment}", body)
    assert (reply.status_code, reply.json()) == (
        200,
        {"judgment": judgment, "revision": 2, "answer": body["answer"]},
    )
    answers = JudgmentRevision.objects.values_list("answer__choice", "reason")
    assert list(answers) == [("left", ""), ("right", "misread")]


def test_only_its_author_may_revise_a_judgment(client, reviewer, outsider, claim, project):
    path = f"judgments/{judge(client, claim).json()['judgment']}"
    body = {"answer": {"choice": "tie"}}
    assert client.call("patch", path, body).json()["revision"] == 2
    colleague = client_for(make_annotator(project))
    for stranger in (outsider, colleague, reviewer):
        assert stranger.call("patch", path, body).status_code == 404
    assert client.call("patch", f"judgments/{uuid4()}", body).status_code == 404


def test_a_revision_is_checked_against_the_scale_of_its_judgment(client, claim, project):
    path = f"judgments/{judge(client, claim).json()['judgment']}"
    update_project(project, by=None, scale="binary")
    strong = {"answer": {"choice": "right", "strength": 4}}
    assert client.call("patch", path, strong).status_code == 200
    assert client.call("patch", path, {"answer": {"choice": "up"}}).status_code == 400
