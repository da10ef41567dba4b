"""The life of a lease: taken, renewed, run out, revived; and the fresh slot that replaces it."""

from __future__ import annotations

import random
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotate.errors import Conflict
from annotate.models import Assignment, Item, Project, Round, User
from annotate.models.assignment import LIVE

MAX_LEASES = 2
EXPIRE_BATCH = 500
Status = Assignment.Status
Purpose = Assignment.Purpose


def lease_time() -> timedelta:
    """How long an item stays reserved."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def leased_values(slot: Assignment, user: User, guideline: int | None) -> dict[str, object]:
    """The columns of a slot that ``user`` takes now."""
    now, item = timezone.now(), slot.item
    return {
        "status": Status.LEASED,
        "annotator": user,
        "leased_at": now,
        "expires_at": now + lease_time(),
        "fence": slot.fence + 1,
        "display_order": display_order(slot, user),
        "scale": item.project.protocol(item.kind),
        "guideline_id": guideline,
    }


def display_order(slot: Assignment, user: User) -> list[int]:
    """The order in which this slot's person sees the responses.

    Seeded by project, item, the slot's place and the installation's secret key: a simulation can
    be repeated, and who knows the program and the texts still cannot tell the stored order.
    Slots made at claim time have no place in the round; the person stands in for it.
    """
    item = slot.item
    order = list(range(len(item.ordered_responses())))
    where = slot.position if slot.position is not None else f"{slot.purpose}:{user.username}"
    place = f"{item.project.seed}:{item.digest}:{slot.slot}:{where}"
    seed = salted_hmac("annotate.display_order", place).digest()  # nobody can work it out
    random.Random(seed).shuffle(order)  # noqa: S311
    return order


def live_leases(project: Project, user: User) -> QuerySet[Assignment]:
    """The person's leases that have not run out, oldest first."""
    return Assignment.objects.filter(
        item__project=project,
        annotator=user,
        status=Status.LEASED,
        expires_at__gt=timezone.now(),
    ).order_by("leased_at", "pk")


def revive_own(pk: int) -> bool:
    """Give an expired slot back to the person who had it while its replacement is untouched."""
    fresh = Assignment.objects.select_for_update().get(pk=pk)
    return fresh.status == Status.EXPIRED and revive(fresh)


def revive(expired: Assignment) -> bool:
    """Make an expired lease live again; False where somebody else has the slot by now."""
    if expired.purpose == Purpose.WORK and not withdraw_free_twin(expired):
        return False
    expired.status = Status.LEASED
    expired.fence += 1
    expired.expires_at = timezone.now() + lease_time()
    expired.ended_at = None
    expired.save(update_fields=["status", "fence", "expires_at", "ended_at"])
    return True


def twins(assignment: Assignment) -> QuerySet[Assignment]:
    """The live assignment, if any, that holds the same slot of the item instead."""
    return live_slots(assignment.item_id).filter(slot=assignment.slot).exclude(pk=assignment.pk)


def live_slots(item: int) -> QuerySet[Assignment]:
    """What counts against an item's overlap."""
    return Assignment.objects.filter(
        item_id=item, purpose=Purpose.WORK, status__in=LIVE, is_surplus=False
    )


def withdraw_free_twin(assignment: Assignment) -> bool:
    """Take back the fresh slot that replaced this one, while nobody has claimed it."""
    return bool(
        twins(assignment)
        .filter(status=Status.FREE)
        .update(status=Status.WITHDRAWN, ended_at=timezone.now())
    )


@transaction.atomic
def expire_leases(round_: Round | None = None, *, annotator: User | None = None) -> int:
    """End the leases that ran out and put fresh slots at the tail; returns how many.

    Rows that somebody else is working on are left to them.
    """
    due = Assignment.objects.filter(status=Status.LEASED, expires_at__lte=timezone.now())
    if round_ is not None:
        due = due.filter(round=round_)
    if annotator is not None:
        due = due.filter(annotator=annotator)
    expired = 0
    in_order = due.order_by("round_id", "pk")  # everybody locks rounds in the same order
    for assignment in in_order.select_for_update(skip_locked=True)[:EXPIRE_BATCH]:
        ended = Assignment.objects.filter(
            pk=assignment.pk, status=Status.LEASED, expires_at__lte=timezone.now()
        ).update(status=Status.EXPIRED, ended_at=timezone.now())
        if ended:
            replace_slot(assignment)
            expired += 1
    return expired


def replace_slot(ended: Assignment) -> None:
    """A fresh slot for somebody else, at the tail of an open round, if the item is still asked."""
    if ended.round_id is None or ended.purpose != Purpose.WORK:
        return
    round_ = Round.objects.select_for_update(no_key=True).get(pk=ended.round_id)
    if round_.status != Round.Status.OPEN:
        return
    item = Item.objects.filter(pk=ended.item_id).askable().first()
    if item is None or live_slots(ended.item_id).count() >= item.overlap:
        return
    placed = round_.assignments.filter(position__gte=0)  # lets SQLite use the index on positions
    top = placed.aggregate(top=Max("position"))["top"]
    Assignment.objects.create(
        item_id=ended.item_id, round=round_, slot=ended.slot, position=(top or 0) + 1
    )


@transaction.atomic
def renew_lease(assignment: Assignment, *, fence: int) -> Assignment:
    """Push the lease's end forward; revives an expired slot whose replacement is untouched."""
    assignment = locked(assignment)
    check_fence(assignment, fence)
    if assignment.status == Status.EXPIRED or has_run_out(assignment):
        _check_room(assignment)
    if assignment.status == Status.EXPIRED and revive(assignment):
        return assignment
    if assignment.status != Status.LEASED:
        raise Conflict(
            _("This item is %(status)s: it cannot be kept any longer.")
            % {"status": _(assignment.get_status_display())}
        )
    assignment.expires_at = timezone.now() + lease_time()
    assignment.save(update_fields=["expires_at"])
    return assignment


def has_run_out(assignment: Assignment) -> bool:
    """Whether the lease's time is over, noticed by the clock or not."""
    return assignment.expires_at is not None and assignment.expires_at <= timezone.now()


def _check_room(assignment: Assignment) -> None:
    """What has run out comes back only to somebody who holds fewer than two others."""
    holder = assignment.annotator
    if holder is not None:
        live = live_leases(assignment.item.project, holder).exclude(pk=assignment.pk)
        if live.count() >= MAX_LEASES:
            raise Conflict(_("You hold two other items: answer or skip one of them first."))


def locked(assignment: Assignment) -> Assignment:
    """The row as it is now, locked for this transaction, with the item at hand."""
    fresh = Assignment.objects.select_for_update().get(pk=assignment.pk)
    fresh.item = assignment.item
    return fresh


def check_fence(assignment: Assignment, fence: int) -> None:
    """Conflict where the item was given out again since."""
    if fence != assignment.fence:
        raise Conflict(_("This item was opened again since: reload it."), field="fence")
