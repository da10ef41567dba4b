"""Claiming the next item: one walk along the round's free slots, gold mixed in at claim time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
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
from annotate.services.gold import gold_slot, qualification_slot, unqualified
from annotate.services.leases import (
    MAX_LEASES,
    Purpose,
    Status,
    expire_leases,
    has_run_out,
    leased_values,
    revive_own,
)
from annotate.services.limits import room_for
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
    own = _own_leases(project, by, cursor.round if cursor is not None else None)
    for assignment in own.live:
        if assignment.public_id not in holding:
            return _loaded(assignment)
    if len(own.live) >= MAX_LEASES:
        raise Conflict(_("You hold two items already: answer or skip one of them first."))
    if cursor is None or not room_for(project, by, held=len(own.live)):
        return None
    return _claim_in(cursor, own) or _claim_after_expiry(cursor)


@dataclass(frozen=True)
class _Own:
    """A person's leases, and those of theirs that ran out in the open round."""

    live: list[Assignment]
    expired: list[Assignment]


def _own_leases(project: Project, user: User, round_: Round | None) -> _Own:
    rows = _leased_or_expired(project, user, round_)
    if any(row.status == Status.LEASED and has_run_out(row) for row in rows):
        expire_leases(annotator=user)
        rows = _leased_or_expired(project, user, round_)
    return _Own(
        [row for row in rows if row.status == Status.LEASED],
        [row for row in rows if row.status == Status.EXPIRED],
    )


def _leased_or_expired(project: Project, user: User, round_: Round | None) -> list[Assignment]:
    """In one plain statement, because every claim asks it."""
    expired = Q(status=Status.EXPIRED, round=round_, purpose=Purpose.WORK)
    own = Assignment.objects.filter(Q(status=Status.LEASED) | expired, annotator=user)
    return list(own.filter(item__project=project).order_by("leased_at", "pk"))


def _loaded(assignment: Assignment) -> Assignment:
    return with_payload(Assignment.objects.filter(pk=assignment.pk)).get()


def _locked_cursor(project: Project, user: User) -> RoundCursor | None:
    """The person's place in the open round; holding its lock serialises that person's claims."""
    cursors = RoundCursor.objects.select_for_update(of=("self",)).select_related("round")
    own = cursors.filter(user=user, round__project=project, round__status=Round.Status.OPEN)
    cursor = own.first() or _first_cursor(project, user, own)
    if cursor is not None:
        cursor.user, cursor.round.project = user, project
    return cursor


def _first_cursor(project: Project, user: User, own: QuerySet[RoundCursor]) -> RoundCursor | None:
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    if round_ is None:
        return None
    RoundCursor.objects.get_or_create(round=round_, user=user)
    return own.first()


def _claim_in(cursor: RoundCursor, own: _Own) -> Assignment | None:
    """The next item of the qualification, else the next free slot with gold mixed in."""
    newcomer = unqualified(cursor.round.project, cursor.user)
    if newcomer is not None:
        check = qualification_slot(cursor, newcomer)
        if check is not None:
            _lease(check, cursor, _edition(cursor.round.project))
            return check
        if newcomer.qualified_at is None:
            return None
    for expired in _revivable(own.expired):
        if revive_own(expired):
            return _loaded(expired)
    return _claim_fresh(cursor)


def _revivable(expired: list[Assignment]) -> list[Assignment]:
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
    """Gold comes in place of work only, so that nobody is left with nothing but checks."""
    while (place := next_place(cursor)) is not None:
        slot = gold_slot(cursor) or slot_at(place, cursor.round.project)
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
    own = RoundCursor.objects.filter(pk=cursor.pk)
    own.update(position=cursor.position, front=cursor.front, claims=cursor.claims)


def _edition(project: Project) -> int | None:
    """The guidelines in force."""
    return project.guidelines.values_list("pk", flat=True).first()
