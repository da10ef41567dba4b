"""Scores over the API, by a scorer that runs in this process, and without one."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from annotate.models import Membership
from modeling.core.errors import CheckpointError, NotReadyError
from modeling.core.serving import ModelStore
from modeling.core.serving.server import ScorerServer, serve
from modeling.scoring_service import served_directory
from tests.clients import Client, client_for, error_of
from tests.factories import ProjectFactory, UserFactory, make_annotator
from tests.modeling.core.serving.fakes import LengthEngine
from tests.modeling.factories import make_checkpoint

INPUTS = [
    {"prompt": "Is 7 prime?", "response": "Yes."},
    {"prompt": [{"role": "user", "content": "Is 7 prime?"}], "responses": ["No", "Yes!"]},
]


@pytest.fixture(autouse=True)
def places(settings, tmp_path, tmp_path_factory):
    # apart from what whitenoise takes for static files in these tests
    settings.SCORER_SOCKET = tmp_path_factory.mktemp("scorer") / "socket"
    settings.SERVED_DIR = tmp_path / "served"
    settings.SCORER_SECONDS = 5


@pytest.fixture
def checkpoint(db, settings):
    found = make_checkpoint(ProjectFactory(slug="helpful"))
    found.directory.mkdir(parents=True)
    (found.directory / "manifest.json").write_text("{}")
    return found


@pytest.fixture
def manager(checkpoint):
    return client_for(make_annotator(checkpoint.project, role="manager"))


@pytest.fixture
def asked():
    return []


@pytest.fixture
def scorer(settings, asked):
    """A running scorer; `opener` says what it finds in a folder."""

    def opener(directory):
        asked.append(directory)
        return LengthEngine()

    stop, roots = threading.Event(), (Path(settings.CHECKPOINT_DIR), Path(settings.SERVED_DIR))
    server = ScorerServer(settings.SCORER_SOCKET, ModelStore(opener=opener), roots=roots)
    thread = threading.Thread(target=serve, args=(server, stop))
    thread.start()
    yield SimpleNamespace(server=server)
    stop.set()
    thread.join(10)


def score(client, checkpoint, inputs=INPUTS, **body):
    path = f"checkpoints/{checkpoint.public_id}/score"
    return client.call("post", path, {"inputs": inputs, **body})


def test_rewards_come_in_the_order_of_the_inputs(manager, checkpoint, scorer):
    reply = score(manager, checkpoint)
    assert reply.status_code == 200
    found = reply.json()
    assert found["rewards"] == [4.0, [2.0, 4.0]]
    assert found["details"][0] == {"truncated": False}
    assert (found["details"][1]["order"], found["details"][1]["best"]) == ([1, 0], 1)
    assert {name: found[name] for name in ("checkpoint", "objective", "precision")} == {
        "checkpoint": str(checkpoint.public_id),
        "objective": "bradley_terry",
        "precision": "fp32",
    }
    assert found["calibrated"] is False


def test_who_may_score(checkpoint, scorer):
    project = checkpoint.project
    clients = {
        role: client_for(make_annotator(project, role=role)) for role in Membership.Role.values
    } | {"outsider": client_for(UserFactory()), "anonymous": Client()}
    statuses = {name: score(client, checkpoint).status_code for name, client in clients.items()}
    assert statuses == {
        "annotator": 403,
        "reviewer": 200,
        "manager": 200,
        "outsider": 404,
        "anonymous": 401,
    }


def test_an_unknown_checkpoint_is_not_found(manager):
    assert score(manager, SimpleNamespace(public_id=uuid4())).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": None}, "inputs"),
        ({"inputs": "Hello"}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [{"prompt": "x"}]}, "inputs"),
        ({"inputs": [{"prompt": "x", "response": 3}]}, "inputs"),
        ({"inputs": [{"prompt": "x", "steps": ["a"]}]}, "inputs"),
        ({"reduce": "sum"}, "reduce"),
        ({"prune_below": 1.5}, "prune_below"),
        ({"prune_below": "0.5"}, "prune_below"),
        ({"calibrated": "yes"}, "calibrated"),
        ({"precision": "fp16"}, "precision"),
        ({"precision": "int8"}, "precision"),
    ],
)
def test_malformed_requests_are_refused(manager, checkpoint, scorer, body, field):
    reply = score(manager, checkpoint, **({"inputs": INPUTS} | body))
    assert reply.status_code == 400
    assert error_of(reply)["field"] == field


@pytest.mark.parametrize(
    "inputs",
    [
        [INPUTS[0]] * 257,
        [{"prompt": "x", "responses": ["y"] * 65}],
        [{"prompt": "x" * 10**6, "response": "y"}],
    ],
)
def test_too_much_is_refused_before_the_scorer_is_asked(manager, checkpoint, inputs):
    reply = score(manager, checkpoint, inputs)
    assert reply.status_code == 413
    assert error_of(reply)["code"] == "too_large"


def test_without_a_scorer_the_caller_is_told_when_to_ask_again(manager, checkpoint):
    reply = score(manager, checkpoint)
    assert reply.status_code == 503
    assert error_of(reply)["code"] == "not_ready"
    assert int(reply["Retry-After"]) >= 1


def test_nonsense_is_told_from_a_scorer_that_is_down(manager, checkpoint):
    assert score(manager, checkpoint, [{"prompt": "x"}]).status_code == 400


@pytest.mark.parametrize(
    ("raised", "status"),
    [(CheckpointError("It is damaged."), 409), (NotReadyError("It is busy."), 503)],
)
def test_a_model_that_cannot_answer_says_why(
    manager, checkpoint, scorer, monkeypatch, raised, status
):
    def refuse(*args, **options):
        raise raised

    monkeypatch.setattr(scorer.server.store, "get", refuse)
    reply = score(manager, checkpoint)
    assert reply.status_code == status
    assert error_of(reply)["message"] == str(raised)


def test_the_exported_model_is_taken_where_there_is_one(manager, checkpoint, scorer, asked):
    place = served_directory(checkpoint)
    place.mkdir(parents=True)
    (place / "export.json").write_text("{}")
    for precision in ("auto", "int8", "fp32"):
        assert score(manager, checkpoint, precision=precision).status_code == 200
    assert asked == [place.resolve(), checkpoint.directory.resolve()]
