"""Projects, progress and imports over the API."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotate.models import ImportRun
from tests.clients import BASE, answer_body, client_for, error_of
from tests.factories import MembershipFactory, ProjectFactory, UserFactory, make_item

ROWS = b'{"prompt": "Q?", "chosen": "a", "rejected": "b"}\n'
IMPORTS = f"{BASE}/projects/helpful/imports"


def test_projects_lists_mine_with_my_role(client, annotator, project):
    MembershipFactory(user=annotator, project=ProjectFactory(slug="other"), role="manager")
    ProjectFactory(slug="foreign")
    entries = client.call("get", "projects").json()["projects"]
    assert [(entry["slug"], entry["role"]) for entry in entries] == [
        ("helpful", "annotator"),
        ("other", "manager"),
    ]
    assert entries[0]["scale"] == "llama2"


def test_a_superuser_manages_every_project(project):
    boss = client_for(UserFactory(is_superuser=True))
    assert [p["role"] for p in boss.call("get", "projects").json()["projects"]] == ["manager"]
    assert boss.call("get", "projects/helpful/progress").status_code == 200


def test_projects_needs_a_sign_in(anonymous, db):
    assert anonymous.call("get", "projects").status_code == 401


def test_progress_counts_own_and_all(client, reviewer, claim):
    path = f"assignments/{claim['assignment']}/judgments"
    client.call("post", path, answer_body(claim, claim_next=True))
    own = {"judgments": 1, "skipped": 0, "leased": 1, "available": 1}
    assert client.call("get", "projects/helpful/progress").json() == {"own": own, "all": None}
    everybody = reviewer.call("get", "projects/helpful/progress").json()["all"]
    assert everybody == {
        "items": 3,
        "queueable": 3,
        "judgments": 1,
        "imported": 0,
        "simulated": 0,
        "machine": 0,
        "round": {"number": 1, "items": 3, "slots": 3, "submitted": 1, "leased": 1},
    }


def test_annotators_see_all_where_the_project_lets_them(client, project):
    project.hide_others = False
    project.save()
    make_item(project)
    everybody = client.call("get", "projects/helpful/progress").json()["all"]
    assert (everybody["items"], everybody["round"]) == (1, None)


def test_progress_of_a_foreign_project_is_not_found(outsider, anonymous, project):
    assert outsider.call("get", "projects/helpful/progress").status_code == 404
    assert anonymous.call("get", "projects/helpful/progress").status_code == 401


def test_a_form_upload_becomes_a_run(manager, project, django_capture_on_commit_callbacks, sent):
    upload = SimpleUploadedFile("pairs.jsonl", ROWS)
    form = {"file": upload, "kind": "comparison", "oracle": "true", "open_round": "true"}
    with django_capture_on_commit_callbacks(execute=True):
        reply = manager.post(IMPORTS, form, format="multipart")
    assert reply.status_code == 202
    run = ImportRun.objects.get(public_id=reply.json()["run"])
    assert (run.filename, run.kind, run.oracle, run.open_round) == (
        "pairs.jsonl",
        "comparison",
        True,
        True,
    )
    assert run.file.read() == ROWS
    run.file.close()
    assert sent == [("annotate.run_import", run.pk, "default")]


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/json"])
def test_a_raw_upload_becomes_a_run(manager, project, kind):
    reply = manager.post(f"{IMPORTS}?filename=pairs.jsonl&oracle=true", ROWS, content_type=kind)
    assert reply.status_code == 202
    run = ImportRun.objects.get()
    assert (run.filename, run.oracle, run.open_round) == ("pairs.jsonl", True, False)
    assert run.file.read() == ROWS
    run.file.close()


def test_a_raw_upload_may_be_named_in_its_header(manager, project):
    manager.post(
        IMPORTS,
        ROWS,
        content_type="application/octet-stream",
        HTTP_CONTENT_DISPOSITION='attachment; filename="../../deep/pairs.jsonl"',
    )
    run = ImportRun.objects.get()
    assert run.filename == "pairs.jsonl"
    assert ".." not in run.file.name


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"file": ""},
        {"file": SimpleUploadedFile("empty.jsonl", b"")},
        {"file": SimpleUploadedFile("pairs.jsonl", ROWS), "kind": "essay"},
        {"file": SimpleUploadedFile("pairs.jsonl", ROWS), "oracle": "perhaps"},
    ],
)
def test_a_malformed_upload_is_refused(manager, project, form):
    reply = manager.post(IMPORTS, form, format="multipart")
    assert reply.status_code == 400
    error_of(reply)
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("name", ["", "?filename=", "?filename=a%00.jsonl"])
def test_a_raw_upload_needs_a_name(manager, project, name):
    reply = manager.post(IMPORTS + name, ROWS, content_type="application/octet-stream")
    assert reply.status_code == 400
    assert not ImportRun.objects.exists()


def test_a_file_over_the_limit_is_413(manager, project, settings):
    settings.MAX_UPLOAD_BYTES = 1_000
    for size in (1_001, 100_000):
        upload = SimpleUploadedFile("big.jsonl", b"x" * size)
        reply = manager.post(IMPORTS, {"file": upload}, format="multipart")
        assert (reply.status_code, error_of(reply)["field"]) == (413, "file")
    assert not ImportRun.objects.exists()


def test_a_form_with_endless_fields_is_413(manager, project, settings):
    fields = {
        "file": SimpleUploadedFile("a.jsonl", ROWS),
        "note": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1),
    }
    reply = manager.post(IMPORTS, fields, format="multipart")
    assert (reply.status_code, error_of(reply)["code"]) == (413, "too_large")


def test_only_managers_import(client, reviewer, outsider, anonymous, project):
    statuses = [
        caller.post(f"{IMPORTS}?filename=a.jsonl", ROWS, content_type="text/plain").status_code
        for caller in (client, reviewer, outsider, anonymous)
    ]
    assert statuses == [403, 403, 404, 401]
    assert not ImportRun.objects.exists()


def test_the_imported_file_is_the_one_sent(manager, project, reviewer, client):
    run = manager.post(f"{IMPORTS}?filename=a.jsonl", ROWS, content_type="text/plain").json()["run"]
    shown = reviewer.call("get", f"runs/{run}").json()
    assert (shown["run"], shown["status"], shown["work"]) == (run, "pending", "Import")
    assert client.call("get", f"runs/{run}").status_code == 403
    assert json.dumps(shown)
