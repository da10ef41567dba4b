"""The pages of projects."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from annotate.models import Judgment, Membership, Project, User
from annotate.services import publish_guidelines
from tests.annotate.views.conftest import browser, comparison, open_project, text_of
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = pytest.mark.django_db


def url(name, project=None):
    return reverse(f"annotate:{name}", args=[project.slug] if project else [])


FORM = {
    "slug": "new-one",
    "name": "New",
    "kinds": ["comparison", "rating"],
    "scale": "binary",
    "overlap": "2",
    "aspects": "truth, tone,truth",
    "rating_min": "1",
    "rating_max": "7",
}


def settings_of(project, **changes):
    values = {
        "name": project.name,
        "description": "",
        "scale": project.scale,
        "overlap": 1,
        "aspects": "helpfulness",
        "hide_others": "on",
        "loop_round_size": 50,
        "loop_random_share": 0.25,
        "loop_max_rounds": 10,
    }
    return values | changes


def test_the_list_shows_a_persons_projects_and_no_others(project, annotator):
    foreign = ProjectFactory(name="Somebody else's")
    shown = text_of(browser(annotator).get("/"))
    assert project.name in shown
    assert "<strong>2</strong>" in shown
    assert foreign.name not in shown


def test_annotators_see_no_progress_of_others_unless_the_project_shows_it(project, annotator):
    client = browser(annotator)
    assert "0 of 2 judgments" not in text_of(client.get("/"))
    Project.objects.update(hide_others=False)
    assert "0 of 2 judgments" in text_of(client.get("/"))


def test_managers_see_the_rounds_progress(project, manager):
    assert "0 of 2 judgments" in text_of(browser(manager).get("/"))


def test_only_staff_may_make_projects(annotator, project):
    assert browser(annotator).get(url("project-create")).status_code == 403
    assert "New project" not in text_of(browser(annotator).get("/"))


def test_staff_make_a_project_and_manage_it():
    staff = UserFactory(is_staff=True)
    response = browser(staff).post(url("project-create"), FORM)
    project = Project.objects.get(slug="new-one")
    assert response["Location"] == url("project-home", project)
    assert (project.kinds, project.aspects) == (["comparison", "rating"], ["truth", "tone"])
    assert Membership.objects.get(project=project, user=staff).role == "manager"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"slug": "Not a slug"}, "slug"),
        ({"kinds": []}, "required"),
        ({"rating_min": "7", "rating_max": "7"}, "must be above the lowest"),
        ({"overlap": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_project_that_makes_no_sense_is_refused(change, complaint):
    response = browser(UserFactory(is_staff=True)).post(url("project-create"), FORM | change)
    assert response.status_code == 422
    assert complaint in text_of(response)
    assert not Project.objects.exists()


def test_the_home_page_shows_guidelines_and_a_way_to_start(project, annotator):
    publish_guidelines(project, text="Judge **fairly**.", by=None)
    shown = text_of(browser(annotator).get(url("project-home", project)))
    assert "Judge <strong>fairly</strong>." in shown
    assert url("item-next", project) in shown
    assert url("members", project) not in shown


@pytest.mark.parametrize(
    "name",
    ["project-home", "project-settings", "guidelines", "import-create", "run-list", "item-next"],
)
def test_outsiders_find_nothing(project, outsider, name):
    assert browser(outsider).get(url(name, project)).status_code == 404


@pytest.mark.parametrize("name", ["project-settings", "import-create", "run-list"])
def test_managers_pages_are_closed_to_annotators(project, annotator, name):
    assert browser(annotator).get(url(name, project)).status_code == 403


@pytest.mark.parametrize("name", ["annotators-create", "round-close", "guidelines"])
def test_managers_actions_are_closed_to_annotators(project, annotator, name):
    assert browser(annotator).post(url(name, project), {"text": "x"}).status_code == 403


def test_managers_change_settings(project, manager):
    fields = settings_of(project, overlap=3, loop_enabled="on", aspects="a, b")
    response = browser(manager).post(url("project-settings", project), fields)
    project.refresh_from_db()
    assert response.status_code == 302
    assert (project.overlap, project.loop_enabled, project.aspects) == (3, True, ["a", "b"])


def test_settings_that_make_no_sense_change_nothing(project, manager):
    fields = settings_of(project, loop_random_share=2)
    response = browser(manager).post(url("project-settings", project), fields)
    project.refresh_from_db()
    assert response.status_code == 422
    assert project.loop_random_share == 0.25


def test_a_new_edition_of_the_guidelines_is_in_force(project, manager):
    client = browser(manager)
    client.post(url("guidelines", project), {"text": "First"})
    client.post(url("guidelines", project), {"text": "Second, with <script>"})
    assert project.guidelines.first().number == 2
    assert "Second, with &lt;script&gt;" in text_of(client.get(url("guidelines", project)))


def test_annotators_read_the_guidelines_without_an_editor(project, annotator):
    publish_guidelines(project, text="Read me", by=None)
    shown = text_of(browser(annotator).get(url("guidelines", project)))
    assert "Read me" in shown
    assert "<textarea" not in shown


def test_new_accounts_are_shown_once_and_work(project, manager, client):
    fields = {"key": str(uuid4()), "n": 2, "role": "annotator"}
    response = browser(manager).post(url("annotators-create", project), fields)
    names = [user.username for user in User.objects.filter(username__contains="-annotator-")]
    assert len(names) == 2
    assert all(name in text_of(response) for name in names)
    assert "no-store" in response["Cache-Control"]
    assert names[0] not in text_of(client.get("/accounts/login/"))


def test_a_form_sent_twice_makes_its_accounts_once(project, manager):
    client = browser(manager)
    keys = re.findall(r'name="key" value="([^"]+)"', text_of(client.get(url("members", project))))
    fields = {"key": keys[-1], "n": 2, "role": "annotator"}
    client.post(url("annotators-create", project), fields)
    again = client.post(url("annotators-create", project), fields, follow=True)
    assert "made already" in text_of(again)
    assert User.objects.filter(username__contains="-annotator-").count() == 2
    client.post(url("annotators-create", project), fields | {"key": str(uuid4())})
    assert User.objects.filter(username__contains="-annotator-").count() == 4


def test_accounts_without_a_key_are_not_made(project, manager):
    fields = {"n": 2, "role": "annotator"}
    assert browser(manager).post(url("annotators-create", project), fields).status_code == 400
    assert not User.objects.filter(username__contains="-annotator-").exists()


def test_too_many_accounts_are_refused_with_a_sentence(project, manager):
    fields = {"key": str(uuid4()), "n": 100_000, "role": "annotator"}
    response = browser(manager).post(url("annotators-create", project), fields)
    assert response.status_code == 400
    assert "How many" in text_of(response)


def test_managers_close_the_round_once(project, manager):
    client = browser(manager)
    shown = text_of(client.post(url("round-close", project), follow=True))
    assert "Round 1 is closed." in shown
    assert project.rounds.get().status == "closed"
    assert "No round is open." in text_of(client.post(url("round-close", project), follow=True))


def test_closing_a_round_is_asked_about_first(project, manager):
    shown = text_of(browser(manager).get(url("project-home", project)))
    details = shown[shown.index('<details class="confirm">') :]
    details = details[: details.index("</details>")]
    assert "2 judgments are missing and will not be asked in this round" in details
    assert shown.count(url("round-close", project)) == details.count(url("round-close", project))


def test_forms_are_protected_against_forgery(project, manager):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    response = client.post(url("round-close", project))
    assert response.status_code == 403
    assert "This form has grown old" in text_of(response)


def test_tabs_show_what_the_role_may_open(project, annotator, manager):
    home = url("project-home", project)
    assert url("run-list", project) not in text_of(browser(annotator).get(home))
    assert url("run-list", project) in text_of(browser(manager).get(home))


def test_a_superuser_manages_every_project():
    project = open_project(comparison())
    boss = UserFactory(is_superuser=True, is_staff=True)
    assert browser(boss).get(url("project-settings", project)).status_code == 200


def test_members_are_listed_with_what_they_judged(project, manager):
    worker = make_annotator(project, username="busy-bee")
    shown = text_of(browser(manager).get(url("project-home", project)))
    assert worker.username in shown
    assert "simulated</span>" not in shown


def test_simulated_members_and_judgments_are_marked(project, manager):
    robot = make_annotator(project, username="robot", kind="simulated", source="test")
    for assignment in project.rounds.get().assignments.all()[:1]:
        assignment.status, assignment.annotator = "submitted", robot
        assignment.display_order = [0, 1]
        assignment.save()
        Judgment.objects.create(assignment=assignment, display_order=[0, 1])
    shown = text_of(browser(manager).get(url("project-home", project)))
    badge = '<span class="badge simulated">simulated</span>'
    assert f"<td>robot {badge}</td>" in shown
    assert "<dt>Judgments made here</dt><dd>0</dd>" in shown
    assert f"<dt>Judgments made here {badge}</dt><dd>1</dd>" in shown
