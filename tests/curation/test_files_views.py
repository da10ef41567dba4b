"""The page of files for recipes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from curation.models import ProjectFile
from tests.annotate.views.conftest import browser, text_of
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = pytest.mark.django_db
URL = reverse("curation:file-list", args=["cheer"])
ROWS = b'{"text": "One?"}\n'


@pytest.fixture
def project():
    return ProjectFactory(slug="cheer")


@pytest.fixture
def manager(project):
    return browser(make_annotator(project, "manager"))


def form(content=ROWS, *, filename="e.jsonl", **fields):
    upload = {"file": SimpleUploadedFile(filename, content)} if content is not None else {}
    return {"purpose": "evaluation", "name": "exam"} | upload | fields


def test_a_manager_adds_a_file_and_sees_it(manager):
    reply = manager.post(URL, form(), follow=True)
    page = text_of(reply)
    assert "exam is kept." in page
    row = ProjectFile.objects.get()
    assert row.sha256 in page
    assert "evaluation set" in page


def test_an_empty_page_says_what_files_are_for(manager):
    assert "No file yet" in text_of(manager.get(URL))


@pytest.mark.parametrize(
    ("fields", "status", "why"),
    [
        (form(None), 422, "required"),
        (form(b""), 422, "empty"),
        (form(b'{"x": 1}\n'), 400, "one of the columns"),
        (form(b"\x00\xff"), 400, "UTF-8"),
        (form(filename="e.exe"), 400, "must end in one of"),
        (form(name="a b"), 422, "letters, numbers"),
        (form(name="../x"), 422, "letters, numbers"),
        (form(name=""), 422, "required"),
        (form(purpose="secret"), 422, "valid choice"),
    ],
)
def test_what_cannot_be_kept_is_explained_at_its_field(manager, fields, status, why):
    reply = manager.post(URL, fields)
    assert reply.status_code == status
    assert why in text_of(reply)
    assert "field-error" in text_of(reply)
    assert not ProjectFile.objects.exists()


def test_a_name_that_is_taken_is_a_conflict(manager):
    manager.post(URL, form())
    reply = manager.post(URL, form(b'{"text": "Two?"}\n'))
    assert reply.status_code == 409
    assert "already" in text_of(reply)
    assert ProjectFile.objects.count() == 1


def test_names_are_shown_as_text(manager, project):
    reply = manager.post(URL, form(b"", filename="<img src=x onerror=alert(1)>.jsonl"))
    assert "<img src=x" not in text_of(reply)


def test_an_upload_may_be_large_here_and_nowhere_else(manager):
    big = {"CONTENT_LENGTH": "40000000", "content_type": "text/plain"}
    assert manager.post(URL, b"x", **big).status_code != 413
    elsewhere = reverse("curation:recipe-edit", args=["cheer"])
    assert manager.post(elsewhere, b"x", **big).status_code == 413


def test_who_may_do_what(project, client):
    people = {
        role: browser(make_annotator(project, role))
        for role in ("annotator", "reviewer", "manager")
    }
    people["outsider"] = browser(UserFactory())
    assert {
        name: (each.get(URL).status_code, each.post(URL, form()).status_code)
        for name, each in people.items()
    } == {
        "annotator": (403, 403),
        "reviewer": (403, 403),
        "manager": (200, 302),
        "outsider": (404, 404),
    }
    assert client.get(URL).status_code == 302
    assert client.post(URL, form()).status_code == 302
    assert ProjectFile.objects.count() == 1


def test_the_form_of_a_recipe_offers_them(manager, project):
    manager.post(URL, form())
    manager.post(URL, form(b'{"group": "g", "topic": "t"}\n', purpose="topics", name="themes"))
    page = text_of(manager.get(reverse("curation:recipe-edit", args=["cheer"])))
    assert 'value="exam"' in page
    assert 'value="themes"' in page
    assert "no evaluation set yet" not in page
