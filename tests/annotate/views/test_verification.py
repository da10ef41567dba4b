"""The page that lets a verifier judge outcome items."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import VerificationRun
from annotate.tasks import run_verification
from tests.annotate.views.conftest import browser, text_of
from tests.factories import PromptFactory, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def url(project):
    return reverse("annotate:verification-create", args=[project.slug])


def items(project):
    return reverse("annotate:item-list", args=[project.slug])


def test_a_verification_becomes_a_job_that_tells_its_counts(project, manager):
    for reference in ("42", ""):
        prompt = PromptFactory(reference=reference)
        make_item(project, kind="outcome", contents=("Answer: 42",), prompt=prompt)
    client = browser(manager)
    response = client.post(url(project), {"verifier": "exact", "pattern": ""})
    run = VerificationRun.objects.get()
    detail = reverse("annotate:run-detail", args=[run.public_id])
    assert response["Location"] == detail
    assert (run.verifier, run.requested_by) == ("exact", manager)
    run_verification(run.pk)
    shown = text_of(client.get(detail))
    assert "Verification" in shown
    assert "<dt>judgments</dt><dd>1</dd>" in shown
    assert "<dt>reasons · no reference</dt><dd>1</dd>" in shown


@pytest.mark.parametrize(
    ("fields", "reason", "status"),
    [
        ({"verifier": ""}, "This field is required.", 422),
        ({"verifier": "oracle"}, "Select a valid choice.", 422),
        ({"verifier": "regex"}, "Give a regular expression", 400),
        ({"verifier": "regex", "pattern": "("}, "This is no regular expression", 400),
        ({"verifier": "exact", "pattern": "x"}, "Only the regular expression", 400),
        ({"verifier": "regex", "pattern": "a" * 301}, "at most 300 characters", 422),
        ({"verifier": "regex", "pattern": "a\0"}, "Null characters", 422),
    ],
)
def test_what_cannot_be_asked_is_said_at_the_form(project, manager, fields, reason, status):
    response = browser(manager).post(url(project), fields)
    assert response.status_code == status
    assert reason in text_of(response)
    assert not VerificationRun.objects.exists()


def test_managers_of_outcomes_find_it_among_the_items(project, manager):
    client = browser(manager)
    assert url(project) in text_of(client.get(items(project)))
    project.kinds = ["comparison"]
    project.save()
    assert url(project) not in text_of(client.get(items(project)))


def test_it_is_the_managers_business(project, annotator, outsider):
    for method in ("get", "post"):
        assert getattr(browser(annotator), method)(url(project)).status_code == 403
        assert getattr(browser(outsider), method)(url(project)).status_code == 404


def test_the_page_lights_up_the_jobs(project, manager):
    shown = text_of(browser(manager).get(url(project)))
    assert shown.count('aria-current="page"') == 1
    assert "regular expression" in shown
