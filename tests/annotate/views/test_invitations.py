"""The page behind an invitation's link, and the page of members."""

from __future__ import annotations

import logging
import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotate.models import Invitation, KnownAnswer, Membership, User
from annotate.services import invite, revoke_invitation
from config.logs import HideSecrets
from tests.annotate.views.conftest import browser, text_of
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


def url(name, project, *more):
    return reverse(f"annotate:{name}", args=[project.slug, *more])


@pytest.fixture
def link(project):
    _invitation, secret = invite(project, role="reviewer", by=None)
    return reverse("annotate:join", args=[secret])


def account(**changes):
    return {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD} | changes


def test_the_link_says_what_it_is_for_and_joins_nobody_by_itself(project, link, client):
    shown = text_of(client.get(link))
    assert project.name in shown
    assert "You are invited as: reviewer." in shown
    assert not Membership.objects.exists()


def test_somebody_without_an_account_makes_one_and_is_in(project, link):
    client = Client()
    response = client.post(link, account())
    assert response["Location"] == url("project-home", project)
    assert client.get(url("project-home", project)).status_code == 200
    assert Membership.objects.get(project=project).role == "reviewer"
    assert User.objects.get(username="newcomer").check_password(PASSWORD)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"password1": "12345", "password2": "12345"}, "too short"),
        ({"password2": "another long password"}, "didn’t match"),
        ({"username": "TAKEN"}, "already exists"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(link, client, change, complaint):
    UserFactory(username="taken")
    response = client.post(link, account(**change))
    assert response.status_code == 422
    assert complaint in text_of(response)
    assert Invitation.objects.get().uses == 0


def test_somebody_signed_in_joins_with_one_button(project, link, outsider):
    client = browser(outsider)
    assert "password" not in text_of(client.get(link)).split("<form method")[-1]
    assert client.post(link)["Location"] == url("project-home", project)
    assert Membership.objects.get(user=outsider).role == "reviewer"


def test_a_member_is_led_to_the_project(project, link, annotator):
    assert browser(annotator).get(link)["Location"] == url("project-home", project)
    assert Invitation.objects.get().uses == 0


def test_a_link_that_is_used_up_says_so(project, link, client):
    client.post(link, account())
    response = Client().post(link, account(username="second"))
    assert response.status_code == 410
    assert "used up" in text_of(response)
    assert not User.objects.filter(username="second").exists()


def test_a_withdrawn_link_says_so(link, client):
    revoke_invitation(Invitation.objects.get(), by=None)
    assert "withdrawn" in text_of(client.get(link))


def test_a_wrong_secret_is_nothing(client, db):
    assert client.get(reverse("annotate:join", args=["x" * 32])).status_code == 404


def test_joining_takes_the_pages_own_form(link):
    assert Client(enforce_csrf_checks=True).post(link, account()).status_code == 403


def test_sign_up_stays_closed_beside_the_link(client, link):
    assert "Sign-up is closed" in text_of(client.get("/accounts/signup/"))


def test_the_secret_stands_in_no_log():
    record = logging.LogRecord("django.request", 30, "", 0, "Gone: %s", ("/join/abc-DEF_1/",), None)
    assert HideSecrets().filter(record)
    assert record.getMessage() == "Gone: /join/…/"


def test_managers_make_a_link_and_see_it_once(project, manager):
    client = browser(manager)
    fields = {"key": str(uuid4()), "role": "annotator", "max_uses": 3, "days": 7}
    shown = text_of(client.post(url("invitation-create", project), fields))
    link = re.search(r"http://testserver(/join/[\w-]{32}/)", shown)[1]
    assert Client().get(link).status_code == 200
    assert link not in text_of(client.get(url("members", project)))
    again = client.post(url("invitation-create", project), fields, follow=True)
    assert "made already" in text_of(again)
    assert Invitation.objects.count() == 1


def test_a_link_for_nobody_is_refused_on_the_page(project, manager):
    fields = {"key": str(uuid4()), "role": "annotator", "max_uses": 0, "days": 7}
    response = browser(manager).post(url("invitation-create", project), fields)
    assert response.status_code == 422
    assert "greater than or equal to 1" in text_of(response)


def test_managers_withdraw_a_link(project, manager, link):
    invitation = Invitation.objects.get()
    browser(manager).post(url("invitation-revoke", project, invitation.public_id))
    assert Client().get(link).status_code == 410


def test_a_link_of_another_project_is_out_of_reach(project, manager):
    invitation, _ = invite(ProjectFactory(), role="annotator", by=None)
    path = url("invitation-revoke", project, invitation.public_id)
    assert browser(manager).post(path).status_code == 404


def test_managers_change_a_role_in_place(project, manager, annotator):
    path = url("member-role", project, annotator.public_id)
    shown = text_of(browser(manager).post(path, {"role": "manager"}, follow=True))
    assert f"The role of {annotator.username} is changed." in shown
    assert Membership.objects.get(user=annotator).role == "manager"


def test_an_unknown_role_is_refused(project, manager, annotator):
    path = url("member-role", project, annotator.public_id)
    assert browser(manager).post(path, {"role": "owner"}).status_code == 400


def test_managers_remove_a_member_but_not_the_last_manager(project, manager, annotator):
    client = browser(manager)
    client.post(url("member-remove", project, annotator.public_id))
    assert not Membership.objects.filter(user=annotator).exists()
    kept = client.post(url("member-remove", project, manager.public_id), follow=True)
    assert "at least one manager" in text_of(kept)


def test_the_page_shows_who_qualified_and_admits_by_hand(project, manager, annotator):
    item = make_item(project, contents=("Five.", "Six."), known={"choice": "left", "strength": 1})
    KnownAnswer.objects.filter(item=item).update(is_qualification=True)
    project.qualification_size = 3
    project.save()
    Membership.objects.filter(user=annotator).update(disqualified_at=timezone.now())
    client = browser(manager)
    assert "did not qualify" in text_of(client.get(url("members", project)))
    path = url("member-requalify", project, annotator.public_id)
    assert "may try again" in text_of(client.post(path, follow=True))
    assert "may do real work now" in text_of(client.post(path, {"admit": "yes"}, follow=True))
    assert Membership.objects.get(user=annotator).qualified_at is not None


def test_the_members_page_is_for_managers(project, annotator, outsider):
    assert browser(annotator).get(url("members", project)).status_code == 403
    assert browser(outsider).get(url("members", project)).status_code == 404


@pytest.mark.parametrize("name", ["member-role", "member-remove", "member-requalify"])
def test_what_is_done_to_members_is_closed_to_annotators(project, annotator, name):
    path = url(name, project, annotator.public_id)
    assert browser(annotator).post(path, {"role": "manager"}).status_code == 403
    assert browser(annotator).get(path).status_code == 405


def test_only_managers_have_the_tab(project, manager, annotator):
    reviewer = make_annotator(project, role="reviewer")
    home, tab = url("project-home", project), url("members", project)
    assert tab in text_of(browser(manager).get(home))
    assert tab not in text_of(browser(reviewer).get(home))
