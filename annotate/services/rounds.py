"""Opening and closing rounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, Item, Project, Round, RoundItem, User
from annotate.models.assignment import LIVE
from annotate.services.projects import record

BATCH = 1_000


@dataclass(frozen=True)
class Pick:
    """An item chosen for a round and why; ``probability`` only where the choice was random."""

    item: Item
    arm: str = RoundItem.Arm.RANDOM
    probability: float | None = None
    gain: float | None = None
    margin: float | None = None


@transaction.atomic
def create_round(
    project: Project,
    *,
    picks: Sequence[Pick],
    by: User | None,
    strategy: str = "random",
    seed: int = 0,
) -> Round:
    """A draft round of these items, in this order."""
    _lock(project)
    unasked = [pick for pick in picks if pick.item.is_queueable]
    if not unasked:
        raise InvalidInput("A round needs at least one item that can be asked.")
    number = (project.rounds.aggregate(top=Max("number"))["top"] or 0) + 1
    round_ = Round.objects.create(project=project, number=number, strategy=strategy, seed=seed)
    _add_entries(round_, unasked, first=0)
    record("round.create", by=by, project=project, subject=str(number), items=len(unasked))
    return round_


@transaction.atomic
def open_round(round_: Round, *, by: User | None) -> Round:
    """Make the slots of a draft round and open it. One round of a project is open at a time."""
    _lock(round_.project)
    if Round.objects.filter(project_id=round_.project_id, status=Round.Status.OPEN).exists():
        raise Conflict("Another round is open: close it first.")
    opened = Round.objects.filter(pk=round_.pk, status=Round.Status.DRAFT).update(
        status=Round.Status.OPEN, opened_at=timezone.now()
    )
    if not opened:
        raise Conflict("Only a draft round can be opened.")
    _create_slots(round_, round_.entries.select_related("item").order_by("position"))
    record("round.open", by=by, project=round_.project, subject=str(round_.number))
    round_.refresh_from_db()
    return round_


@transaction.atomic
def extend_round(round_: Round, *, items: Iterable[Item], by: User | None) -> int:
    """Add fresh items at the tail of an open round; returns how many."""
    _lock(round_.project)
    present = set(round_.entries.values_list("item_id", flat=True))
    fresh = [
        Pick(item, probability=1.0)
        for item in items
        if item.is_queueable and item.pk not in present
    ]
    top = round_.entries.aggregate(top=Max("position"))["top"]
    first = 0 if top is None else top + 1
    _add_entries(round_, fresh, first=first)
    _create_slots(round_, round_.entries.filter(position__gte=first).select_related("item"))
    record("round.extend", by=by, project=round_.project, subject=str(round_.number), n=len(fresh))
    return len(fresh)


@transaction.atomic
def close_round(round_: Round, *, by: User | None) -> Round:
    """Close a round: free slots are withdrawn, answers under way are still taken."""
    closed = Round.objects.filter(pk=round_.pk, status=Round.Status.OPEN).update(
        status=Round.Status.CLOSED, closed_at=timezone.now()
    )
    if not closed:
        raise Conflict("Only an open round can be closed.")
    round_.assignments.filter(status=Assignment.Status.FREE).update(
        status=Assignment.Status.WITHDRAWN, ended_at=timezone.now()
    )
    record("round.close", by=by, project=round_.project, subject=str(round_.number))
    round_.refresh_from_db()
    return round_


def _lock(project: Project) -> None:
    """Serialise round changes of a project where the database has row locks."""
    Project.objects.select_for_update().get(pk=project.pk)


def _add_entries(round_: Round, picks: Sequence[Pick], *, first: int) -> None:
    RoundItem.objects.bulk_create(
        [
            RoundItem(
                round=round_,
                item=pick.item,
                position=first + offset,
                arm=pick.arm,
                probability=pick.probability,
                gain=pick.gain,
                margin=pick.margin,
            )
            for offset, pick in enumerate(picks)
        ],
        batch_size=BATCH,
    )


def _create_slots(round_: Round, entries: QuerySet[RoundItem]) -> None:
    """Slots of one item stand side by side, so one step of a cursor leaves the item behind."""
    Round.objects.select_for_update().get(pk=round_.pk)  # as who returns a slot to the tail does
    taken = _taken_slots(entries)
    top = round_.assignments.aggregate(top=Max("position"))["top"]
    position = 0 if top is None else top + 1
    slots = []
    for entry in entries:
        for slot in range(entry.item.overlap):
            if (entry.item_id, slot) not in taken:
                slots.append(
                    Assignment(item=entry.item, round=round_, slot=slot, position=position)
                )
                position += 1
    Assignment.objects.bulk_create(slots, batch_size=BATCH)


def _taken_slots(entries: QuerySet[RoundItem]) -> set[tuple[int, int]]:
    rows = Assignment.objects.filter(
        item__in=entries.order_by().values("item"),
        purpose=Assignment.Purpose.WORK,
        status__in=LIVE,
        is_surplus=False,
    )
    return set(rows.values_list("item_id", "slot"))
