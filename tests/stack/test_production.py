"""The same code on PostgreSQL and Redis, chosen by two environment variables."""

import threading

import pytest

from tests.installation import Installation, wait_until

pytestmark = pytest.mark.postgres

SETUP = """
import json
from annotate.models import Project
from annotate.services import create_annotators, create_project
project = create_project("shared", by=None, overlap=2, scale="binary")
manager = create_annotators(project, n=1, role="manager", by=None)[0]
people = create_annotators(project, n=4, by=None)
print(json.dumps([manager.token, [login.token for login in people]]))
"""


def _judge_everything(installation, token, problems):
    while True:
        status, claim = installation.call(
            "POST", "projects/shared/claims", token=token, body={"holding": []}
        )
        if status == 204:
            return
        body = {
            "fence": claim["fence"],
            "idempotency_key": claim["assignment"],
            "answer": {"choice": "left", "strength": 1},
            "claim_next": False,
        }
        status, reply = installation.call(
            "POST", f"assignments/{claim['assignment']}/judgments", token=token, body=body
        )
        if status != 201:
            problems.append((status, reply))
            return


def _finished(installation, token, run):
    status, found = installation.call("GET", f"runs/{run}", token=token)
    assert status == 200
    return found if found["status"] not in ("pending", "running") else None


def test_import_judge_and_build_on_postgresql_and_redis(tmp_path, database, redis):
    installation = Installation(tmp_path / "var", DATABASE_URL=database, CELERY_BROKER_URL=redis)
    try:
        _round_trip(installation)
    finally:
        installation.stop()


def _round_trip(installation):
    manager, people = installation.python(SETUP)
    installation.start_worker()
    installation.start_server()
    rows = [f'{{"prompt": "Q{k}?", "responses": ["a {k}", "b {k}"]}}' for k in range(40)]
    source = installation.folder / "items.jsonl"
    source.write_text("\n".join(rows))
    installation.manage("import_items", "shared", source, "--open-round")

    problems = []
    threads = [
        threading.Thread(target=_judge_everything, args=(installation, token, problems))
        for token in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert problems == []

    status, reply = installation.call(
        "POST", "projects/shared/datasets", token=manager, body={"kind": "preference"}
    )
    assert status == 202
    run = wait_until(lambda: _finished(installation, manager, reply["run"]), what="the dataset")
    assert (run["status"], run.get("error", "")) == ("succeeded", "")
    status, _ = installation.call("GET", "projects/shared/progress", token=manager)
    assert status == 200
    counts = installation.python(
        "import json; from annotate.models import Judgment as J, Assignment as A;"
        "from django.db.models import Count;"
        "over = A.objects.filter(status__in=['leased', 'submitted'], is_surplus=False)"
        ".values('item').annotate(n=Count('pk')).exclude(n=2).count();"
        "print(json.dumps([J.objects.count(), over]))"
    )
    assert counts == [80, 0]
