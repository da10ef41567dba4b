"""What people do at the same moment on PostgreSQL: no deadlock, and no slot out of reach.

Run with ``DATABASE_URL`` of a PostgreSQL server and ``-m postgres``.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotate.models import Assignment, KnownAnswer, Membership, Project, Round, User
from annotate.services import (
    claim_assignment,
    claims,
    close_round,
    expire_leases,
    leases,
    review,
    skip_assignment,
    slots,
)
from annotate.services import items as item_services
from annotate.services.gold import _pick, _slot
from annotate.services.members import accept_invitation, invite
from tests.annotate.queueing import open_items, submit
from tests.annotate.test_queue_threads import in_threads, shared_database  # noqa: F401
from tests.factories import ProjectFactory, UserFactory, make_annotator, make_item

pytestmark = pytest.mark.postgres
WAIT = 2.0
LEFT = {"choice": "left", "strength": 1}


@pytest.fixture
def rows(shared_database):  # noqa: F811
    """Makes rows in a thread of its own, so that all others see them."""
    if connection.vendor != "postgresql":
        pytest.skip("needs DATABASE_URL of a PostgreSQL server")
    return lambda make: in_threads(make)[0]


def project_of(pk):
    return Project.objects.get(pk=pk)


def user_of(pk):
    return User.objects.get(pk=pk)


def gold_for(project):
    KnownAnswer.objects.create(item=make_item(project), answer=LEFT, is_gold=True)


def test_two_who_end_leases_of_the_same_rounds_do_not_block_each_other(rows, monkeypatch):
    def make():
        one, two = ProjectFactory(), ProjectFactory()
        _, first = open_items(one, 2)
        open_items(two, 2)
        ada, bob = make_annotator(one), make_annotator(one)
        for person in (ada, bob):
            Membership.objects.create(project=two, user=person)
        for person, project in ((ada, one), (ada, two), (bob, two)):
            claim_assignment(project, by=person)
        past = timezone.now() - timedelta(seconds=1)
        Assignment.objects.create(
            item=make_item(one),
            round=first,
            position=99,
            status="leased",
            annotator=bob,
            expires_at=past,
        )
        Assignment.objects.filter(status="leased").update(expires_at=past)
        return ada.pk, bob.pk

    people = rows(make)
    both, met = threading.Barrier(2), threading.local()
    replace = leases.replace_slot

    def slowly(assignment):
        replace(assignment)
        if not getattr(met, "once", False):
            met.once = True
            try:
                both.wait(WAIT)
            except threading.BrokenBarrierError:
                met.alone = True

    monkeypatch.setattr(leases, "replace_slot", slowly)
    ended = in_threads(*[lambda pk=pk: expire_leases(annotator=user_of(pk)) for pk in people])
    assert ended == [2, 2]


def test_gold_is_given_while_a_manager_changes_the_items(rows, monkeypatch):
    def make():
        project = ProjectFactory(gold_rate=1.0)
        items, _ = open_items(project, 3)
        gold_for(project)
        manager = make_annotator(project, "manager")
        return project.pk, items[0].pk, make_annotator(project).pk, manager.pk

    project, item, person, manager = rows(make)
    drawn, locked = threading.Event(), threading.Event()
    draw, lock = claims.gold_slot, slots._lock

    def gold_slot(cursor):
        found = draw(cursor)
        drawn.set()
        locked.wait(WAIT)
        return found

    def slowly(items):
        lock(items)
        locked.set()

    monkeypatch.setattr(claims, "gold_slot", gold_slot)
    monkeypatch.setattr(slots, "_lock", slowly)

    def withdraw():
        drawn.wait(WAIT)
        return item_services.withdraw_items(project_of(project), items=[item], by=user_of(manager))

    def claim():
        return claim_assignment(project_of(project), by=user_of(person)).purpose

    assert in_threads(claim, withdraw) == ["gold", 1]


def test_an_item_is_skipped_while_a_reviewer_sets_it_aside(rows, monkeypatch):
    def make():
        project = ProjectFactory()
        open_items(project, 1, overlap=2)
        slot = claim_assignment(project, by=make_annotator(project))
        return slot.pk, make_annotator(project, "reviewer").pk

    held, reviewer = rows(make)
    item_locked, round_locked = threading.Event(), threading.Event()
    lock = review._lock

    def slowly(item):
        lock(item)
        item_locked.set()
        round_locked.wait(WAIT)

    monkeypatch.setattr(review, "_lock", slowly)

    def skip():
        item_locked.wait(WAIT)
        slot = Assignment.objects.get(pk=held)
        with transaction.atomic():
            Round.objects.select_for_update(no_key=True).get(pk=slot.round_id)
            round_locked.set()
            return skip_assignment(slot, fence=slot.fence, reason="unclear").status

    def set_aside():
        item = Assignment.objects.get(pk=held).item
        return review.set_aside(item, reason="broken", by=user_of(reviewer))

    assert in_threads(skip, set_aside) == ["skipped", None]


def test_no_slot_is_made_in_a_round_that_closes_meanwhile(rows, monkeypatch):
    def make():
        project = ProjectFactory()
        items, round_ = open_items(project, 2)
        manager = make_annotator(project, "manager")
        return project.pk, round_.pk, items[0].pk, manager.pk

    project, round_, item, manager = rows(make)
    found = threading.Event()
    find = item_services.open_round_of

    def slowly(project):
        open_ = find(project)
        found.set()
        threading.Event().wait(WAIT / 4)
        return open_

    monkeypatch.setattr(item_services, "open_round_of", slowly)

    def raise_overlap():
        item_services.set_overlap(project_of(project), items=[item], overlap=3, by=user_of(manager))

    def close():
        found.wait(WAIT)
        close_round(Round.objects.get(pk=round_), by=None)

    in_threads(raise_overlap, close)
    assert rows(lambda: Assignment.objects.filter(status="free").count()) == 0


def test_who_clicks_twice_on_an_invitation_joins_once(rows):
    def make():
        invitation, _ = invite(ProjectFactory(), role="annotator", max_uses=5, by=None)
        return invitation, UserFactory()

    invitation, user = rows(make)
    one, two = in_threads(*[lambda: accept_invitation(invitation, user=user).pk] * 2)
    assert one == two


def test_nobody_passes_over_a_slot_that_another_leaves_for_gold(rows, monkeypatch):
    def make():
        project = ProjectFactory(gold_rate=0.5)
        open_items(project, 2)
        gold_for(project)
        return project.pk, make_annotator(project).pk, make_annotator(project).pk

    project, ada, bob = rows(make)
    given, go_on = threading.Event(), threading.Event()
    step = claims._step

    def gold_for_bob(cursor):
        item = _pick(cursor, is_gold=True) if cursor.user_id == bob else None
        return item and _slot(item, cursor, "gold", 0)

    def slowly(cursor, slot):
        step(cursor, slot)
        if cursor.user_id == bob:
            given.set()
            go_on.wait(WAIT)

    monkeypatch.setattr(claims, "gold_slot", gold_for_bob)
    monkeypatch.setattr(claims, "_step", slowly)

    def bob_claims():
        return claim_assignment(project_of(project), by=user_of(bob)).purpose

    def ada_works():
        given.wait(WAIT)
        done = 0
        while (slot := claim_assignment(project_of(project), by=user_of(ada))) is not None:
            submit(slot, by=user_of(ada))
            done += 1
            go_on.set()
        return done

    assert in_threads(bob_claims, ada_works) == ["gold", 2]
