"""Fifty people over one pool, and a kill −9 of the server in the middle: nothing twice, all kept.

Everybody acts as impatient people do: now and then an answer is sent twice at once, comes after its
lease has run out, or is a skip; and what got no reply is sent again with the same key.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from tests.installation import Installation, wait_until

pytestmark = pytest.mark.slow

PEOPLE, ITEMS, OVERLAP, LEASE = 50, 150, 2, 4
POOL = f"""
import json
from tests.factories import ProjectFactory, make_item, make_open_round
from annotate.services import create_annotators
project = ProjectFactory(slug="desk", overlap={OVERLAP}, scale="binary")
items = [make_item(project, overlap={OVERLAP}) for n in range({ITEMS})]
make_open_round(project, items)
logins = create_annotators(project, n={PEOPLE}, by=None)
print(json.dumps([[login.username, login.token] for login in logins]))
"""
ROWS = """
import json
from django.db.models import Count, F, Q
from annotate.models import Assignment as A, Item, Judgment as J
held = Q(assignments__status__in=["leased", "submitted"], assignments__is_surplus=False)
over = Item.objects.annotate(held=Count("assignments", filter=held)).filter(held__gt=F("overlap"))
live = A.objects.filter(status__in=["free", "leased", "submitted"], is_surplus=False)
twice = live.values("item", "slot").annotate(n=Count("pk")).filter(n__gt=1)
said = J.objects.annotate(n=Count("revisions")).values_list(
    "assignment__public_id", "public_id", "assignment__annotator__username",
    "assignment__status", "n")
given = A.objects.filter(annotator__isnull=False)
print(json.dumps({
    "over": over.count(),
    "twice": twice.count(),
    "judgments": [[str(a), str(j), name, status, n] for a, j, name, status, n in said],
    "given": {str(a): name for a, name in given.values_list("public_id", "annotator__username")},
    "skipped": A.objects.filter(status="skipped").count(),
    "submitted": A.objects.filter(status="submitted").count(),
    "surplus": A.objects.filter(is_surplus=True).count(),
}))
"""


class Person(threading.Thread):
    """Judges through the API until nothing is left, and keeps what the server has said."""

    def __init__(self, installation, name, token):
        super().__init__(daemon=True)
        self.installation, self.name_, self.token = installation, name, token
        self.rng = random.Random(name)
        self.leased, self.acknowledged = set(), []
        self.did, self.problem = Counter(), None

    def run(self):
        try:
            claim = self._claim()
            while claim is not None:
                self.leased.add(claim["assignment"])
                claim = self._act(claim) or self._claim()
        except Exception as error:  # handed to the test, which fails on it
            self.problem = repr(error)

    def _call(self, path, body):
        """Ask until the server answers, as a page does; the same body each time."""
        while True:
            try:
                return self.installation.call("POST", path, token=self.token, body=body)
            except (OSError, HTTPException):
                self.did["sent again"] += 1
                time.sleep(0.2)

    def _claim(self):
        """The next item, or None when there was none twice."""
        for pause in (1.0, 0.0):
            status, claim = self._call("projects/desk/claims", {"holding": []})
            if status != 204:
                assert status == 201, (status, claim)
                return claim
            time.sleep(pause)
        return None

    def _act(self, claim):
        chance = self.rng.random()
        if chance < 0.06:
            return self._skip(claim)
        if chance < 0.10:
            self.did["late"] += 1
            time.sleep(LEASE + 0.5)
        return self._submit(claim, copies=2 if chance > 0.85 else 1)

    def _skip(self, claim):
        self.did["skipped"] += 1
        body = {"fence": claim["fence"], "reason": "unclear", "claim_next": True}
        status, reply = self._call(f"assignments/{claim['assignment']}/skip", body)
        assert status == 200, (status, reply)
        return reply["next"]

    def _submit(self, claim, *, copies):
        body = {
            "fence": claim["fence"],
            "idempotency_key": f"key-{claim['assignment']}",
            "answer": {"choice": "left", "strength": 1},
            "active_seconds": 1.0,
            "claim_next": copies == 1,
        }
        path = f"assignments/{claim['assignment']}/judgments"
        with ThreadPoolExecutor(copies) as windows:
            replies = list(windows.map(lambda _: self._call(path, body), range(copies)))
        self.did["sent twice"] += copies - 1
        assert {status for status, _ in replies} <= {200, 201}, replies
        assert [status for status, _ in replies].count(201) <= 1, replies
        (judgment,) = {reply["judgment"] for _, reply in replies}
        self.acknowledged.append([claim["assignment"], judgment, self.name_])
        return replies[0][1]["next"]


def test_fifty_people_on_sqlite_lose_nothing_when_the_server_is_killed(tmp_path):
    installation = Installation(tmp_path / "var", LEASE_SECONDS=str(LEASE))

    def serve():
        port = str(installation.port)
        installation.start(sys.executable, "manage.py", "serve", "--port", port)
        wait_until(installation.answers, what="the server")

    _judge_across_a_kill(installation, serve)


@pytest.mark.postgres
def test_fifty_people_on_postgresql_lose_nothing_when_the_server_is_killed(
    tmp_path, database, redis
):
    services = {"DATABASE_URL": database, "CELERY_BROKER_URL": redis}
    installation = Installation(tmp_path / "var", LEASE_SECONDS=str(LEASE), **services)

    def serve():
        installation.start_server()
        installation.start_worker()

    _judge_across_a_kill(installation, serve)


def _judge_across_a_kill(installation, serve):
    try:
        people = [Person(installation, *login) for login in installation.python(POOL)]
        serve()
        for person in people:
            person.start()
        wait_until(
            lambda: sum(len(person.acknowledged) for person in people) >= ITEMS * OVERLAP // 3,
            seconds=240,
            what="a third of the judgments",
        )
        installation.kill()
        serve()
        for person in people:
            person.join(300)
            assert not person.is_alive()
        _check(people, installation.python(ROWS))
    finally:
        installation.stop()


def _check(people, rows):
    assert [person.problem for person in people if person.problem] == []
    did = sum((person.did for person in people), Counter())
    assert min(did[act] for act in ("sent again", "sent twice", "late", "skipped")) > 0, did
    assert rows["skipped"] == did["skipped"]

    holders = Counter(assignment for person in people for assignment in person.leased)
    assert max(holders.values()) == 1, "a slot was given to two people"
    assert all(rows["given"][a] == p.name_ for p in people for a in p.leased)
    assert (rows["over"], rows["twice"]) == (0, 0)

    acknowledged = sorted(pair for person in people for pair in person.acknowledged)
    assert sorted(row[:3] for row in rows["judgments"]) == acknowledged
    assert {tuple(row[3:]) for row in rows["judgments"]} == {("submitted", 1)}
    assert rows["submitted"] == len(acknowledged) >= ITEMS * OVERLAP // 2
