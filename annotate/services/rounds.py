"""Opening and closing rounds."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, Item, Project, Round, RoundItem, User
from annotate.models.assignment import LIVE
from annotate.models.round import FRONT
from annotate.services.projects import record
from annotate.services.slots import join_waiting, unused_slots

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
    asked = _ordered(project, _askable(picks), seed=seed)
    if not asked:
        raise InvalidInput(_("A round needs at least one item that can be asked."))
    number = (project.rounds.aggregate(top=Max("number"))["top"] or 0) + 1
    round_ = Round.objects.create(project=project, number=number, strategy=strategy, seed=seed)
    _add_entries(round_, asked, first=0)
    record("round.create", by=by, project=project, subject=str(number), items=len(asked))
    return round_


@transaction.atomic
def open_round(round_: Round, *, by: User | None) -> Round:
    """Make the slots of a draft round and open it. One round of a project is open at a time."""
    _lock(round_.project)
    if Round.objects.filter(project_id=round_.project_id, status=Round.Status.OPEN).exists():
        raise Conflict(_("Another round is open: close it first."))
    opened = Round.objects.filter(pk=round_.pk, status=Round.Status.DRAFT).update(
        status=Round.Status.OPEN, opened_at=timezone.now()
    )
    if not opened:
        raise Conflict(_("Only a draft round can be opened."))
    _create_slots(round_, round_.entries.select_related("item").order_by("position"))
    join_waiting(round_)
    record("round.open", by=by, project=round_.project, subject=str(round_.number))
    round_.refresh_from_db()
    return round_


@transaction.atomic
def extend_round(round_: Round, *, items: Iterable[Item], by: User | None) -> int:
    """Add fresh items at the tail of an open round; returns how many.

    Raises Conflict where the round has closed meanwhile.
    """
    _lock(round_.project)
    open_ = Round.objects.filter(pk=round_.pk, status=Round.Status.OPEN)
    if open_.select_for_update(no_key=True).first() is None:
        raise Conflict(_("The round is closed: open another one first."))
    picks = [Pick(item, probability=1.0) for item in items]
    present = set(
        round_.entries.filter(item__in=[pick.item.pk for pick in picks]).values_list(
            "item_id", flat=True
        )
    )
    fresh = _askable([pick for pick in picks if pick.item.pk not in present])
    fresh = _ordered(round_.project, fresh, seed=round_.seed)
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
        raise Conflict(_("Only an open round can be closed."))
    round_.assignments.filter(status=Assignment.Status.FREE).update(
        status=Assignment.Status.WITHDRAWN, ended_at=timezone.now()
    )
    record("round.close", by=by, project=round_.project, subject=str(round_.number))
    round_.refresh_from_db()
    return round_


def _askable(picks: Sequence[Pick]) -> list[Pick]:
    """The picks that are work: no item that was put aside, and no gold."""
    able: set[int] = set()
    for start in range(0, len(picks), BATCH):
        batch = [pick.item.pk for pick in picks[start : start + BATCH]]
        able.update(Item.objects.filter(pk__in=batch).askable().values_list("pk", flat=True))
    return [pick for pick in picks if pick.item.pk in able]


def _ordered(project: Project, picks: list[Pick], *, seed: int) -> list[Pick]:
    """The picks in the order in which the project wants them asked."""
    match project.queue_order:
        case Project.QueueOrder.PRIORITY:
            return sorted(picks, key=lambda pick: -pick.item.priority)
        case Project.QueueOrder.RANDOM:
            shuffled = list(picks)
            random.Random(f"queue:{project.seed}:{seed}").shuffle(shuffled)  # noqa: S311
            return shuffled
        case Project.QueueOrder.PROMPT:
            first: dict[int, int] = {}
            for place, pick in enumerate(picks):
                first.setdefault(pick.item.prompt_id, place)
            return sorted(picks, key=lambda pick: first[pick.item.prompt_id])
    return picks


def _lock(project: Project) -> None:
    """Serialise round changes of a project where the database has row locks."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


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
    """Slots of one item stand side by side, so one step of a cursor leaves the item behind.

    In a project that goes by priority, urgent items that join an open round stand in front of
    everything else: at negative positions, which each person walks first.
    """
    # as who returns a slot to the tail does
    Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    taken = _taken_slots(entries)
    tail, front = _free_places(round_)
    may_jump = round_.project.queue_order == Project.QueueOrder.PRIORITY and tail > 0
    slots = []
    for entry in entries:
        for slot in unused_slots(taken[entry.item_id], entry.item.overlap):
            if may_jump and entry.item.priority > 0:
                position, front = front, front + 1
            else:
                position, tail = tail, tail + 1
            slots.append(Assignment(item=entry.item, round=round_, slot=slot, position=position))
    Assignment.objects.bulk_create(slots, batch_size=BATCH)


def _free_places(round_: Round) -> tuple[int, int]:
    """The next position at the tail, and the next in front of everything."""
    top = round_.assignments.filter(position__gte=0).aggregate(top=Max("position"))["top"]
    urgent = round_.assignments.filter(position__lt=0).aggregate(top=Max("position"))["top"]
    return (0 if top is None else top + 1), (FRONT if urgent is None else urgent + 1)


@transaction.atomic
def move_to_front(round_: Round, items: Iterable[Item]) -> int:
    """Ask the free slots of these items before everything else; returns how many slots moved.

    Takes effect in projects that go by priority.
    """
    Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    free = round_.assignments.filter(
        item__in=[item.pk for item in items], status=Assignment.Status.FREE, position__gte=0
    )
    _, front = _free_places(round_)
    slots = list(free.select_for_update(of=("self",)).order_by("position"))
    for offset, slot in enumerate(slots):
        slot.position = front + offset
    Assignment.objects.bulk_update(slots, ["position"], batch_size=BATCH)
    return len(slots)


def _taken_slots(entries: QuerySet[RoundItem]) -> dict[int, set[int]]:
    rows = Assignment.objects.filter(
        item__in=entries.order_by().values("item"),
        purpose=Assignment.Purpose.WORK,
        status__in=LIVE,
        is_surplus=False,
    )
    taken: dict[int, set[int]] = defaultdict(set)
    for item, slot in rows.values_list("item_id", "slot"):
        taken[item].add(slot)
    return taken
