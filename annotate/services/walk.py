"""The walk along a round's free slots, in SQL: every claim takes this step, so it is made short.

Written out because the statement is the same every time, and the ORM puts it together anew each
time. ``tests/annotate/test_walk.py`` holds it against the same search in plain Python.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from annotate.models import Assignment, ItemResponse, Project, RoundCursor

NEXT = """
SELECT slot.id,
       (SELECT edition.id FROM annotate_guidelineversion AS edition
         WHERE edition.project_id = %s ORDER BY edition.number DESC LIMIT 1)
  FROM annotate_assignment AS slot
 WHERE slot.round_id = %s AND slot.status = 'free' AND slot.position > %s AND slot.position < %s
   AND NOT EXISTS (SELECT 1 FROM annotate_assignment AS seen
                    WHERE seen.item_id = slot.item_id AND seen.annotator_id = %s)
 ORDER BY slot.position LIMIT 1
"""
SKIP_LOCKED = " FOR UPDATE OF slot SKIP LOCKED"
BEYOND = 2**63 - 1


@dataclass(frozen=True)
class Place:
    """A free slot, and the guidelines in force when it was found."""

    slot: int
    guideline: int | None


def next_place(cursor: RoundCursor, *, locks: bool = True) -> Place | None:
    """The first free slot past the cursor whose item the person was never given.

    PostgreSQL locks it and passes over slots that somebody else is taking at this moment. Slots in
    front, at negative positions, come first in projects that go by priority; where a project has
    changed its order since, they come last.
    """
    ahead = [(cursor.position, BEYOND), (cursor.front, 0)]
    if cursor.round.project.queue_order == Project.QueueOrder.PRIORITY:
        ahead.reverse()
    return next((found for lane in ahead if (found := _first(cursor, *lane, locks))), None)


def _first(cursor: RoundCursor, after: int, before: int, locks: bool) -> Place | None:
    statement = NEXT
    if locks and connection.features.has_select_for_update_skip_locked:
        statement += SKIP_LOCKED
    values = [cursor.round.project_id, cursor.round_id, after, before, cursor.user_id]
    with connection.cursor() as database:
        database.execute(statement, values)
        row = database.fetchone()
    return Place(*row) if row is not None else None


def slot_at(place: Place, project: Project) -> Assignment:
    """The slot with its texts; the project is at hand."""
    slot: Assignment = Assignment.objects.select_related("item__prompt").get(pk=place.slot)
    slot.item.project = project
    slot.item.links_at_hand(
        ItemResponse.objects.filter(item=slot.item_id).select_related("response")
    )
    return slot
