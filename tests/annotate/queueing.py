"""Acting on the queue in tests."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from annotate.answers import ComparisonAnswer
from annotate.models import Assignment
from annotate.services import expire_leases, submit_judgment
from tests.factories import make_item, make_open_round

LEFT = ComparisonAnswer("left", 1)


def open_items(project, n, *, overlap=1):
    items = [make_item(project, overlap=overlap) for _ in range(n)]
    return items, make_open_round(project, items)


def submit(assignment, *, by=None, key="key", answer=LEFT):
    return submit_judgment(
        assignment,
        answer=answer,
        by=by or assignment.annotator,
        fence=assignment.fence,
        idempotency_key=key,
    )


def let_expire(assignment):
    """The lease runs out and the clock ticks."""
    past = timezone.now() - timedelta(seconds=1)
    Assignment.objects.filter(pk=assignment.pk).update(expires_at=past)
    expire_leases()
    assignment.refresh_from_db()


def live_slots(item):
    """What counts against the overlap."""
    return item.assignments.filter(
        purpose="work", status__in=["leased", "submitted"], is_surplus=False
    ).count()
