"""Training, rounds and checkpoints over the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from curation.models import DatasetVersion
from modeling.models import Checkpoint, ScoringRun, TrainingRun
from tests.clients import Client, client_for, error_of
from tests.factories import ProjectFactory, UserFactory, make_annotator

TRAINING, ROUNDS = "projects/helpful/training-runs", "projects/helpful/rounds"


def make_dataset(project, *, kind="preference"):
    return DatasetVersion.objects.create(
        project=project, number=1, kind=kind, recipe={"kind": kind}, content_hash="c", path="x"
    )


def make_checkpoint(dataset):
    run = TrainingRun.objects.create(project=dataset.project, dataset=dataset)
    return Checkpoint.objects.create(
        project=dataset.project,
        run=run,
        number=1,
        path="x",
        is_promoted=True,
        metrics={"accuracy": 0.8},
        manifest={"config": {"seed": 1}},
    )


@pytest.fixture
def project(db):
    return ProjectFactory(slug="helpful")


@pytest.fixture
def dataset(project):
    return make_dataset(project)


@pytest.fixture
def people(project):
    """A client for each role, and for strangers."""
    roles = {
        role: client_for(make_annotator(project, role=role))
        for role in ("annotator", "reviewer", "manager")
    }
    return roles | {"outsider": client_for(UserFactory()), "anonymous": Client()}


def test_training_becomes_a_run(people, dataset):
    body = {"dataset": str(dataset.public_id), "config": {"seed": 3, "l2": 0.1}}
    reply = people["manager"].call("post", TRAINING, body)
    assert reply.status_code == 202
    run = TrainingRun.objects.get(public_id=reply.json()["run"])
    assert (run.dataset, run.config["seed"], run.config["l2"]) == (dataset, 3, 0.1)


def test_training_may_leave_the_configuration_as_it_is(people, dataset):
    body = {"dataset": str(dataset.public_id)}
    assert people["manager"].call("post", TRAINING, body).status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "x"},
        {"dataset": None},
        {"config": []},
        {"config": {"colour": "red"}},
        {"config": {"l2": "much"}},
        {"config": {"epochs": 0}},
    ],
)
def test_malformed_training_is_refused(people, dataset, change):
    reply = people["manager"].call("post", TRAINING, {"dataset": str(dataset.public_id)} | change)
    assert reply.status_code == 400
    error_of(reply)
    assert not TrainingRun.objects.exists()


def test_only_the_projects_own_models_are_built_on(people, dataset, settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path
    own, foreign = make_checkpoint(dataset), make_checkpoint(make_dataset(ProjectFactory()))
    own.path, foreign.path = "helpful/one", "other/two"
    for one in (own, foreign):
        one.save()
    sneaking = own.directory / ".." / ".." / foreign.path
    for one, status in [(own.directory, 202), (foreign.directory, 400), (sneaking, 400)]:
        for change in (
            {"prior": {"kind": "checkpoint", "path": str(one)}},
            {"prior": {"kind": "log_probability", "model": str(one)}},
            {"backbone": str(one / "backbone")},
        ):
            body = {"dataset": str(dataset.public_id), "config": change}
            assert people["manager"].call("post", TRAINING, body).status_code == status


def test_training_on_what_is_not_there_is_not_found(people, project):
    foreign = make_dataset(ProjectFactory())
    for missing in (foreign.public_id, uuid4()):
        reply = people["manager"].call("post", TRAINING, {"dataset": str(missing)})
        assert reply.status_code == 404
    assert not TrainingRun.objects.exists()


def test_a_round_becomes_a_run(people):
    body = {"strategy": "random", "size": 12, "seed": 4, "open": True}
    reply = people["manager"].call("post", ROUNDS, body)
    assert reply.status_code == 202
    run = ScoringRun.objects.get(public_id=reply.json()["run"])
    assert (run.strategy, run.size, run.seed, run.open_round) == ("random", 12, 4, True)


def test_a_round_stays_closed_unless_asked(people):
    people["manager"].call("post", ROUNDS, {"strategy": "random", "size": 1})
    assert ScoringRun.objects.get().open_round is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"strategy": "random"},
        {"strategy": "magic", "size": 5},
        {"strategy": "random", "size": 0},
        {"strategy": "random", "size": "5"},
        {"strategy": "random", "size": 10**9},
        {"strategy": "random", "size": 5, "seed": -1},
        {"strategy": "random", "size": 5, "open": "yes"},
        {"strategy": "low_margin", "size": 5},
    ],
)
def test_a_malformed_round_is_refused(people, body):
    reply = people["manager"].call("post", ROUNDS, body)
    assert reply.status_code == 400
    error_of(reply)
    assert not ScoringRun.objects.exists()


def test_a_checkpoint_is_described(people, dataset):
    checkpoint = make_checkpoint(dataset)
    shown = people["reviewer"].call("get", f"checkpoints/{checkpoint.public_id}").json()
    assert shown.pop("created_at")
    assert shown == {
        "checkpoint": str(checkpoint.public_id),
        "name": "helpful-rm-1",
        "number": 1,
        "project": "helpful",
        "run": str(checkpoint.run.public_id),
        "dataset": str(dataset.public_id),
        "is_promoted": True,
        "metrics": {"accuracy": 0.8},
        "manifest": {"config": {"seed": 1}},
    }


def test_who_may_do_what(people, dataset):
    checkpoint = make_checkpoint(dataset)
    calls = [
        ("post", TRAINING, {"dataset": str(dataset.public_id)}),
        ("post", ROUNDS, {"strategy": "random", "size": 1}),
        ("get", f"checkpoints/{checkpoint.public_id}", None),
    ]
    statuses = {
        name: [client.call(*call).status_code for call in calls] for name, client in people.items()
    }
    assert statuses == {
        "annotator": [403, 403, 403],
        "reviewer": [403, 403, 200],
        "manager": [202, 202, 200],
        "outsider": [404, 404, 404],
        "anonymous": [401, 401, 401],
    }
    assert people["manager"].call("get", f"checkpoints/{uuid4()}").status_code == 404
