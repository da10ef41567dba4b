"""``manage.py serve``: server, worker and scorer start, are kept alive, and stop together."""

import os
import signal
import sys

import pytest

from tests.installation import Installation, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def served(installation):
    process = installation.start(
        sys.executable, "manage.py", "serve", "--port", str(installation.port)
    )
    wait_until(installation.answers, what="the server")
    wait_until(lambda: len(installation.running("celery", "worker")) >= 2, what="the worker")
    return installation, process


def test_a_job_is_done_in_the_background(served):
    installation, _ = served
    run = installation.python(
        "import json; from annotate.services import create_project;"
        "from curation.services import request_dataset; from curation.recipe import Recipe;"
        "run = request_dataset(create_project('x', by=None),"
        " recipe=Recipe(kind='preference'), by=None);"
        "print(json.dumps(str(run.public_id)))"
    )
    state = (
        "import json; from annotate.services.runs import find_run;"
        f"print(json.dumps(find_run('{run}').status))"
    )
    wait_until(lambda: installation.python(state) == "failed", what="the run to end")


def test_a_worker_that_dies_is_started_again(served):
    installation, _ = served
    before = installation.running("celery", "worker")
    os.kill(before[0], signal.SIGKILL)
    wait_until(
        lambda: (now := installation.running("celery", "worker")) and not set(now) & set(before),
        what="a new worker, and none of the old one's children",
    )


def test_a_scorer_that_dies_is_started_again(served):
    installation, _ = served
    socket = installation.folder / "scorer" / "socket"
    wait_until(socket.exists, what="the scorer")
    (before,) = installation.running("manage.py", "scorer")
    os.kill(before, signal.SIGKILL)
    wait_until(
        lambda: (now := installation.running("manage.py", "scorer")) and before not in now,
        what="a new scorer",
    )
    asking = (
        "import json; from pathlib import Path; from django.conf import settings;"
        "from modeling.core.serving import ScorerClient;"
        "from modeling.core.errors import CheckpointError, NotReadyError\n"
        "try:\n"
        "    ScorerClient(Path(settings.SCORER_SOCKET)).score("
        "settings.CHECKPOINT_DIR / 'none', [{'prompt': 'a', 'response': 'b'}])\n"
        "except (CheckpointError, NotReadyError) as error:\n"
        "    print(json.dumps(type(error).__name__))"
    )
    wait_until(lambda: installation.python(asking) == "CheckpointError", what="its answer")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_ends(served, sig):
    installation, process = served
    os.kill(process.pid, sig)
    process.wait(30)
    wait_until(
        lambda: not any(map(installation.running, ("celery", "gunicorn", "scorer"))),
        seconds=30,
        what="every process to end",
    )


def test_outside_the_demo_the_pages_have_their_styles(tmp_path):
    installation = Installation(tmp_path / "var", TIEBREAK_DEMO="false")
    try:
        installation.start(sys.executable, "manage.py", "serve", "--port", str(installation.port))
        wait_until(installation.answers, what="the sign-in page")
        assert list((tmp_path / "var" / "static").glob("img/logo.*.svg"))
    finally:
        installation.stop()
