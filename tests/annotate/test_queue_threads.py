"""The queue with several people at once, each in a thread with its own connection."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading

import pytest
from django.db import connection, connections
from django.utils import timezone

from annotate.errors import Conflict
from annotate.models import Assignment, Item, Judgment, Project, User
from annotate.services import (
    claim_assignment,
    expire_leases,
    skip_assignment,
)
from tests.annotate.queueing import live_slots, open_items, submit
from tests.factories import ProjectFactory, make_annotator


@pytest.fixture
def shared_database(transactional_db, tmp_path):
    """What threads see alike: with SQLite a copy of the empty test database in a file."""
    if connection.vendor != "sqlite":
        yield
        return
    path = tmp_path / "queue.sqlite3"
    options = connections["default"].settings_dict
    copy = sqlite3.connect(path)
    connection.ensure_connection()
    connection.connection.backup(copy)
    copy.close()
    name, options["NAME"] = options["NAME"], str(path)
    yield
    options["NAME"] = name


def in_threads(*acts):
    """Run each in a thread with its own connection; returns their results in order."""
    results: list = [None] * len(acts)

    def run(place, act):
        try:
            results[place] = act()
        except Exception as error:  # handed to the test, which fails on it
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [result for result in results if isinstance(result, Exception)]
    assert not failures, failures
    return results


def test_people_who_claim_at_once_never_get_the_same_slot(shared_database):
    def prepare():
        project = ProjectFactory()
        open_items(project, 12, overlap=2)
        return project.pk, [make_annotator(project).pk for _ in range(4)]

    ((project, people),) = in_threads(prepare)
    start = threading.Barrier(len(people))

    def work(person):
        def act():
            user, place = User.objects.get(pk=person), Project.objects.get(pk=project)
            start.wait()
            leased = []
            while (slot := claim_assignment(place, by=user)) is not None:
                leased.append(slot.pk)
                submit(slot, by=user)
            return leased

        return act

    leased = [pk for mine in in_threads(*map(work, people)) for pk in mine]
    assert len(leased) == len(set(leased)) == 24

    def counts():
        return [live_slots(item) for item in Item.objects.all()]

    assert in_threads(counts) == [[2] * 12]


def test_one_person_in_many_windows_holds_two_leases_at_most(shared_database):
    def prepare():
        project = ProjectFactory()
        open_items(project, 9)
        return project.pk, make_annotator(project).pk

    ((project, person),) = in_threads(prepare)
    start = threading.Barrier(4)

    def window():
        user, place = User.objects.get(pk=person), Project.objects.get(pk=project)
        start.wait()
        held = []
        with contextlib.suppress(Conflict):
            while len(held) < 5:
                held.append(claim_assignment(place, by=user, holding=held).public_id)

    in_threads(*[window] * 4)
    assert in_threads(lambda: Assignment.objects.filter(status="leased").count()) == [2]


def test_anything_at_once_keeps_the_counts(shared_database):
    """Claims, answers, late answers, skips and the clock, all in threads of their own."""

    def prepare():
        project = ProjectFactory()
        open_items(project, 10, overlap=2)
        return project.pk, [make_annotator(project).pk for _ in range(3)]

    ((project, people),) = in_threads(prepare)
    accepted: list[int] = []

    def work(person):
        def act():
            rng = random.Random(person)
            user, place = User.objects.get(pk=person), Project.objects.get(pk=project)
            while (slot := claim_assignment(place, by=user)) is not None:
                chance = rng.random()
                if chance < 0.2:
                    skip_assignment(slot, fence=slot.fence, reason="no")
                    continue
                if chance < 0.5:
                    Assignment.objects.filter(pk=slot.pk, status="leased").update(
                        expires_at=timezone.now()
                    )
                    expire_leases()
                with contextlib.suppress(Conflict):
                    accepted.append(submit(slot, by=user).judgment.pk)

        return act

    in_threads(*map(work, people))

    def check():
        for item in Item.objects.all():
            free = item.assignments.filter(status="free").count()
            assert live_slots(item) + free == item.overlap
        assert set(Judgment.objects.values_list("pk", flat=True)) == set(accepted)
        assert len(accepted) > 5

    in_threads(check)
