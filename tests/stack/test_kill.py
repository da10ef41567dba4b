"""Kill −9 in the middle of things: training is completed, no acknowledged judgment is lost."""

import signal
import threading
import time
from http.client import HTTPException

import pytest

from tests.installation import kill_group, processes, wait_until
from tests.modeling.core.conftest import byte_tokenizer, tiny_bert

pytestmark = pytest.mark.slow

ITEMS = """
import json
from tests.factories import ProjectFactory, make_item, make_open_round
from annotate.services import create_annotators
project = ProjectFactory(slug="desk", overlap=1, scale="binary")
items = [make_item(project, known={{"choice": "left", "strength": 1}},
                   contents=(f"A good answer number {{n}}.", f"bad {{n}}")) for n in range({n})]
make_open_round(project, items)
logins = create_annotators(project, n=4, by=None)
print(json.dumps([login.token for login in logins]))
"""


def _run_state(installation, public_id):
    return installation.python(
        "import json; from modeling.models import TrainingRun as T;"
        f"r = T.objects.get(public_id='{public_id}');"
        "print(json.dumps([r.status, r.attempts, r.message, r.error]))"
    )


def test_a_training_whose_worker_is_killed_is_completed_by_the_next_worker(installation, tmp_path):
    """Full fine-tuning of a tiny backbone; the worker dies after the first saved step."""
    backbone = tmp_path / "backbone"
    tiny_bert().save_pretrained(backbone)
    byte_tokenizer().save_pretrained(backbone)
    installation.python(ITEMS.format(n=160))
    installation.manage("simulate_annotators", "desk", "--annotators", 1, "--reliability", 1.0)
    built = installation.manage(
        "build_dataset", "desk", "--kind", "preference", "--include-simulated"
    )
    run = installation.python(
        "import json; from modeling.services import request_training;"
        "from curation.models import DatasetVersion as D; from annotate.models import Project;"
        f"run = request_training(Project.objects.get(slug='desk'), by=None,"
        f" dataset=D.objects.get(public_id='{built['dataset']}'),"
        f" config={{'backbone': {str(backbone)!r}, 'frozen': False, 'batch_size': 4,"
        " 'epochs': 6, 'save_steps': 40, 'max_length': 64, 'logging_steps': 5});"
        "print(json.dumps(str(run.public_id)))"
    )
    worker = installation.start_worker()
    saved = installation.folder / "jobs" / run / "work"
    wait_until(lambda: list(saved.rglob("checkpoint-*")), seconds=120, what="a saved step")
    kill_group(worker)
    wait_until(
        lambda: not processes("modeling.core.jobs", str(installation.folder)),
        seconds=10,
        what="no orphan",
    )
    assert _run_state(installation, run)[0] == "running"

    installation.start_worker()
    wait_until(
        lambda: _run_state(installation, run)[0] not in ("pending", "running"),
        seconds=400,
        every=1,
        what="the run to end",
    )
    status, attempts, _, error = _run_state(installation, run)
    assert (status, error) == ("succeeded", "")
    assert attempts == 2
    log = (installation.folder / "jobs" / run / "log.txt").read_text()
    published = installation.python(
        "import json; from modeling.models import Checkpoint as C;"
        "c = C.objects.get(); print(json.dumps([c.is_promoted, c.directory.exists()]))"
    )
    assert published == [True, True], log


class Annotator(threading.Thread):
    """Judges through the API until nothing is left, and keeps what the server acknowledged."""

    def __init__(self, installation, token):
        super().__init__(daemon=True)
        self.installation, self.token = installation, token
        self.acknowledged, self.done = [], threading.Event()

    def run(self):
        while not self.done.is_set():
            if not self._judge_one():
                return

    def _call(self, path, body):
        """Ask until the server answers, as a page does; the same body each time."""
        while True:
            try:
                return self.installation.call("POST", path, token=self.token, body=body)
            except (OSError, HTTPException):
                time.sleep(0.1)

    def _judge_one(self):
        status, claim = self._call("projects/desk/claims", {"holding": []})
        if status == 204:
            return False
        assert status == 201, (status, claim)
        body = {
            "fence": claim["fence"],
            "idempotency_key": f"key-{claim['assignment']}",
            "answer": {"choice": "left", "strength": 1},
            "active_seconds": 1.0,
            "claim_next": False,
        }
        status, reply = self._call(f"assignments/{claim['assignment']}/judgments", body)
        assert status in (200, 201), (status, reply)
        self.acknowledged.append((claim["assignment"], reply["judgment"]))
        return True


def test_a_server_killed_in_the_middle_of_judging_loses_no_acknowledged_judgment(installation):
    tokens = installation.python(ITEMS.format(n=300))
    server = installation.start_server()
    people = [Annotator(installation, token) for token in tokens]
    for person in people:
        person.start()
    for _ in range(2):
        before = sum(len(person.acknowledged) for person in people)
        wait_until(
            lambda before=before: sum(len(p.acknowledged) for p in people) >= before + 30,
            what="thirty more judgments",
        )
        kill_group(server, signal.SIGKILL)
        server = installation.start_server()
    for person in people:
        person.join(120)
        assert not person.is_alive()

    acknowledged = [pair for person in people for pair in person.acknowledged]
    stored = installation.python(
        "import json; from annotate.models import Judgment as J;"
        "print(json.dumps([[str(a), str(j)] for a, j in"
        " J.objects.values_list('assignment__public_id', 'public_id')]))"
    )
    assert {tuple(pair) for pair in acknowledged} <= {tuple(pair) for pair in stored}
    assert len({assignment for assignment, _ in stored}) == len(stored) == 300
    over = installation.python(
        "import json; from annotate.models import Assignment as A; from django.db.models import *;"
        "rows = A.objects.filter(status__in=['leased', 'submitted'], is_surplus=False)"
        ".values('item').annotate(n=Count('pk')).filter(n__gt=1); print(json.dumps(len(rows)))"
    )
    assert over == 0
