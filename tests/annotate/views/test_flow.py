"""What the page's scripts rely on: the item after this one, replies beside it, whose page it is."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from annotate.models import Assignment, Judgment, KnownAnswer, Membership, WorkDay
from annotate.services import claim_assignment, publish_guidelines
from tests.annotate.views.conftest import HTMX, beside, browser, comparison, open_project, text_of
from tests.factories import make_annotator

pytestmark = pytest.mark.django_db


def submit_url(assignment):
    return reverse("annotate:judgment-submit", args=[assignment.public_id])


@pytest.fixture
def project(db):
    return open_project(*(comparison(f"First {k}.", f"Second {k}.") for k in range(4)))


@pytest.fixture
def client(annotator):
    return browser(annotator)


@pytest.fixture
def lease(project, annotator):
    return claim_assignment(project, by=annotator)


def prefetch(client, project, **fields):
    url = reverse("annotate:item-prefetch", args=[project.slug])
    return client.post(url, fields, **HTMX)


def ids_in(reply):
    """The assignments of the items in a reply."""
    shown = text_of(reply)
    return [str(a.public_id) for a in Assignment.objects.all() if f"{a.public_id}/submit/" in shown]


def test_the_item_after_the_one_on_screen_is_fetched_ahead(project, annotator, client, lease):
    reply = prefetch(client, project, holding=str(lease.public_id))
    [ahead] = ids_in(reply)
    assert ahead != str(lease.public_id)
    assert Assignment.objects.filter(annotator=annotator, status="leased").count() == 2
    assert ids_in(prefetch(client, project, holding=str(lease.public_id))) == [ahead]


def test_nobody_gets_a_third_item(project, client, lease):
    [ahead] = ids_in(prefetch(client, project, holding=str(lease.public_id)))
    reply = prefetch(client, project, holding=[str(lease.public_id), ahead])
    assert reply.status_code == 200
    assert ids_in(reply) == []
    assert 'id="item"' not in text_of(reply)


def test_fetching_ahead_needs_a_post_a_member_and_ids(project, client, outsider):
    url = reverse("annotate:item-prefetch", args=[project.slug])
    assert client.get(url).status_code == 405
    assert browser(outsider).post(url).status_code == 404
    assert client.post(url, {"holding": "x"}).status_code == 400


def test_the_reply_to_a_submit_brings_the_item_after_the_one_that_is_held(project, client, lease):
    [ahead] = ids_in(prefetch(client, project, holding=str(lease.public_id)))
    reply = client.post(submit_url(lease), beside(lease, grade="tie", holding=ahead), **HTMX)
    assert 'data-fate="stored"' in text_of(reply)
    [third] = ids_in(reply)
    assert third not in (ahead, str(lease.public_id))


def test_a_reply_without_more_work_keeps_quiet_while_something_is_held(annotator):
    project = open_project(comparison(), comparison("Third.", "Fourth."))
    annotator = make_annotator(project)
    client, lease = browser(annotator), claim_assignment(project, by=annotator)
    [ahead] = ids_in(prefetch(client, project, holding=str(lease.public_id)))
    reply = client.post(submit_url(lease), beside(lease, grade="tie", holding=ahead), **HTMX)
    assert 'id="item"' not in text_of(reply)
    held = Assignment.objects.get(public_id=ahead)
    reply = client.post(submit_url(held), beside(held, grade="tie"), **HTMX)
    assert "Nothing to do right now" in text_of(reply)


def test_an_answer_of_another_page_asks_for_no_item(client, lease):
    fields = beside(lease, grade="tie", next="none")
    reply = client.post(submit_url(lease), fields, **HTMX)
    assert 'data-fate="stored"' in text_of(reply)
    assert ids_in(reply) == []
    assert Judgment.objects.count() == 1


def test_what_is_refused_says_so(client, lease):
    assert 'data-fate="refused"' in text_of(client.post(submit_url(lease), beside(lease), **HTMX))


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_a_page_of_somebody_else_sends_nothing(client, lease, extra):
    fields = beside(lease, grade="tie", by=str(uuid4()))
    assert client.post(submit_url(lease), fields, **extra).status_code == 401
    assert not Judgment.objects.exists()


def test_ones_own_page_says_whose_it_is(client, lease, annotator):
    fields = beside(lease, grade="tie", by=str(annotator.public_id))
    assert client.post(submit_url(lease), fields, **HTMX).status_code == 200


def test_the_head_shows_own_pace_only(project, annotator, client):
    today = timezone.now().date()
    for ago, judged in ((0, 23), (1, 100), (2, 5), (4, 1000)):
        day = today - timedelta(days=ago)
        WorkDay.objects.create(
            project=project, user=annotator, day=day, judged=judged, active_seconds=41 * judged
        )
    other = make_annotator(project)
    WorkDay.objects.create(project=project, user=other, day=today, judged=7, active_seconds=7)
    project.daily_cap = 30
    project.save()
    shown = text_of(client.get(reverse("annotate:item-next", args=[project.slug])))
    for words in ("1,128 judged", "23 today", "41 s each", "3-day streak", "7 left today"):
        assert words in shown
    assert "left in all" not in shown


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"daily_cap": 1}, "no more of one person in a day"),
        ({"items_per_annotator": 1}, "done here"),
    ],
)
def test_a_cap_that_is_reached_is_named(annotator, project, client, lease, change, sentence):
    type(project).objects.filter(pk=project.pk).update(**change)
    reply = client.post(submit_url(lease), beside(lease, grade="tie"), **HTMX)
    assert sentence in text_of(reply)


def test_who_did_not_qualify_is_told(project, annotator, client):
    project.qualification_size = 3
    project.save()
    Membership.objects.filter(user=annotator).update(disqualified_at=timezone.now())
    shown = text_of(client.get(reverse("annotate:item-next", args=[project.slug])))
    assert "differ too much from the known ones" in shown


def test_every_reply_names_the_edition_in_force(project, client, lease):
    publish_guidelines(project, text="Be fair.", by=None)
    publish_guidelines(project, text="Be quick.", by=None)
    assert 'data-edition="2"' in text_of(prefetch(client, project))


def test_an_edition_beside_the_work_may_be_kept_by_the_browser(project, client, outsider):
    publish_guidelines(project, text="Be **fair**.", by=None)
    url = reverse("annotate:guidelines-panel", args=[project.slug, 1])
    reply = client.get(url)
    assert "<strong>fair</strong>" in text_of(reply)
    assert reply["Cache-Control"] == "private, max-age=31536000, immutable"
    assert browser(outsider).get(url).status_code == 404
    missing = reverse("annotate:guidelines-panel", args=[project.slug, 2])
    assert client.get(missing).status_code == 404


class TestFeedback:
    """Immediate feedback after a gold item."""

    @pytest.fixture
    def gold(self, project, annotator, lease):
        lease.purpose = Assignment.Purpose.GOLD
        lease.save()
        known = (
            {"choice": "left", "strength": 1}
            if lease.display_order == [0, 1]
            else {"choice": "right", "strength": 1}
        )
        KnownAnswer.objects.create(
            item=lease.item, answer=known, is_gold=True, explanation="It is <shorter>."
        )
        project.gold_feedback = "immediate"
        project.save()
        return lease

    @pytest.mark.parametrize(("grade", "words"), [("left-4", "matched"), ("tie", "did not match")])
    def test_it_is_said_above_the_next_item(self, client, gold, grade, words):
        reply = text_of(client.post(submit_url(gold), beside(gold, grade=grade), **HTMX))
        assert f"Your last answer {words} the known answer." in reply
        assert "It is &lt;shorter&gt;." in reply
        edit = reverse("annotate:judgment-edit", args=[Judgment.objects.get().public_id])
        assert edit in reply

    def test_a_silent_project_says_nothing(self, client, project, gold):
        project.gold_feedback = "silent"
        project.save()
        reply = text_of(client.post(submit_url(gold), beside(gold, grade="tie"), **HTMX))
        assert "known answer" not in reply
        assert "/edit/" not in reply
