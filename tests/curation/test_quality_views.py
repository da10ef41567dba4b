"""The quality pages: who sees them, what they say, under which names."""

import uuid

import pytest
from django.core.cache import cache
from django.urls import reverse

from annotate.models import KnownAnswer
from curation.quality.judgments import project_judgments
from tests.curation.saying import say, side
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def project():
    return ProjectFactory(slug="tea")


@pytest.fixture
def people(project):
    return [make_annotator(project, username=name) for name in ("amira", "bo", "cy")]


@pytest.fixture
def judged(project, people):
    for gap, choices in enumerate([("left", "left", "left"), ("left", "right", "left")] * 3):
        item = make_item(project, known=side("left"), gap=float(gap))
        for person, choice in zip(people, choices, strict=True):
            say(item, person, side(choice), seconds=5)
    say(item, people[0], side("left"), purpose="gold", replicate=1)
    return project


def page_of(project):
    return reverse("curation:quality", args=[project.slug])


def detail_of(project, person):
    return reverse("curation:annotator-detail", args=[project.slug, person.public_id])


def order_of(page):
    rows = page.split('class="sortable"')[1].split("</table>")[0]
    return sorted(("amira", "bo", "cy"), key=lambda name: rows.index(f">{name}<"))


def test_a_reviewer_sees_agreement_and_the_annotators(client, judged, people):
    client.force_login(make_annotator(judged, "reviewer"))
    reply = client.get(page_of(judged))
    page = reply.content.decode()
    assert reply.status_code == 200
    assert "Krippendorff’s alpha, nominal" in page
    assert "By difficulty" in page
    assert all(detail_of(judged, person) in page for person in people)
    assert 'aria-current="page">Quality<' in page


@pytest.mark.parametrize(
    ("role", "status"), [("annotator", 403), ("reviewer", 200), ("manager", 200)]
)
def test_only_reviewers_and_managers_come_in(client, judged, people, role, status):
    client.force_login(make_annotator(judged, role))
    assert client.get(page_of(judged)).status_code == status
    assert client.get(detail_of(judged, people[0])).status_code == status


def test_for_outsiders_the_pages_do_not_exist(client, judged, people):
    client.force_login(UserFactory())
    assert client.get(page_of(judged)).status_code == 404
    assert client.get(detail_of(judged, people[0])).status_code == 404


def test_one_annotators_page_tells_figures_with_intervals(client, judged, people):
    client.force_login(make_annotator(judged, "manager"))
    page = client.get(detail_of(judged, people[1])).content.decode()
    assert "<h1>bo</h1>" in page
    assert "50.0 %" in page
    assert "Drift shows from 20 judgments on" in page


def test_drift_is_drawn_with_enough_judgments(client, project, people):
    item = make_item(project, known=side("left"))
    for k in range(24):
        say(item, people[0], side("left"), purpose="gold", replicate=k, seconds=k + 1)
    client.force_login(make_annotator(project, "manager"))
    page = client.get(detail_of(project, people[0])).content.decode()
    assert 'id="drift-gold-title"' in page
    assert 'id="drift-seconds-title"' in page
    assert 'id="drift-reliability-title"' not in page


def test_who_has_not_judged_here_has_no_page(client, judged):
    client.force_login(make_annotator(judged, "manager"))
    idle = make_annotator(judged)
    assert client.get(detail_of(judged, idle)).status_code == 404
    nobody = reverse("curation:annotator-detail", args=[judged.slug, uuid.uuid4()])
    assert client.get(nobody).status_code == 404


def test_reviewers_see_numbers_where_names_are_hidden(client, judged, people):
    judged.hide_names = True
    judged.save()
    client.force_login(make_annotator(judged, "reviewer"))
    for url in (page_of(judged), detail_of(judged, people[0])):
        page = client.get(url).content.decode()
        assert "Annotator " in page
        assert not any(person.username in page for person in people[:1])
    client.force_login(make_annotator(judged, "manager"))
    assert "amira" in client.get(page_of(judged)).content.decode()


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["amira", "bo", "cy"]),
        ("-name", ["cy", "bo", "amira"]),
        ("reliability", ["bo", "amira", "cy"]),
        ("-judgments", ["amira", "bo", "cy"]),
        ("gold", ["amira", "bo", "cy"]),
        ("-gold", ["amira", "bo", "cy"]),
        ("password", ["amira", "bo", "cy"]),
    ],
)
@pytest.mark.usefixtures("people")
def test_annotators_are_sorted_by_a_column_and_unknown_figures_come_last(
    client, judged, sort, order
):
    client.force_login(make_annotator(judged, "manager"))
    page = client.get(page_of(judged), {"sort": sort}).content.decode()
    assert order_of(page) == order
    assert page.count("aria-sort=") == 1


def test_many_annotators_come_page_by_page(client, project):
    for k in range(45):
        person = make_annotator(project, username=f"worker-{k:02}")
        say(make_item(project), person, side("left"))
    client.force_login(make_annotator(project, "manager"))
    first = client.get(page_of(project), {"sort": "-name"}).content.decode()
    assert "worker-44" in first
    assert "worker-04" not in first
    assert 'href="?sort=-name&amp;page=2#annotators-heading"' in first
    last = client.get(page_of(project), {"sort": "-name", "page": "99"}).content.decode()
    assert "worker-04" in last
    assert "worker-44" not in last


def test_a_project_without_judgments_says_so(client, project):
    client.force_login(make_annotator(project, "manager"))
    assert "No judgments yet" in client.get(page_of(project)).content.decode()


def test_without_overlap_the_page_says_what_to_do(client, project, people):
    say(make_item(project), people[0], side("left"))
    client.force_login(make_annotator(project, "manager"))
    assert "Nobody can be compared yet" in client.get(page_of(project)).content.decode()


def test_simulated_judgments_are_named_as_such(client, project):
    robot = UserFactory(kind="simulated", source="tea", external_id="1")
    say(make_item(project), robot, side("left"))
    client.force_login(make_annotator(project, "manager"))
    assert "1 of 1 judgments is simulated" in client.get(page_of(project)).content.decode()


def test_imports_without_names_have_no_rows(client, project):
    nobody = UserFactory(kind="imported", source="set", external_id="0", is_positional=True)
    say(make_item(project), nobody, side("left"), purpose="import")
    client.force_login(make_annotator(project, "manager"))
    assert "imported without names" in client.get(page_of(project)).content.decode()


def test_figures_are_kept_until_something_changes(client, judged, people, monkeypatch):
    client.force_login(make_annotator(judged, "manager"))
    read = []
    report = "curation.quality.report.project_judgments"
    monkeypatch.setattr(report, lambda project: read.append(project) or project_judgments(project))
    for _ in range(2):
        client.get(page_of(judged))
        client.get(detail_of(judged, people[0]))
    assert len(read) == 1
    say(make_item(judged), people[2], side("left"))
    client.get(page_of(judged))
    KnownAnswer.objects.filter(item__project=judged).update(is_gold=True)
    client.get(page_of(judged))
    assert len(read) == 3


def test_names_are_escaped_in_tables_and_charts(client, project):
    sly = make_annotator(project, username="<script>alert(1)</script>")
    say(make_item(project), sly, side("left"))
    client.force_login(make_annotator(project, "manager"))
    assert "<script>alert" not in client.get(page_of(project)).content.decode()
    assert "<script>alert" not in client.get(detail_of(project, sly)).content.decode()
