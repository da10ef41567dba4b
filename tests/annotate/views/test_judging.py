"""The page where people judge."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate.models import Assignment, Judgment
from annotate.services import claim_assignment, save_draft
from tests.annotate.views.conftest import (
    HTMX,
    beside,
    browser,
    comparison,
    input_names,
    lease_of,
    open_project,
    text_of,
)
from tests.factories import UserFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


def page(project):
    return reverse("annotate:item-next", args=[project.slug])


def submit_url(assignment):
    return reverse("annotate:judgment-submit", args=[assignment.public_id])


def skip_url(assignment):
    return reverse("annotate:assignment-skip", args=[assignment.public_id])


def test_a_visitor_is_asked_to_sign_in(client, project):
    response = client.get(page(project))
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={page(project)}"


def test_a_fragment_asked_for_without_a_session_sends_the_browser_to_sign_in(client, project):
    response = client.get(page(project), **HTMX)
    assert response["HX-Redirect"].startswith("/accounts/login/")


def test_a_project_of_others_does_not_exist(project, outsider):
    assert browser(outsider).get(page(project)).status_code == 404


def test_the_next_item_shows_both_responses_and_is_leased(project, annotator):
    shown = text_of(browser(annotator).get(page(project)))
    assert "The first." in shown
    assert "The second." in shown
    assert lease_of(annotator).item.project == project


def test_loading_the_page_again_shows_the_same_item(project, annotator):
    client = browser(annotator)
    client.get(page(project))
    client.get(page(project))
    assert Assignment.objects.filter(annotator=annotator).count() == 1


def test_the_page_is_never_cached(project, annotator):
    assert "no-store" in browser(annotator).get(page(project))["Cache-Control"]


def test_nothing_hidden_reaches_the_page(sourced):
    annotator = make_annotator(sourced)
    shown = text_of(browser(annotator).get(page(sourced)))
    assert "The first." in shown
    for secret in ("secret-model-7b", "secret-file", "hidden-category", "known", "gold"):
        assert secret not in shown
    assert not re.search(r"/\d+/", shown), "addresses carry public ids only"
    assert input_names(shown) >= {"grade", "fence", "idempotency_key", "active_seconds"}


def test_the_page_has_no_inline_script_or_style(project, annotator):
    shown = text_of(browser(annotator).get(page(project)))
    assert "<style" not in shown
    assert " style=" not in shown
    assert "onclick" not in shown


def test_a_submit_without_javascript_stores_the_answer_and_leads_on(project, annotator):
    client = browser(annotator)
    client.get(page(project))
    lease = lease_of(annotator)
    fields = beside(lease, grade="left-4", rationale="Shorter.", active_seconds="12.5")
    response = client.post(submit_url(lease), fields)
    assert (response.status_code, response["Location"]) == (303, page(project))
    judgment = Judgment.objects.get(assignment=lease)
    assert judgment.latest.answer == {"choice": "left", "strength": 4, "rationale": "Shorter."}
    assert judgment.active_seconds == 12.5


def test_the_reply_to_an_htmx_submit_is_the_next_item(project, annotator):
    client = browser(annotator)
    client.get(page(project))
    lease = lease_of(annotator)
    reply = client.post(submit_url(lease), beside(lease, grade="tie"), **HTMX)
    following = lease_of(annotator)
    assert reply.status_code == 200
    assert str(following.public_id) in text_of(reply)
    assert "<html" not in text_of(reply)
    assert "1 judged" in text_of(reply)


def test_after_the_last_item_there_is_nothing_to_do(annotator, project):
    client = browser(annotator)
    for _ in range(2):
        client.get(page(project))
        lease = lease_of(annotator)
        reply = client.post(submit_url(lease), beside(lease, grade="both_bad"), **HTMX)
    assert "Nothing to do right now" in text_of(reply)
    assert "2 items" in text_of(reply)


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_an_empty_answer_is_refused_and_what_was_typed_stays(project, annotator, extra):
    client = browser(annotator)
    client.get(page(project))
    lease = lease_of(annotator)
    reply = client.post(submit_url(lease), beside(lease, rationale="Half a <b>thought"), **extra)
    assert reply.status_code == 422
    assert "Choose one of the grades first." in text_of(reply)
    assert "Half a &lt;b&gt;thought</textarea>" in text_of(reply)
    assert not Judgment.objects.exists()


def test_the_same_submit_twice_makes_one_judgment(project, annotator):
    client = browser(annotator)
    client.get(page(project))
    lease = lease_of(annotator)
    fields = beside(lease, grade="tie")
    assert client.post(submit_url(lease), fields, **HTMX).status_code == 200
    assert client.post(submit_url(lease), fields, **HTMX).status_code == 200
    assert Judgment.objects.count() == 1


def test_an_assignment_of_others_does_not_exist(project, annotator, manager):
    lease = claim_assignment(project, by=annotator)
    assert browser(manager).post(submit_url(lease), beside(lease, grade="tie")).status_code == 404
    assert browser(manager).post(skip_url(lease), {"fence": 1}).status_code == 404


@pytest.mark.parametrize(
    "broken",
    [
        {"fence": "x"},
        {"idempotency_key": ""},
        {"active_seconds": "1e400"},
        {"active_seconds": "-1"},
    ],
)
def test_a_malformed_form_is_refused_with_a_sentence(project, annotator, broken):
    lease = claim_assignment(project, by=annotator)
    fields = beside(lease, grade="tie") | broken
    response = browser(annotator).post(submit_url(lease), fields)
    assert response.status_code == 400
    assert "load the page again" in text_of(response)
    assert not Judgment.objects.exists()


def test_a_grade_beyond_the_scale_is_refused(annotator, project):
    lease = claim_assignment(project, by=annotator)
    reply = browser(annotator).post(submit_url(lease), beside(lease, grade="left-9"), **HTMX)
    assert reply.status_code == 422
    assert "strength" in text_of(reply)


def test_a_skip_ends_the_slot_with_its_reason(project, annotator):
    client = browser(annotator)
    client.get(page(project))
    lease = lease_of(annotator)
    fields = {"fence": lease.fence, "reason": "unclear", "detail": "Which list?"}
    reply = client.post(skip_url(lease), fields, **HTMX)
    lease.refresh_from_db()
    assert lease.status == "skipped"
    assert lease.skip_reason == "The prompt or a response is unclear: Which list?"
    assert str(lease_of(annotator).public_id) in text_of(reply)


def test_a_skip_needs_a_reason(project, annotator):
    lease = claim_assignment(project, by=annotator)
    client = browser(annotator)
    fields = {"fence": lease.fence}
    assert client.get(skip_url(lease)).status_code == 200
    assert "Choose a reason" in text_of(client.post(skip_url(lease), fields))
    assert "Choose a reason" in text_of(client.post(skip_url(lease), fields, **HTMX))
    lease.refresh_from_db()
    assert lease.status == "leased"


def test_a_refused_skip_comes_back_in_its_open_dialog(project, annotator):
    lease = claim_assignment(project, by=annotator)
    fields = {"fence": "x", "reason": "unclear", "detail": "y" * 151}
    reply = browser(annotator).post(skip_url(lease), fields, **HTMX)
    shown = text_of(reply)
    assert reply.status_code == 422
    assert 'aria-labelledby="skip-title" data-open>' in shown
    assert "at most 150 characters" in shown
    assert f'name="fence" value="{lease.fence}" id="skip_fence"' in shown
    assert "data-open>" not in text_of(browser(annotator).get(page(project)))


def test_a_page_that_waits_is_told_only_when_there_is_something(annotator, project):
    client, waiting = browser(annotator), f"{page(project)}?waiting=1"
    assert str(project.items.first().public_id)
    shown = text_of(client.get(waiting, **HTMX))
    assert "is-resting" not in shown
    assert 'id="answer"' in shown
    Assignment.objects.update(status="withdrawn", annotator=None)
    assert client.get(waiting, **HTMX).status_code == 204
    whole = text_of(client.get(waiting))
    assert "Nothing to do right now" in whole
    assert 'class="notice is-resting"' in whole


def test_a_page_that_waits_takes_no_item_for_somebody_else(annotator, project):
    waiting = f"{page(project)}?waiting=1&by="
    refused = browser(annotator).get(f"{waiting}{UserFactory().public_id}", **HTMX)
    assert refused.status_code == 401
    assert not Assignment.objects.filter(annotator=annotator).exists()
    own = browser(annotator).get(f"{waiting}{annotator.public_id}", **HTMX)
    assert 'id="answer"' in text_of(own)


def test_a_skip_without_javascript_leads_on(project, annotator):
    lease = claim_assignment(project, by=annotator)
    response = browser(annotator).post(skip_url(lease), {"fence": 1, "detail": "I know the author"})
    assert (response.status_code, response["Location"]) == (303, page(project))


def test_a_stale_skip_is_explained(project, annotator):
    lease = claim_assignment(project, by=annotator)
    fields = {"fence": lease.fence + 1, "reason": "broken"}
    assert "opened again" in text_of(browser(annotator).post(skip_url(lease), fields, **HTMX))


def test_a_draft_of_the_page_is_shown_again(project, annotator):
    lease = claim_assignment(project, by=annotator)
    draft = {"form": {"grade": "right-2", "rationale": "Not sure yet"}}
    save_draft(lease, fence=lease.fence, version=1, answer=draft)
    shown = text_of(browser(annotator).get(page(project)))
    assert "Not sure yet" in shown
    assert 'value="right-2" required data-key="6" checked' in shown


def test_a_draft_from_the_api_is_shown_again(project, annotator):
    lease = claim_assignment(project, by=annotator)
    save_draft(lease, fence=lease.fence, version=1, answer={"choice": "tie"})
    shown = text_of(browser(annotator).get(page(project)))
    assert 'value="tie" required data-key="t" checked' in shown


@pytest.mark.parametrize("draft", [{"form": [1]}, {"form": {"grade": ["x"]}}, {"choice": {}}])
def test_a_draft_that_makes_no_sense_is_left_aside(project, annotator, draft):
    lease = claim_assignment(project, by=annotator)
    save_draft(lease, fence=lease.fence, version=1, answer=draft)
    assert browser(annotator).get(page(project)).status_code == 200


def test_loading_an_item_takes_the_same_number_of_queries_however_many_responses(
    django_assert_max_num_queries,
):
    wide = open_project(lambda p: make_item(p, kind="ranking", contents=list("abcdefgh")))
    client = browser(make_annotator(wide))
    with django_assert_max_num_queries(24):
        client.get(page(wide))


@pytest.mark.parametrize(("scale", "keys"), [("binary", 2), ("signed3", 6), ("eight", 8)])
def test_the_scale_of_the_project_decides_the_grades(scale, keys):
    project = open_project(comparison(), scale=scale)
    shown = text_of(browser(make_annotator(project)).get(page(project)))
    assert shown.count('data-side="left"') == shown.count('data-side="right"') == keys / 2
    assert f'data-key="{keys}"' in shown
    assert f'data-key="{keys + 1}"' not in shown
