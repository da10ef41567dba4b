"""Asking for a judge: which models there are, and what is refused with which sentence."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from annotate.errors import InvalidInput
from annotate.models import AuditEvent, Judgment
from annotate.services.runs import find_run
from modeling.core.judge import Price
from modeling.judging import configured_models, request_judging
from modeling.models import JudgeRun
from modeling.tasks import run_judging
from tests.clients import client_for, error_of
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

pytestmark = pytest.mark.django_db
RUNS = "projects/judged/judge-runs"


def test_models_come_from_the_settings(settings):
    settings.JUDGE_MODELS = ["cheap=0.15/0.60", "org/free", "local:/models/a=b"]
    models = configured_models()
    assert list(models) == ["cheap", "org/free", "local:/models/a=b"]
    assert [one.price for one in models.values()] == [Price(0.15, 0.6), None, Price(0, 0)]
    assert [one.is_local for one in models.values()] == [False, False, True]


@pytest.mark.parametrize("entry", ["m=", "m=1", "m=1/x", "m=1/2/3", "m=-1/2", "m=nan/1"])
def test_a_wrong_price_is_a_sentence(settings, entry):
    settings.JUDGE_MODELS = [entry]
    with pytest.raises(InvalidInput, match="NAME=IN/OUT"):
        configured_models()


def test_a_request_becomes_a_run(endpoint, project, sent, django_capture_on_commit_callbacks):
    person = make_annotator(project, role="manager")
    with django_capture_on_commit_callbacks(execute=True):
        run = request_judging(project, kinds=["comparison"], limit=3, budget=1.0, by=person)
    assert (run.model, run.form, run.kinds, run.limit, run.budget) == (
        "gpt-test",
        "pairwise",
        ["comparison"],
        3,
        1.0,
    )
    assert sent == [("modeling.run_judging", run.pk, "default")]
    event = AuditEvent.objects.get(action="judging.request")
    assert (event.actor, event.subject) == (person, "gpt-test")
    assert find_run(run.public_id) == run


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"model": "unknown"}, "model"),
        ({"form": "song"}, "form"),
        ({"form": "rubric"}, "criteria"),
        ({"form": "rubric", "criteria": [{"name": "x"}, {"name": " x "}]}, "criteria"),
        ({"criteria": [{"name": ""}]}, "criteria"),
        ({"criteria": [{"name": "x" * 61}]}, "criteria"),
        ({"criteria": [{"name": "x", "description": "y" * 1_001}]}, "criteria"),
        ({"criteria": [{"name": str(n)} for n in range(21)]}, "criteria"),
        ({"kinds": ["steps"]}, "kinds"),
        ({"kinds": ["comparison", "songs"]}, "kinds"),
        ({"limit": 0}, "limit"),
        ({"budget": -1.0}, "budget"),
        ({"budget": float("inf")}, "budget"),
        ({"budget": 1.0, "model": "gpt-free"}, "budget"),
    ],
)
def test_what_makes_no_sense_is_refused(endpoint, project, options, field):
    with pytest.raises(InvalidInput) as caught:
        request_judging(project, by=None, **options)
    assert caught.value.field == field
    assert not JudgeRun.objects.exists()


def test_without_a_judge_the_sentence_says_where_to_set_one_up(project, settings):
    with pytest.raises(InvalidInput, match="JUDGE_MODELS"):
        request_judging(project, by=None)
    settings.JUDGE_MODELS = ["gpt-test"]
    with pytest.raises(InvalidInput, match="JUDGE_ENDPOINT"):
        request_judging(project, by=None)
    settings.JUDGE_MODELS = ["local:/models/judge"]
    assert request_judging(project, by=None).queue == "gpu"


@pytest.mark.parametrize("values", [{"form": "song"}, {"limit": 0}, {"budget": -1}])
def test_the_database_holds_the_rules(project, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        JudgeRun.objects.create(project=project, model="m", **values)


def test_the_task_does_the_work(endpoint, project):
    make_item(project, contents=("a", "bb"))
    run = request_judging(project, by=None)
    run_judging(run.pk)
    run.refresh_from_db()
    assert (run.status, Judgment.objects.count()) == ("succeeded", 1)


def test_the_api_takes_a_request(endpoint, project):
    manager = client_for(make_annotator(project, role="manager"))
    body = {
        "model": "gpt-test",
        "form": "rubric",
        "kinds": ["comparison", "rating"],
        "criteria": [{"name": "depth", "description": "How deep"}, {"name": "tone"}],
        "limit": 10,
        "budget": 0.5,
    }
    reply = manager.call("post", RUNS, body)
    assert reply.status_code == 202, reply.content
    run = JudgeRun.objects.get(public_id=reply.json()["run"])
    assert run.criteria == [
        {"name": "depth", "description": "How deep"},
        {"name": "tone", "description": ""},
    ]
    shown = manager.call("get", f"runs/{run.public_id}")
    assert shown.json()["status"] == "pending"
    assert manager.call("post", f"runs/{run.public_id}/cancel").status_code == 200
    assert manager.call("post", RUNS, {}).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {"model": "http://169.254.169.254/"},
        {"model": None},
        {"form": "song"},
        {"kinds": "comparison"},
        {"kinds": ["steps"]},
        {"criteria": ["depth"]},
        {"criteria": [{}]},
        {"form": "rubric"},
        {"limit": 0},
        {"limit": "3"},
        {"budget": -1},
    ],
)
def test_the_api_refuses_what_is_malformed(endpoint, project, body):
    reply = client_for(make_annotator(project, role="manager")).call("post", RUNS, body)
    assert reply.status_code == 400
    error_of(reply)
    assert not JudgeRun.objects.exists()


def test_who_may_ask(endpoint, project):
    statuses = {
        role: client_for(make_annotator(project, role=role)).call("post", RUNS, {}).status_code
        for role in ("annotator", "reviewer", "manager")
    }
    assert statuses == {"annotator": 403, "reviewer": 403, "manager": 202}
    assert client_for(UserFactory()).call("post", RUNS, {}).status_code == 404


def called(*args):
    out = io.StringIO()
    call_command("judge", *args, "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_command_judges_and_tells(endpoint, project):
    make_item(project, contents=("aa", "b"))
    told = called("judged", "--form", "rubric", "--criterion", "depth: how deep", "--limit", "5")
    assert (told["judge"], told["forms"], told["judgments"]) == ("gpt-test", ["rubric-1"], 1)
    assert told["usage"]["requests"] == 2
    assert JudgeRun.objects.get().criteria == [{"name": "depth", "description": "how deep"}]
    assert called("judged", "--kinds", "comparison, outcome")["items"] == 1


def test_the_command_says_what_is_wrong(project):
    with pytest.raises(CommandError, match="JUDGE_MODELS"):
        called("judged")
    with pytest.raises(CommandError, match="no project"):
        called("nowhere")


def test_a_judge_that_has_left_the_settings_fails_its_run(endpoint, settings):
    project = ProjectFactory()
    run = request_judging(project, by=None)
    settings.JUDGE_MODELS = ["another"]
    run_judging(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("failed", "The judges are another.")
