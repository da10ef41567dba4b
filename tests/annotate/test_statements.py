"""The statements written out, against what the ORM says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotate.models import Assignment, RoundCursor, WorkDay
from annotate.services import claim_assignment, close_round
from annotate.services.statements import (
    LEASES,
    Lease,
    count_judgment,
    end_lease,
    leases,
    locked_cursor,
    move_cursor,
)
from tests.annotate.queueing import let_expire, open_items, submit
from tests.factories import ProjectFactory, make_annotator

pytestmark = pytest.mark.django_db


@pytest.fixture
def work():
    project = ProjectFactory(overlap=2)
    _, round_ = open_items(project, 6, overlap=2)
    return project, round_, make_annotator(project)


def test_a_person_s_leases_and_what_ran_out_are_found(work):
    project, round_, user = work
    submit(claim_assignment(project, by=user))
    lost = claim_assignment(project, by=user)
    let_expire(lost)
    gone = claim_assignment(project, by=user, holding=[lost.public_id])
    over = claim_assignment(project, by=user, holding=[lost.public_id, gone.public_id])
    Assignment.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    claim_assignment(project, by=make_annotator(project))
    other = ProjectFactory()
    open_items(other, 1)
    claim_assignment(other, by=user)
    found = leases(user=user.pk, project=project.pk, round_=round_.pk)
    assert found == [
        Lease(a.pk, a.public_id, a.status, a.expires_at <= timezone.now(), a.item_id, a.slot)
        for a in Assignment.objects.filter(
            annotator=user, item__project=project, status__in=["leased", "expired"]
        ).order_by("leased_at", "pk")
    ]
    assert [row.is_over for row in found if row.pk == over.pk] == [True]


def test_what_ran_out_elsewhere_is_no_business_of_the_round(work):
    project, round_, user = work
    let_expire(claim_assignment(project, by=user))
    assert leases(user=user.pk, project=project.pk, round_=round_.pk + 1) == []
    assert leases(user=user.pk, project=project.pk, round_=None) == []


def test_sqlite_looks_up_leases_by_their_status(work):
    if connection.vendor != "sqlite":
        pytest.skip("a trap of SQLite")
    with connection.cursor() as database:
        database.execute("EXPLAIN QUERY PLAN " + LEASES, ["2026-01-01", 1, 1, 1])
        plan = " ".join(row[3] for row in database.fetchall())
    assert "annotator_id=? AND status=?" in plan


def test_the_cursor_of_the_open_round_is_found_and_moved(work):
    project, round_, user = work
    claim_assignment(project, by=user)
    cursor = locked_cursor(project, user)
    stored = RoundCursor.objects.get()
    names = ("pk", "round_id", "user_id", "position", "front", "claims")
    assert [getattr(cursor, n) for n in names] == [getattr(stored, n) for n in names]
    cursor.position, cursor.front, cursor.claims = 7, -5, 9
    move_cursor(cursor)
    stored.refresh_from_db()
    assert (stored.position, stored.front, stored.claims) == (7, -5, 9)
    close_round(round_, by=None)
    assert locked_cursor(project, user) is None


def test_a_live_lease_ends_once_and_under_its_fence_only(work):
    project, _, user = work
    slot = claim_assignment(project, by=user)
    Assignment.objects.filter(pk=slot.pk).update(draft={"form": {}})
    assert not end_lease(assignment=slot.pk, fence=slot.fence + 1)
    assert end_lease(assignment=slot.pk, fence=slot.fence)
    assert not end_lease(assignment=slot.pk, fence=slot.fence)
    slot.refresh_from_db()
    assert (slot.status, slot.draft) == ("submitted", None)
    assert abs(timezone.now() - slot.ended_at) < timedelta(seconds=30)


def test_a_day_without_a_row_is_told(work):
    project, _, user = work
    day = timezone.now().date()
    values = {"user": user.pk, "project": project.pk, "day": day}
    assert not count_judgment(**values, seconds=2.5)
    WorkDay.objects.create(user=user, project=project, day=day)
    assert count_judgment(**values, seconds=2.5)
    row = WorkDay.objects.get()
    assert (row.judged, row.active_seconds) == (1, 2.5)
