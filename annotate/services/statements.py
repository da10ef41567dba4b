"""The statements that every judgment makes, in SQL.

Written out because they are the same every time, and the ORM puts them together anew each time
(see ADR 0011). What they write and read is checked against the ORM in
``tests/annotate/test_statements.py``; whatever is asked more rarely goes through the ORM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from annotate.models import Project, Round, RoundCursor, User

LEASES = """
SELECT lease.id, lease.public_id, lease.status, lease.expires_at <= %s, lease.item_id, lease.slot
  FROM annotate_assignment AS lease
  JOIN annotate_item AS item ON item.id = lease.item_id AND item.project_id = %s
 WHERE lease.annotator_id = %s AND lease.status IN ('leased', 'expired')
   AND (lease.status = 'leased' OR (lease.round_id = %s AND lease.purpose = 'work'))
 ORDER BY lease.leased_at, lease.id
"""
CURSOR = """
SELECT place.id, place.round_id, place.position, place.front, place.claims
  FROM annotate_roundcursor AS place
  JOIN annotate_round AS round ON round.id = place.round_id
 WHERE place.user_id = %s AND round.project_id = %s AND round.status = 'open'
"""
STEP = "UPDATE annotate_roundcursor SET position = %s, front = %s, claims = %s WHERE id = %s"
SUBMIT = """
UPDATE annotate_assignment SET status = 'submitted', ended_at = %s, draft = NULL
 WHERE id = %s AND status = 'leased' AND fence = %s
"""
COUNT = """
UPDATE annotate_workday SET judged = judged + 1, active_seconds = active_seconds + %s
 WHERE user_id = %s AND project_id = %s AND day = %s
"""


@dataclass(frozen=True)
class Lease:
    """What a claim has to know of a lease, or of one that ran out."""

    pk: int
    public_id: UUID
    status: str
    is_over: bool
    item_id: int
    slot: int


def leases(*, user: int, project: int, round_: int | None) -> list[Lease]:
    """A person's leases in a project, and their work in ``round_`` that ran out, oldest first.

    ``status IN`` is there for SQLite, which otherwise reads everything the person ever did.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    rows = _rows(LEASES, now, project, user, round_)
    return [
        Lease(pk, _uuid(key), status, bool(over), *rest) for pk, key, status, over, *rest in rows
    ]


def locked_cursor(project: Project, user: User) -> RoundCursor | None:
    """The person's place in the open round, locked until the transaction ends.

    Of the round it knows its id and project.
    """
    lock = " FOR UPDATE OF place" if connection.features.has_select_for_update_of else ""
    rows = _rows(CURSOR + lock, user.pk, project.pk)
    if not rows:
        return None
    pk, round_, position, front, claims = rows[0]
    place = Round(pk=round_, project=project, status=Round.Status.OPEN)
    return RoundCursor(pk=pk, round=place, user=user, position=position, front=front, claims=claims)


def move_cursor(cursor: RoundCursor) -> None:
    """Store where the person is now."""
    _change(STEP, cursor.position, cursor.front, cursor.claims, cursor.pk)


def end_lease(*, assignment: int, fence: int) -> bool:
    """Make a live lease submitted: exactly one of several callers with its fence sees True."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    return _change(SUBMIT, now, assignment, fence) == 1


def count_judgment(*, user: int, project: int, day: date, seconds: float) -> bool:
    """One more on the person's day; False where the day has no row yet."""
    told = connection.ops.adapt_datefield_value(day)
    return _change(COUNT, seconds, user, project, told) == 1


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as database:
        database.execute(statement, values)
        return list(database.fetchall())


def _change(statement: str, *values: Any) -> int:
    with connection.cursor() as database:
        database.execute(statement, values)
        return int(database.rowcount)


def _uuid(value: UUID | str) -> UUID:
    """SQLite stores ids as text."""
    return value if isinstance(value, UUID) else UUID(value)
