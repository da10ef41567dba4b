"""Datasets over the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from curation.models import CurationRun, DatasetVersion
from tests.clients import BASE, Client, client_for, error_of
from tests.factories import ProjectFactory, UserFactory, make_annotator

DATASETS = "projects/helpful/datasets"


@pytest.fixture
def project(db):
    return ProjectFactory(slug="helpful")


@pytest.fixture
def people(project):
    """A client for each role, and for strangers."""
    roles = {
        role: client_for(make_annotator(project, role=role))
        for role in ("annotator", "reviewer", "manager")
    }
    return roles | {"outsider": client_for(UserFactory()), "anonymous": Client()}


@pytest.fixture
def dataset(project, settings):
    folder = settings.DATASET_DIR / "helpful/preference-1"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text('{"chosen": "a"}\n')
    (folder / "unlisted.txt").write_text("not for you")
    (settings.DATASET_DIR / "secret.txt").write_text("not for you")
    files = [
        {"name": name, "bytes": 16, "sha256": "0" * 64} for name in ("train.jsonl", "gone.jsonl")
    ]
    return DatasetVersion.objects.create(
        project=project,
        number=1,
        kind="preference",
        recipe={"kind": "preference"},
        content_hash="c" * 64,
        row_counts={"train": 1},
        dropped={"tie": 2},
        statistics={"rows": 1},
        path="helpful/preference-1",
        files=files,
    )


def test_a_recipe_becomes_a_run(people):
    recipe = {"kind": "preference", "seed": 7, "include_simulated": True}
    reply = people["manager"].call("post", DATASETS, recipe)
    assert reply.status_code == 202
    run = CurationRun.objects.get(public_id=reply.json()["run"])
    assert (run.recipe["kind"], run.recipe["seed"], run.recipe["include_simulated"]) == (
        "preference",
        7,
        True,
    )
    shown = people["manager"].call("get", f"runs/{run.public_id}").json()
    assert (shown["status"], shown["work"]) == ("pending", "Dataset build")


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"kind": "essay"},
        {"kind": None},
        {"kind": "preference", "aggregate": "guess"},
        {"kind": "preference", "seed": -1},
        {"kind": "preference", "seed": "1"},
        {"kind": "preference", "seed": 2**31},
        {"kind": "preference", "colour": "red"},
        {"kind": "preference", "include_simulated": "yes"},
        {"kind": "preference", "version": 99},
        ["preference"],
    ],
)
def test_a_malformed_recipe_is_refused(people, recipe):
    reply = people["manager"].call("post", DATASETS, recipe)
    assert reply.status_code == 400
    error_of(reply)
    assert not CurationRun.objects.exists()


def test_a_dataset_is_described(people, dataset):
    shown = people["reviewer"].call("get", f"datasets/{dataset.public_id}").json()
    assert shown["dataset"] == str(dataset.public_id)
    assert (shown["name"], shown["hash"]) == ("helpful-preference-v1", "c" * 64)
    assert (shown["rows"], shown["dropped"]) == ({"train": 1}, {"tie": 2})
    assert [file["name"] for file in shown["files"]] == ["train.jsonl", "gone.jsonl"]
    assert people["manager"].call("get", DATASETS).json() == {"datasets": [shown]}


def download(client, dataset, name):
    return client.get(f"{BASE}/datasets/{dataset.public_id}/files/{name}")


def test_a_file_is_streamed(people, dataset):
    reply = download(people["reviewer"], dataset, "train.jsonl")
    assert reply.status_code == 200
    assert reply.streaming
    assert b"".join(reply.streaming_content) == b'{"chosen": "a"}\n'
    assert 'filename="helpful-preference-v1-train.jsonl"' in reply["Content-Disposition"]


@pytest.mark.parametrize(
    "name",
    [
        "unlisted.txt",
        "gone.jsonl",
        "../secret.txt",
        "..%2F..%2Fsecret.txt",
        "%2Fetc%2Fpasswd",
        "train.jsonl%00",
        "",
    ],
)
def test_only_listed_files_are_given_out(people, dataset, name):
    reply = download(people["manager"], dataset, name)
    assert reply.status_code == 404
    error_of(reply)


def test_who_may_do_what(people, dataset):
    calls = [
        ("post", DATASETS, {"kind": "preference"}),
        ("get", DATASETS, None),
        ("get", f"datasets/{dataset.public_id}", None),
        ("get", f"datasets/{dataset.public_id}/files/gone.jsonl", None),
    ]
    statuses = {
        name: [client.call(*call).status_code for call in calls] for name, client in people.items()
    }
    assert statuses == {
        "annotator": [403, 403, 403, 403],
        "reviewer": [403, 200, 200, 404],
        "manager": [202, 200, 200, 404],
        "outsider": [404, 404, 404, 404],
        "anonymous": [401, 401, 401, 401],
    }
    assert people["manager"].call("get", f"datasets/{uuid4()}").status_code == 404
