"""Answers that arrive when something happened in between: nothing that was typed is lost."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate.models import Assignment, Judgment
from annotate.services import (
    claim_assignment,
    renew_lease,
    save_draft,
    skip_assignment,
)
from tests.annotate.queueing import let_expire
from tests.annotate.views.conftest import (
    HTMX,
    beside,
    browser,
    comparison,
    lease_of,
    open_project,
    text_of,
)
from tests.factories import make_annotator, make_item

pytestmark = pytest.mark.django_db


class Desk:
    """An annotator with an item on screen, and what its form was loaded with."""

    def __init__(self, project):
        self.project = project
        self.user = make_annotator(project)
        self.client = browser(self.user)
        self.lease = claim_assignment(project, by=self.user)
        self.hidden = beside(self.lease)

    def send(self, *, extra=HTMX, **fields):
        url = reverse("annotate:judgment-submit", args=[self.lease.public_id])
        return self.client.post(url, self.hidden | fields, **extra)

    def reload_hidden(self, reply):
        """Take over the hidden fields of the page that came back."""
        form = text_of(reply).split('id="answer"')[1]
        self.hidden = {
            name: re.search(rf'name="{name}" value="([^"]+)"', form)[1]
            for name in ("fence", "idempotency_key")
        }

    def renewed_elsewhere(self):
        """The lease runs out and another tab takes it back: the fence goes up."""
        let_expire(self.lease)
        self.lease = renew_lease(self.lease, fence=self.lease.fence)

    def answers(self):
        judgment = Judgment.objects.get(assignment=self.lease)
        return [revision.answer for revision in judgment.revisions.all()]

    def next_item(self):
        return str(lease_of(self.user).public_id)


@pytest.fixture
def desk(project):
    return Desk(project)


def same_item(desk, reply):
    """Whether the same item came back with the sentence, a fresh fence and a fresh key."""
    before = desk.hidden
    shown = text_of(reply)
    desk.reload_hidden(reply)
    desk.lease.refresh_from_db()
    return (
        reply.status_code == 422
        and str(desk.lease.public_id) in shown
        and "press Submit to send it" in shown
        and desk.hidden["fence"] == str(desk.lease.fence)
        and desk.hidden["idempotency_key"] != before["idempotency_key"]
    )


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_an_old_fence_brings_the_item_back_with_what_was_typed(desk, extra):
    desk.renewed_elsewhere()
    reply = desk.send(extra=extra, grade="left-4", rationale="Half a <b>thought")
    assert same_item(desk, reply)
    assert "Half a &lt;b&gt;thought</textarea>" in text_of(reply)
    assert re.search(r'value="left-4"[^>]* checked', text_of(reply))
    assert not Judgment.objects.exists()
    desk.send(extra=extra, grade="left-4", rationale="Half a thought")
    assert desk.answers() == [{"choice": "left", "strength": 4, "rationale": "Half a thought"}]


def test_a_lease_that_ran_out_again_is_revived_for_the_answer(desk):
    desk.renewed_elsewhere()
    let_expire(desk.lease)
    reply = desk.send(grade="tie")
    assert same_item(desk, reply)
    assert desk.lease.status == "leased"


def test_a_slot_that_somebody_else_took_still_keeps_the_answer(desk):
    desk.renewed_elsewhere()
    let_expire(desk.lease)
    tail = Assignment.objects.get(item=desk.lease.item, status="free")
    Assignment.objects.filter(pk=tail.pk).update(
        status="leased",
        annotator=make_annotator(desk.project),
        expires_at=desk.lease.expires_at,
        display_order=[0, 1],
    )
    assert same_item(desk, desk.send(grade="tie"))
    assert desk.lease.status == "expired"
    assert desk.send(grade="tie").status_code == 200
    assert desk.answers() == [{"choice": "tie"}]
    desk.lease.refresh_from_db()
    assert desk.lease.is_surplus


def test_an_item_that_is_gone_is_explained_and_the_next_one_shown(desk):
    skip_assignment(desk.lease, fence=desk.lease.fence, reason="too long")
    reply = desk.send(grade="tie")
    assert reply.status_code == 200
    assert "This item is skipped: it takes no answer." in text_of(reply)
    assert desk.next_item() in text_of(reply)


def test_labels_of_the_draft_stay_when_giving_up_is_refused():
    project = open_project(lambda p: make_item(p, kind="steps", steps=("a", "b")))
    desk = Desk(project)
    draft = {"form": {"label-0": "1", "rationale": "So far"}}
    save_draft(desk.lease, fence=desk.lease.fence, version=1, answer=draft)
    desk.renewed_elsewhere()
    reply = desk.send(stop="give_up", stop_reason="No idea")
    assert same_item(desk, reply)
    assert re.search(r'name="label-0" value="1"[^>]* checked', text_of(reply))
    assert "So far</textarea>" in text_of(reply)
    assert 'value="No idea"' in text_of(reply)


@pytest.mark.parametrize("other_key", [False, True])
@pytest.mark.parametrize("extra", [{}, HTMX])
def test_an_edit_of_a_judged_item_is_stored_as_a_revision(desk, other_key, extra):
    desk.send(grade="tie")
    if other_key:
        desk.hidden = beside(desk.lease)
    reply = desk.send(extra=extra, grade="left-2", rationale="On second thoughts")
    if not extra:
        assert reply.status_code == 303
        reply = desk.client.get(reply["Location"])
    edited = {"choice": "left", "strength": 2, "rationale": "On second thoughts"}
    assert desk.answers() == [{"choice": "tie"}, edited]
    assert Judgment.objects.get().latest.author == desk.user
    assert "your change is stored" in text_of(reply)
    assert desk.next_item() in text_of(reply)


def test_the_same_answer_again_adds_nothing(desk):
    desk.send(grade="tie")
    assert "judged this item already" not in text_of(desk.send(grade="tie"))
    desk.send(grade="left-2")
    desk.send(grade="left-2")
    desk.hidden = beside(desk.lease)
    assert "with the same answer" in text_of(desk.send(grade="left-2"))
    assert desk.answers() == [{"choice": "tie"}, {"choice": "left", "strength": 2}]


def test_going_back_to_the_first_answer_counts_too(desk):
    for grade in ("tie", "left-2", "tie"):
        desk.send(grade=grade)
    assert desk.answers() == [
        {"choice": "tie"},
        {"choice": "left", "strength": 2},
        {"choice": "tie"},
    ]


def test_what_an_outbox_sends_again_does_not_undo_an_edit(desk):
    desk.send(grade="tie")
    desk.send(grade="left-2")
    assert desk.send(grade="tie", queued="1").status_code == 200
    assert desk.answers() == [{"choice": "tie"}, {"choice": "left", "strength": 2}]


def test_a_replay_does_not_undo_what_somebody_else_revised(desk):
    desk.send(grade="tie")
    revised = {"choice": "right", "strength": 1}
    Judgment.objects.get().revisions.create(
        number=2, answer=revised, author=make_annotator(desk.project)
    )
    desk.send(grade="tie")
    assert desk.answers() == [{"choice": "tie"}, revised]


def test_an_edit_is_read_on_the_scale_of_its_judgment():
    desk = Desk(open_project(comparison(), scale="llama2"))
    desk.send(grade="tie")
    desk.project.scale = "binary"
    desk.project.save()
    desk.send(grade="left-4")
    assert desk.answers()[-1] == {"choice": "left", "strength": 4}
