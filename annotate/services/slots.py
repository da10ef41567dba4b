"""The slots of items in an open round, after the items themselves have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Set
from itertools import count, islice

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from annotate.models import Assignment, Item, Round, RoundItem
from annotate.models.assignment import LIVE

BATCH = 500
Status = Assignment.Status
Slots = list[tuple[int, int, str]]


def in_batches(items: Collection[int]) -> Iterator[list[int]]:
    """Ids of items, so many at a time that every database takes them in one statement."""
    ids = sorted(items)
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def match_slots(round_: Round, *, items: Collection[int]) -> int:
    """Make the live slots of these items match them; returns how many free ones there are more.

    An item that a round may ask has as many live slots as its overlap says, any other none that is
    free. Slots come back at the round's tail, which everybody still reaches; what somebody holds
    or has judged stays.
    """
    # as whoever returns a slot to the tail
    Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    return sum(_match(round_, batch) for batch in in_batches(items))


def join_waiting(round_: Round) -> int:
    """Take the items that reviewers sent back into an open round; returns how many slots that made.

    They wait for one where none was open when they were sent back, and where the open one had
    never asked them.
    """
    waiting = list(_sent_back(round_).exclude(entries__round=round_).order_by("pk"))
    live = _live([item.pk for item in waiting])
    fresh = [item for item in waiting if len(live[item.pk]) < item.overlap]
    top = round_.entries.aggregate(top=Max("position"))["top"]
    first = 0 if top is None else top + 1
    RoundItem.objects.bulk_create(
        RoundItem(round=round_, item=item, position=first + k, arm=RoundItem.Arm.ADJUDICATION)
        for k, item in enumerate(fresh)
    )
    return match_slots(round_, items=[item.pk for item in fresh])


def _sent_back(round_: Round) -> QuerySet[Item]:
    """Items of the project for which a reviewer asked for more judgments."""
    wish = Assignment.objects.filter(
        item=OuterRef("pk"),
        purpose=Assignment.Purpose.ADJUDICATION,
        status=Status.WITHDRAWN,
    )
    return Item.objects.filter(Exists(wish), project=round_.project_id).askable()


def _match(round_: Round, items: list[int]) -> int:
    _lock(items)
    here = Item.objects.filter(entries__round=round_, pk__in=items)
    wanted = dict.fromkeys(here.values_list("pk", flat=True), 0)
    wanted |= dict(here.askable().values_list("pk", "overlap"))
    live = _live(list(wanted))
    fewer = [pk for item, n in wanted.items() for pk in _surplus(live[item], n)]
    more = [(item, slot) for item, n in wanted.items() for slot in _missing(live[item], n)]
    _add(round_, more)
    return len(more) - _withdraw(fewer)


def _lock(items: list[int]) -> None:
    """As a late answer does, which may take the very slot that is about to come back."""
    list(
        Item.objects.select_for_update(no_key=True)
        .filter(pk__in=items)
        .order_by("pk")
        .values_list("pk")
    )


def _live(items: list[int]) -> dict[int, Slots]:
    """The id, number and status of each live slot, by item."""
    rows = Assignment.objects.filter(
        item__in=items, purpose=Assignment.Purpose.WORK, status__in=LIVE, is_surplus=False
    )
    found: dict[int, Slots] = defaultdict(list)
    columns = rows.order_by("slot").values_list("item_id", "pk", "slot", "status")
    for item, pk, slot, status in columns:
        found[item].append((pk, slot, status))
    return found


def _surplus(live: Slots, wanted: int) -> list[int]:
    """The free slots to take back, those with the highest numbers first."""
    free = [pk for pk, _, status in reversed(live) if status == Status.FREE]
    return free[: max(len(live) - wanted, 0)]


def _missing(live: Slots, wanted: int) -> list[int]:
    return unused_slots({number for _, number, _ in live}, wanted)


def unused_slots(taken: Set[int], wanted: int) -> list[int]:
    """The numbers of the slots that are missing, the lowest that are not taken."""
    unused = (number for number in count() if number not in taken)
    return list(islice(unused, max(wanted - len(taken), 0)))


def _withdraw(slots: list[int]) -> int:
    """A slot that somebody claims at this moment stays theirs."""
    return Assignment.objects.filter(pk__in=slots, status=Status.FREE).update(
        status=Status.WITHDRAWN, ended_at=timezone.now()
    )


def _add(round_: Round, slots: list[tuple[int, int]]) -> None:
    placed = round_.assignments.filter(position__gte=0)  # lets SQLite use the index on positions
    top = placed.aggregate(top=Max("position"))["top"]
    first = 0 if top is None else top + 1
    Assignment.objects.bulk_create(
        Assignment(item_id=item, round=round_, slot=slot, position=first + offset)
        for offset, (item, slot) in enumerate(slots)
    )
