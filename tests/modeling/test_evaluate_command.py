"""evaluate: what the command asks of the job, and what a second attempt asks again."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from modeling import runner
from modeling.models import EvaluationRun
from tests.factories import ProjectFactory
from tests.modeling.factories import make_checkpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that were asked for; each finds three rows."""
    asked = []

    def run_job(folder, kind, job, report, **options):
        asked.append(job)
        return {"n": 3, "accuracy": 0.5, "interval": None}

    monkeypatch.setattr(runner, "run_job", run_job)
    return asked


@pytest.fixture
def checkpoint():
    return make_checkpoint(ProjectFactory())


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("{}\n")
    return path


def run(*words):
    out = StringIO()
    call_command("evaluate", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def test_nothing_is_asked_that_was_not_wished_for(jobs, checkpoint, data):
    found = run("--checkpoint", checkpoint.public_id, "--data", data)
    assert found["n"] == 3
    assert set(jobs[0]) == {"checkpoint", "data", "cache"}


def test_wishes_reach_the_job(jobs, checkpoint, data):
    identity = checkpoint.public_id
    run(
        "--checkpoint", identity, "--data", data, "--probes", "--rewardbench", 2, "--gold", identity
    )
    assert jobs[0]["probes"] is True
    assert jobs[0]["rewardbench"] == 2
    assert jobs[0]["gold"] == str(checkpoint.directory)


def test_people_are_told_the_figures_of_other_kinds(monkeypatch, checkpoint, data):
    found = {"kind": "outcome", "n": 4, "auc": 0.75, "interval": [0.5, 1.0], "best_of": {"n": 1}}
    monkeypatch.setattr(runner, "run_job", lambda *words, **options: found)
    out = StringIO()
    call_command("evaluate", "--checkpoint", checkpoint.public_id, "--data", str(data), stdout=out)
    told = dict(line.split(": ", 1) for line in out.getvalue().splitlines())
    assert told["auc"] == "0.75"
    assert told["interval"] == "[0.5, 1.0]"
    assert "best_of" not in told


def test_a_second_attempt_asks_the_same(jobs, checkpoint, data):
    run("--checkpoint", checkpoint.public_id, "--data", data, "--probes")
    runner.evaluate(EvaluationRun.objects.get(), lambda *words: None)
    assert jobs[1] == jobs[0]


def test_another_version_of_rewardbench_is_refused(checkpoint, data):
    with pytest.raises(CommandError, match="invalid choice"):
        run("--checkpoint", checkpoint.public_id, "--data", data, "--rewardbench", 3)
