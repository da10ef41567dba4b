"""Guards found wanting by attack: each stays shut."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from allauth.account.signals import password_changed
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from knox.models import AuthToken

from annotate.errors import Conflict
from annotate.importers import ImportFileError, read_rows
from annotate.models import Assignment, AuditEvent, ImportRun
from annotate.services import claim_assignment, close_round, renew_lease, request_import
from annotate.services.projects import record
from annotate.tasks import run_import
from tests.annotate.queueing import let_expire, open_items
from tests.clients import client_for
from tests.factories import ProjectFactory, UserFactory, make_annotator

pytestmark = pytest.mark.django_db


def test_the_admin_signs_in_where_everybody_does(client):
    """So that the second factor and the rate limits hold there too."""
    reply = client.get(reverse("admin:login"))
    assert reply.status_code == 302
    assert reply.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/auth/token", "/"])
def test_a_large_body_is_refused_by_its_announced_length(client, path):
    reply = client.post(path, b"x", content_type="text/plain", CONTENT_LENGTH="40000000")
    assert reply.status_code == 413
    assert json.loads(reply.content)["error"]["code"] == "too_large"


def test_an_import_may_be_large(client):
    path = "/api/v1/projects/none/imports"
    reply = client.post(path, b"x", content_type="text/plain", CONTENT_LENGTH="40000000")
    assert reply.status_code == 401


def test_a_token_that_is_not_text_is_401(client):
    reply = client.get("/api/v1/projects", HTTP_AUTHORIZATION=b"Token \xff")
    assert reply.status_code == 401


def test_nothing_of_the_api_is_cached():
    reply = client_for(UserFactory()).call("get", "projects")
    assert "no-store" in reply["Cache-Control"]


def test_a_long_wrong_value_is_not_repeated_at_length():
    project = ProjectFactory()
    client = client_for(make_annotator(project, role="manager"))
    body = {"strategy": "x" * 200_000, "size": 5}
    reply = client.call("post", f"projects/{project.slug}/rounds", body)
    assert reply.status_code == 400
    assert len(reply.content) < 1_000


def test_the_schema_takes_no_version_from_the_address(client):
    assert client.get("/api/schema/", {"version": "\n"}).status_code == 200


def test_tokens_end_with_the_password():
    user = UserFactory()
    AuthToken.objects.create(user=user)
    password_changed.send(sender=type(user), request=None, user=user)
    assert not AuthToken.objects.filter(user=user).exists()


def test_a_long_subject_fits_into_the_audit():
    record("import.request", by=None, subject="x" * 300)
    assert len(AuditEvent.objects.get().subject) == 120


def test_leases_that_ran_out_do_not_come_back_on_top_of_two_others():
    project = ProjectFactory()
    user = make_annotator(project)
    _, first = open_items(project, 2)
    old = claim_assignment(project, by=user)
    close_round(first, by=None)
    let_expire(old)
    open_items(project, 3)
    one = claim_assignment(project, by=user)
    two = claim_assignment(project, by=user, holding=[one.public_id])
    assert two is not None
    with pytest.raises(Conflict, match="two other items"):
        renew_lease(old, fence=old.fence)
    assert Assignment.objects.filter(annotator=user, status="leased").count() == 2


def test_an_upload_lies_under_a_name_of_our_own(sent):
    project = ProjectFactory()
    name = "2024.06.01 A rather long but honest file name, " + "x" * 80 + ".jsonl.gz"
    run = request_import(project, upload=SimpleUploadedFile(name, b"{}"), by=None)
    assert run.filename == name
    assert run.file.name.endswith(f"{run.public_id}.jsonl.gz")
    assert "honest" not in run.file.name


def test_a_broken_upload_ends_with_a_sentence_that_names_it(sent):
    upload = SimpleUploadedFile("mine.parquet", b"PAR1 is not enough")
    run = request_import(ProjectFactory(), upload=upload, by=None)
    run_import(run.pk)
    run = ImportRun.objects.get()
    assert run.status == "failed"
    assert run.error.startswith("mine.parquet is no complete Parquet file")
    assert ".." not in run.error
    assert run.log == ""


def test_a_dictionary_does_not_hide_a_files_size(tmp_path):
    column = pa.array(["x" * 100_000] * 2_000).dictionary_encode()
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"prompt": column}), path)
    assert path.stat().st_size < 200_000
    with pytest.raises(ImportFileError, match="unpacks to over"):
        list(read_rows(path, max_unpacked=10_000_000))


def test_control_characters_are_no_part_of_a_name():
    from annotate.forms import NamesField

    with pytest.raises(ValidationError):
        NamesField().clean("help\x00fulness")
    assert NamesField().clean("helpfulness, clarity") == ["helpfulness", "clarity"]
