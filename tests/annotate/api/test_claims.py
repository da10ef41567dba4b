"""Claiming over the API."""

from __future__ import annotations

import json

import pytest
from rest_framework.renderers import JSONRenderer

from annotate.api.queue import Claim
from annotate.models import Assignment
from annotate.selectors import claim_payload
from annotate.services import claim_assignment
from tests.clients import answer_body, client_for, error_of
from tests.factories import make_annotator, make_item, make_open_round

CLAIMS = "projects/helpful/claims"


def test_a_claim_tells_what_to_judge_in_the_order_shown(client, items, annotator):
    reply = client.call("post", CLAIMS)
    assert reply.status_code == 201
    claim = reply.json()
    assignment = Assignment.objects.get(public_id=claim["assignment"])
    assert (assignment.annotator, assignment.status) == (annotator, "leased")
    contents = [r.content for r in assignment.item.ordered_responses()]
    assert claim["item"] == {
        "id": str(assignment.item.public_id),
        "kind": "comparison",
        "prompt": assignment.item.prompt.messages,
        "reference": "",
        "responses": [{"content": contents[k]} for k in assignment.display_order],
        "scale": "llama2",
        "aspects": [],
        "rating_range": [1, 5],
        "rating_style": "points",
        "anchors": {},
        "ranking_mode": "order",
        "steps_mode": "first_error",
        "step_points": 0,
        "verdict": None,
    }
    assert claim["fence"] == 1
    assert claim["draft"] is None


def test_a_claim_of_steps_holds_the_steps(client, project):
    make_open_round(project, [make_item(project, kind="steps", steps=["1 + 1", "= 2"])])
    item = client.call("post", CLAIMS).json()["item"]
    assert item["responses"] == [{"steps": ["1 + 1", "= 2"]}]


def test_a_rating_names_its_aspects(client, project):
    make_open_round(project, [make_item(project, kind="rating")])
    assert client.call("post", CLAIMS).json()["item"]["aspects"] == ["helpfulness"]


def test_the_same_lease_comes_back_until_it_is_held(client, items):
    first = client.call("post", CLAIMS).json()
    again = client.call("post", CLAIMS).json()
    assert again["assignment"] == first["assignment"]
    held = {"holding": [first["assignment"]]}
    second = client.call("post", CLAIMS, held).json()
    assert second["assignment"] != first["assignment"]


def test_a_person_holds_two_leases_at_most(client, items):
    held = [client.call("post", CLAIMS).json()["assignment"]]
    held.append(client.call("post", CLAIMS, {"holding": held}).json()["assignment"])
    third = client.call("post", CLAIMS, {"holding": held})
    assert third.status_code == 409
    assert error_of(third)["code"] == "conflict"
    assert Assignment.objects.filter(status="leased").count() == 2


def test_nothing_left_is_204(client, items):
    for k in range(3):
        claim = client.call("post", CLAIMS).json()
        path = f"assignments/{claim['assignment']}/judgments"
        client.call("post", path, answer_body(claim, idempotency_key=str(k)))
    reply = client.call("post", CLAIMS)
    assert (reply.status_code, reply.content) == (204, b"")


def test_without_an_open_round_nothing_is_left(client):
    assert client.call("post", CLAIMS).status_code == 204


def test_strangers_find_no_project(outsider, anonymous, items):
    assert outsider.call("post", CLAIMS).status_code == 404
    reply = anonymous.call("post", CLAIMS)
    assert reply.status_code == 401
    assert error_of(reply)["code"] == "not_authenticated"
    assert outsider.call("post", "projects/none/claims").status_code == 404


@pytest.mark.parametrize("holding", ["x", ["x"], [None], {"a": 1}, None, ["0" * 32] * 21])
def test_a_malformed_holding_is_refused(client, items, holding):
    reply = client.call("post", CLAIMS, {"holding": holding})
    assert reply.status_code == 400
    assert error_of(reply)["field"].startswith("holding")
    assert not Assignment.objects.filter(status="leased").exists()


def test_two_people_never_hold_the_same_slot(client, project, items):
    other = client_for(make_annotator(project))
    mine, theirs = (c.call("post", CLAIMS).json() for c in (client, other))
    assert mine["item"]["id"] != theirs["item"]["id"]


def test_an_unknown_address_is_404_in_the_same_form(client, anonymous):
    for caller in (client, anonymous):
        reply = caller.call("post", "assignments/17/judgments", {})
        assert reply.status_code == 404
        assert error_of(reply)["code"] == "not_found"


@pytest.mark.parametrize("kind", ["comparison", "ranking", "rating", "steps", "outcome"])
def test_what_is_sent_is_what_is_described(kind, annotator):
    project = annotator.memberships.get().project
    project.rounds.update(status="closed")
    item = make_item(project, kind=kind, steps=("one", "two") if kind == "steps" else None)
    make_open_round(project, [item])
    payload = claim_payload(claim_assignment(project, by=annotator))
    sent = json.loads(JSONRenderer().render(payload))
    assert sent == json.loads(JSONRenderer().render(Claim(payload).data))
