"""The export panel of a dataset's page: who sees it, what it asks for, what it gives."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.services.runs import perform
from curation.export_form import FORMAT_WORDS
from curation.exporting import download_path, export, request_export
from curation.exports.formats import FORMATS
from curation.models import ExportRun
from tests.curation.datasets import make_dataset
from tests.factories import ProjectFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
TOKEN = "hf_TypedIntoTheForm0123456789"


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def manager(client, dataset):
    user = make_annotator(dataset.project, "manager")
    client.force_login(user)
    return user


def page_of(client, dataset):
    url = reverse("curation:dataset-detail", args=[dataset.public_id])
    return client.get(url).content.decode()


def ask(client, dataset, **fields):
    url = reverse("curation:export-create", args=[dataset.public_id])
    return client.post(url, {"target": "download", "format": "trl"} | fields)


def archive(client, run):
    return client.get(reverse("curation:export-archive", args=[run.public_id]))


def test_a_manager_sees_the_formats_of_the_kind(client, dataset, manager):
    page = page_of(client, dataset)
    assert "Export this dataset" in page
    assert 'value="helpsteer3"' in page
    assert 'value="nectar"' not in page


def test_every_format_has_words_for_people():
    assert list(FORMAT_WORDS) == list(FORMATS)


def test_a_reviewer_sees_no_panel_and_may_not_ask(client, dataset):
    client.force_login(make_annotator(dataset.project, "reviewer"))
    assert "Export this dataset" not in page_of(client, dataset)
    assert ask(client, dataset).status_code == 403
    assert not ExportRun.objects.exists()


def test_a_dataset_of_others_cannot_be_exported(client, dataset):
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert ask(client, dataset).status_code == 404


def test_asking_for_a_download_leads_to_its_run(client, dataset, manager):
    reply = ask(client, dataset, file_type="jsonl", license="mit", languages="en, de")
    run = ExportRun.objects.get()
    assert reply.url == reverse("annotate:run-detail", args=[run.public_id])
    assert (run.target, run.format, run.form, run.requested_by) == (
        "download",
        "trl",
        "jsonl",
        manager,
    )
    assert run.card == {
        "license": "mit",
        "languages": ["en", "de"],
        "about_people": "",
        "limitations": "",
    }


def test_asking_for_the_hub_keeps_a_handle_and_no_token(client, dataset, manager):
    reply = ask(client, dataset, target="hub", repo_id="org/cheer", token=TOKEN)
    run = ExportRun.objects.get()
    assert (run.target, run.destination, run.is_private) == ("hub", "org/cheer", True)
    assert run.token_handle
    assert TOKEN not in repr(vars(run))
    assert TOKEN not in client.get(reply.url).content.decode()
    assert run.token_handle not in client.get(reply.url).content.decode()
    assert TOKEN not in page_of(client, dataset)


def test_error_reports_hide_the_token(client, dataset, manager):
    reply = ask(client, dataset, target="hub", repo_id="org/cheer", token=TOKEN)
    assert reply.wsgi_request.sensitive_post_parameters == ("token",)


def test_publishing_is_asked_for(client, dataset, manager):
    ask(client, dataset, target="hub", repo_id="org/cheer", token=TOKEN, public="on")
    assert not ExportRun.objects.get().is_private


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"format": "nectar"}, "nectar"),
        ({"target": "hub", "token": TOKEN}, "Name the repository"),
        ({"target": "hub", "repo_id": "cheer", "token": TOKEN}, "ORG/NAME"),
        ({"target": "hub", "repo_id": "org/cheer"}, "takes a token"),
        ({"license": "my own licence"}, "Write the licence as the Hub does"),
        ({"languages": "English"}, "Write languages as codes"),
        ({"target": "moon"}, "moon"),
    ],
)
def test_what_is_wrong_is_said(client, dataset, manager, fields, sentence):
    reply = ask(client, dataset, **fields)
    assert reply.status_code == 400
    text = reply.content.decode()
    assert sentence in text
    assert TOKEN not in text
    assert not ExportRun.objects.exists()


def test_the_page_says_whose_token_is_used(client, dataset, manager, settings):
    assert "Used once; it is not kept." in page_of(client, dataset)
    settings.HF_TOKEN = TOKEN
    page = page_of(client, dataset)
    assert "Empty uses the one of this installation." in page
    assert TOKEN not in page


def test_a_download_that_is_ready_can_be_taken(client, dataset, manager):
    run = request_export(dataset, by=None, format_name="trl")
    assert archive(client, run).status_code == 404
    perform(run, export)
    assert reverse("curation:export-archive", args=[run.public_id]) in page_of(client, dataset)
    reply = archive(client, run)
    assert b"".join(reply.streaming_content) == download_path(run).read_bytes()
    assert reply["Content-Type"] == "application/zip"
    assert 'filename="cheer-preference-v3-trl-parquet.zip"' in reply["Content-Disposition"]
    download_path(run).unlink()
    assert archive(client, run).status_code == 404


def test_a_download_of_others_does_not_exist(client, dataset):
    run = perform(request_export(dataset, by=None), export)
    client.force_login(make_annotator(ProjectFactory(), "manager"))
    assert archive(client, run).status_code == 404
    client.force_login(make_annotator(dataset.project))
    assert archive(client, run).status_code == 403


def test_what_is_on_the_hub_is_linked(client, dataset, manager):
    ExportRun.objects.create(
        project=dataset.project,
        dataset=dataset,
        target="hub",
        destination="org/cheer",
        status="succeeded",
        result={"url": "https://hub.example/datasets/org/cheer", "tag": "v3"},
    )
    page = page_of(client, dataset)
    assert 'href="https://hub.example/datasets/org/cheer"' in page
    assert "org/cheer" in page


def test_asking_takes_a_post(client, dataset, manager):
    url = reverse("curation:export-create", args=[dataset.public_id])
    assert client.get(url).status_code == 405
