"""Claiming the next item: one walk along the round's free slots, gold mixed in at claim time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from annotate.errors import Conflict
from annotate.models import (
    Assignment,
    Project,
    Round,
    RoundCursor,
    User,
)
from annotate.selectors import with_payload
from annotate.services.gold import expired_check, gold_slot, qualification_slot, unqualified
from annotate.services.leases import (
    MAX_LEASES,
    Purpose,
    Status,
    expire_leases,
    leased_values,
    revive_own,
)
from annotate.services.limits import room_for
from annotate.services.statements import Lease, leases, locked_cursor, move_cursor
from annotate.services.walk import next_place, slot_at


@transaction.atomic
def claim_assignment(
    project: Project, *, by: User, holding: Collection[UUID] = ()
) -> Assignment | None:
    """The person's live lease that is not in ``holding``, else a fresh one, else None.

    A person holds two leases at most (the one on screen and the prefetched one); Conflict beyond.
    The assignment comes with all that ``claim_payload`` reads.
    """
    cursor = _locked_cursor(project, by)
    own = _own_leases(project, by, cursor.round_id if cursor is not None else None)
    for assignment in own.live:
        if assignment.public_id not in holding:
            return _loaded(assignment.pk)
    if len(own.live) >= MAX_LEASES:
        raise Conflict(_("You hold two items already: answer or skip one of them first."))
    if cursor is None or not room_for(project, by, held=len(own.live)):
        return None
    return _claim_in(cursor, own, holding) or _claim_after_expiry(cursor)


@dataclass(frozen=True)
class _Own:
    """A person's leases, and those of theirs that ran out in the open round."""

    live: list[Lease]
    expired: list[Lease]


def _own_leases(project: Project, user: User, round_: int | None) -> _Own:
    rows = leases(user=user.pk, project=project.pk, round_=round_)
    if any(row.status == Status.LEASED and row.is_over for row in rows):
        expire_leases(annotator=user)
        rows = leases(user=user.pk, project=project.pk, round_=round_)
    return _Own(
        [row for row in rows if row.status == Status.LEASED],
        [row for row in rows if row.status == Status.EXPIRED],
    )


def _loaded(pk: int) -> Assignment:
    return with_payload(Assignment.objects.filter(pk=pk)).get()


def _locked_cursor(project: Project, user: User) -> RoundCursor | None:
    """The person's place in the open round; holding its lock serialises that person's claims."""
    cursor = locked_cursor(project, user)
    if cursor is not None:
        return cursor
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    if round_ is None:
        return None
    RoundCursor.objects.get_or_create(round=round_, user=user)
    return locked_cursor(project, user)


def _claim_in(cursor: RoundCursor, own: _Own, holding: Collection[UUID]) -> Assignment | None:
    """The next item of the qualification, else the next free slot with gold mixed in."""
    newcomer = unqualified(cursor.round.project, cursor.user)
    if newcomer is not None:
        ended = expired_check(newcomer, holding=holding)
        if ended is not None and revive_own(ended):
            return _loaded(ended)
        check = qualification_slot(cursor, newcomer)
        if check is not None:
            _lease(check, cursor, _edition(cursor.round.project))
            return check
        if newcomer.qualified_at is None:
            return None
    for expired in _revivable([row for row in own.expired if row.public_id not in holding]):
        if revive_own(expired.pk):
            return _loaded(expired.pk)
    return _claim_fresh(cursor)


def _revivable(expired: list[Lease]) -> list[Lease]:
    """Those whose replacement nobody has taken.

    It is looked up by its item: by its round SQLite would scan all free slots.
    """
    if not expired:
        return []
    free = Assignment.objects.filter(
        item__in=[row.item_id for row in expired], purpose=Purpose.WORK, status=Status.FREE
    )
    places = set(free.values_list("item_id", "slot"))
    return [row for row in expired if (row.item_id, row.slot) in places]


def _claim_after_expiry(cursor: RoundCursor) -> Assignment | None:
    """Nothing is free: what others let run out may be."""
    return _claim_fresh(cursor) if expire_leases(cursor.round) else None


def _claim_fresh(cursor: RoundCursor) -> Assignment | None:
    """Gold comes in place of work only, so that nobody is left with nothing but checks.

    It is drawn first, because others pass over a slot that is locked and never come back to it.
    """
    gold = gold_slot(cursor)
    while (place := next_place(cursor, locks=gold is None)) is not None:
        slot = gold or slot_at(place, cursor.round.project)
        if _lease(slot, cursor, place.guideline):
            return slot
    return None


def _lease(slot: Assignment, cursor: RoundCursor, guideline: int | None) -> bool:
    """Claim by conditional update: exactly one of several callers sees True.

    A gold slot is made at the moment it is claimed.
    """
    values = leased_values(slot, cursor.user, guideline)
    is_new = slot.pk is None
    if not is_new:
        free = Assignment.objects.filter(pk=slot.pk, status=Status.FREE)
        if free.update(**values) != 1:
            return False
    for name, value in values.items():
        setattr(slot, name, value)
    if is_new:
        slot.save(force_insert=True)
    _step(cursor, slot)
    return True


def _step(cursor: RoundCursor, slot: Assignment) -> None:
    """Leave the slot behind; a check moves nobody along the round."""
    cursor.claims += 1
    if slot.purpose == Purpose.WORK and slot.position is not None:
        name = "position" if slot.position >= 0 else "front"
        setattr(cursor, name, slot.position)
    move_cursor(cursor)


def _edition(project: Project) -> int | None:
    """The guidelines in force."""
    return project.guidelines.values_list("pk", flat=True).first()
