"""Exports over the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from annotate.services.runs import perform
from curation.exporting import download_path, export
from curation.models import ExportRun
from tests.clients import Client, client_for, error_of
from tests.curation.datasets import make_dataset
from tests.factories import UserFactory, make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
TOKEN = "hf_SentOverTheApi0123456789"


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def manager(dataset):
    return client_for(make_annotator(dataset.project, "manager"))


def ask(client, dataset, **body):
    return client.call("post", f"datasets/{dataset.public_id}/exports", body)


def test_a_push_becomes_a_run(manager, dataset):
    reply = ask(
        manager,
        dataset,
        hub="org/cheer",
        token=TOKEN,
        format="trl",
        license="mit",
        languages=["en"],
        limitations="Only tea.",
    )
    assert reply.status_code == 202
    assert TOKEN not in reply.content.decode()
    run = ExportRun.objects.get(public_id=reply.json()["run"])
    assert (run.target, run.destination, run.format) == ("hub", "org/cheer", "trl")
    assert run.is_private
    assert run.card["limitations"] == "Only tea."
    shown = manager.call("get", f"runs/{run.public_id}")
    assert shown.json()["work"] == "Export"
    assert TOKEN not in shown.content.decode()
    assert run.token_handle not in shown.content.decode()


def test_without_a_repository_it_is_a_download(manager, dataset):
    reply = ask(manager, dataset, form="jsonl")
    run = ExportRun.objects.get(public_id=reply.json()["run"])
    assert (run.target, run.format, run.form) == ("download", "tiebreak", "jsonl")
    path = f"exports/{run.public_id}/archive"
    assert manager.call("get", path).status_code == 404
    perform(run, export)
    got = manager.call("get", path)
    assert b"".join(got.streaming_content) == download_path(run).read_bytes()


def test_publishing_takes_a_word(manager, dataset):
    ask(manager, dataset, hub="org/cheer", token=TOKEN, private=False)
    assert not ExportRun.objects.get().is_private


@pytest.mark.parametrize(
    "body",
    [
        {"hub": "cheer", "token": TOKEN},
        {"hub": "org/cheer"},
        {"hub": "org/cheer", "token": TOKEN, "form": "jsonl"},
        {"format": "odd"},
        {"format": "nectar"},
        {"form": "csv"},
        {"private": "yes"},
        {"license": "my own licence"},
        {"languages": "en"},
        {"languages": ["English"]},
        {"token": "x" * 501},
        {"limitations": "x" * 5_001},
    ],
)
def test_a_malformed_request_is_refused(manager, dataset, body):
    reply = ask(manager, dataset, **body)
    assert reply.status_code == 400
    assert TOKEN not in str(error_of(reply))
    assert not ExportRun.objects.exists()


def test_who_may_do_what(dataset):
    run = perform(_download(dataset), export)
    people = {
        role: client_for(make_annotator(dataset.project, role))
        for role in ("annotator", "reviewer", "manager")
    } | {"outsider": client_for(UserFactory()), "anonymous": Client()}
    statuses = {}
    for name, client in people.items():
        taken = client.call("get", f"exports/{run.public_id}/archive")
        taken.close()
        statuses[name] = [ask(client, dataset).status_code, taken.status_code]
    assert statuses == {
        "annotator": [403, 403],
        "reviewer": [403, 200],
        "manager": [202, 200],
        "outsider": [404, 404],
        "anonymous": [401, 401],
    }


def _download(dataset):
    return ExportRun.objects.create(
        project=dataset.project, dataset=dataset, target="download", format="trl"
    )


def test_an_unknown_export_is_not_found(manager, dataset):
    assert manager.call("get", f"exports/{uuid4()}/archive").status_code == 404
    assert manager.call("post", f"datasets/{uuid4()}/exports", {}).status_code == 404
