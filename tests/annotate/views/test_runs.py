"""Imports and jobs."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotate.forms import UPLOAD_SUFFIXES
from annotate.importers.readers import _READERS
from annotate.models import ImportRun
from tests.annotate.views.conftest import HTMX, browser, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def imports(project):
    return reverse("annotate:import-create", args=[project.slug])


def detail(run, name="run-detail"):
    return reverse(f"annotate:{name}", args=[run.public_id])


def upload(name="rows.jsonl"):
    return SimpleUploadedFile(name, b'{"prompt": "q", "responses": ["a", "b"]}\n')


def make_run(project, **values):
    return ImportRun.objects.create(project=project, filename="rows.jsonl", **values)


def test_an_upload_becomes_a_run_and_its_page(project, manager):
    fields = {"uploads": [upload()], "kind": "comparison", "open_round": "on"}
    response = browser(manager).post(imports(project), fields)
    run = ImportRun.objects.get()
    assert response["Location"] == detail(run)
    assert (run.kind, run.oracle, run.open_round, run.requested_by) == (
        "comparison",
        False,
        True,
        manager,
    )


def test_several_uploads_become_several_runs(project, manager):
    fields = {"uploads": [upload("a.jsonl"), upload("b.jsonl")], "oracle": "on"}
    response = browser(manager).post(imports(project), fields)
    assert response["Location"] == reverse("annotate:run-list", args=[project.slug])
    assert set(ImportRun.objects.values_list("filename", "oracle")) == {
        ("a.jsonl", True),
        ("b.jsonl", True),
    }


def test_an_import_without_a_file_is_refused(project, manager):
    response = browser(manager).post(imports(project), {"kind": ""})
    assert response.status_code == 422
    assert "Choose files, or name a dataset." in text_of(response)


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.jsonl.zip", "rows.csv.gz"])
def test_a_file_of_an_unknown_kind_is_refused_at_once(project, manager, name):
    fields = {"uploads": [upload("good.JSONL"), upload(name)]}
    response = browser(manager).post(imports(project), fields)
    assert response.status_code == 422
    assert f"{name} has an unknown suffix; these are read: .jsonl," in text_of(response)
    assert not ImportRun.objects.exists()


def test_uploads_take_what_the_importer_reads():
    assert set(UPLOAD_SUFFIXES) == set(_READERS)


def test_a_file_beyond_the_limit_is_refused(project, manager, settings):
    settings.MAX_UPLOAD_BYTES = 10
    response = browser(manager).post(imports(project), {"uploads": [upload()]})
    assert response.status_code == 413
    assert "split it" in text_of(response)


def test_a_working_run_is_polled_and_a_finished_one_is_not(project, manager):
    run = make_run(project, status="pending", message="Waiting.")
    client = browser(manager)
    assert 'hx-trigger="every 2s"' in text_of(client.get(detail(run)))
    ImportRun.objects.update(status="succeeded", result={"items": 1234, "rows": {"train": 7}})
    fragment = text_of(client.get(detail(run), **HTMX))
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment
    assert "1,234" in fragment
    assert "rows · train" in fragment


def test_bad_rows_are_listed_with_line_and_reason(project, manager):
    errors = [{"file": "rows.jsonl", "line": 17, "reason": "no <prompt>"}] * 250
    run = make_run(project, status="succeeded", result={"errors": errors, "errors_left_out": 5})
    shown = text_of(browser(manager).get(detail(run)))
    assert shown.count("no &lt;prompt&gt;") == 200
    assert "and 55 more" in shown


def test_a_failed_run_tells_why_and_can_be_tried_again(project, manager):
    run = make_run(project, status="failed", error="The file is no JSON.", log="Traceback")
    client = browser(manager)
    shown = text_of(client.get(detail(run)))
    assert "The file is no JSON." in shown
    assert "Cancel this job" not in shown
    client.post(detail(run, "run-retry"))
    run.refresh_from_db()
    assert run.status == "pending"


def test_a_waiting_run_can_be_cancelled_once(project, manager):
    run, client = make_run(project, status="pending"), browser(manager)
    client.post(detail(run, "run-cancel"))
    run.refresh_from_db()
    assert run.status == "cancelled"
    shown = text_of(client.post(detail(run, "run-cancel"), follow=True))
    assert "This run has ended already." in shown


def test_the_list_shows_the_latest_jobs(project, manager):
    make_run(project, status="running", progress=0.5, lease_until="2030-01-01T00:00Z")
    shown = text_of(browser(manager).get(reverse("annotate:run-list", args=[project.slug])))
    assert "rows.jsonl" in shown
    assert "50 %" in shown


@pytest.mark.parametrize("name", ["run-detail", "run-cancel", "run-retry"])
def test_runs_are_the_managers_business(project, annotator, outsider, name):
    run = make_run(project, status="failed")
    method = "get" if name == "run-detail" else "post"
    assert getattr(browser(annotator), method)(detail(run, name)).status_code == 403
    assert getattr(browser(outsider), method)(detail(run, name)).status_code == 404


def test_an_unknown_run_does_not_exist(manager):
    url = reverse("annotate:run-detail", args=[uuid4()])
    assert browser(manager).get(url).status_code == 404
