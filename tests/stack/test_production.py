"""The same code on PostgreSQL and Redis, chosen by two environment variables."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from tests.installation import Installation, free_port, kill_group, wait_until

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


def _binaries():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or shutil.which("redis-server") is None:
        pytest.skip("install Debian's postgresql and redis-server for this test")
    return found[-1].parent


def _as_postgres(*command):
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


@pytest.fixture
def database():
    """A throw-away PostgreSQL on loopback."""
    binaries, port = _binaries(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="tiebreak-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    subprocess.run(
        _as_postgres(str(binaries / "initdb"), "-D", data, "-U", "tiebreak", "-A", "trust"),
        check=True,
        capture_output=True,
        cwd="/",
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            _as_postgres(
                str(binaries / "postgres"),
                "-D",
                data,
                "-p",
                str(port),
                "-k",
                str(folder),
                "-c",
                "listen_addresses=127.0.0.1",
            ),
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    create = [
        str(binaries / "createdb"),
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "tiebreak",
        "tiebreak",
    ]
    wait_until(
        lambda: subprocess.run(create, capture_output=True, check=False).returncode == 0,
        what="PostgreSQL",
    )
    yield f"postgres://tiebreak@127.0.0.1:{port}/tiebreak"
    kill_group(process)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis(tmp_path):
    """A throw-away Redis on loopback."""
    port = free_port()
    with (tmp_path / "redis.log").open("ab") as log:
        process = subprocess.Popen(
            [
                "redis-server",
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                str(tmp_path),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield f"redis://127.0.0.1:{port}/0"
    kill_group(process)


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
