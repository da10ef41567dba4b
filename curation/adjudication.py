"""The items on which people disagree, for reviewers to decide."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from annotate.answers import Answer
from annotate.models import Assignment, Item, Judgment, JudgmentRevision, KnownAnswer, Project, User
from annotate.opinions import COUNTED, Opinion, opinions_of, read_answer
from curation.disagreement import Said, disagreement
from curation.models import Contradiction

CHUNK = 5_000
KEPT, KEPT_SECONDS = 500, 600
CONTRADICTED = 1.0
ADJUDICATION = Assignment.Purpose.ADJUDICATION
Status = Assignment.Status
COLUMNS = (
    "judgment_id",
    "judgment__assignment__item_id",
    "judgment__assignment__item__kind",
    "judgment__scale",
    "text",
    "order",
)


class _Row(NamedTuple):
    """One revision's columns, in the order of ``COLUMNS``; both JSON columns as text."""

    judgment: int
    item: int
    kind: str
    scale: str
    text: str
    order: str


@dataclass(frozen=True)
class Disagreement:
    """An item that people disagree on: how far their answers are apart, and how many there are.

    ``first`` and ``last`` are the ids of the oldest and the newest judgment. ``twins`` are other
    items that ask the same and were answered differently.
    """

    item: int
    amount: float
    opinions: int
    first: int
    last: int
    twins: tuple[int, ...] = ()

    @property
    def items(self) -> tuple[int, ...]:
        """The item and its twins."""
        return self.item, *self.twins


def disagreements(project: Project) -> list[Disagreement]:
    """The items with two counted judgments or more that differ and that nobody has decided.

    With them come items whose twins were answered differently, as the last dataset found. The
    largest disagreement first, then the oldest. Surplus judgments count, gold, qualification and
    machines do not, simulated annotators only where the project takes them in. An item that was
    sent back comes again with the next judgment of it.
    """
    by_item = {one.item: one for one in (*_disagreements(project), *_contradictions(project))}
    found = _undecided(_ordered(by_item.values()), project)
    cache.set(_key(project), found[:KEPT], KEPT_SECONDS)
    return found


def next_disagreement(project: Project) -> Item | None:
    """The item to decide next: from the queue as it was last read, where anything is left of it."""
    kept: list[Disagreement] = cache.get(_key(project), [])
    items = [item for one in kept for item in one.items]
    left = _undecided(kept, project, items=items) if kept else []
    left = left or disagreements(project)
    return Item.objects.filter(pk=left[0].item).first() if left else None


def shown_disagreements(found: Collection[Disagreement]) -> list[dict[str, Any]]:
    """Some of them with their items and since when, in two queries however many they are."""
    items = Item.objects.select_related("prompt").in_bulk([one.item for one in found])
    oldest = Judgment.objects.in_bulk([one.first for one in found])
    return [
        {"item": items[one.item], "found": one, "since": oldest[one.first].created_at}
        for one in found
        if one.item in items
    ]


def opinions_to_review(item: Item) -> list[Opinion]:
    """What people said of an item and what reviewers decided, oldest first; no checks."""
    kinds = _kinds(item.project)
    return [
        one
        for one in opinions_of(item)
        if (one.is_counted and one.assignment.annotator and one.assignment.annotator.kind in kinds)
        or one.assignment.purpose == ADJUDICATION
    ]


def twins_of(item: Item) -> list[Item]:
    """The other items that ask the same and were answered differently, as the last dataset found.

    The one that stands for all of them in the queue comes first.
    """
    own = Q(item=item) | Q(duplicates=item)
    row = Contradiction.objects.filter(own, project=item.project).first()
    if row is None:
        return []
    ids = [row.item_id, *row.duplicates.order_by("pk").values_list("pk", flat=True)]
    items = Item.objects.with_texts().in_bulk(ids)
    return [items[pk] for pk in ids if pk != item.pk]


def _key(project: Project) -> str:
    return f"disagreements:{project.pk}:{project.include_simulated}"


def _kinds(project: Project) -> list[str]:
    """Whose judgments count: people's, and simulated ones where the project takes them in."""
    kinds: list[str] = [User.Kind.PERSON, User.Kind.IMPORTED]
    return [*kinds, User.Kind.SIMULATED] if project.include_simulated else kinds


def _disagreements(project: Project) -> list[Disagreement]:
    """All of them, decided or not."""
    read = _Reader()
    found = [
        _disagreement(item, rows, read)
        for item, rows in _rows_by_item(project).items()
        if len(rows) > 1
    ]
    return [one for one in found if one.amount > 0]


def _ordered(found: Iterable[Disagreement]) -> list[Disagreement]:
    """The largest first, then the oldest."""
    return sorted(found, key=lambda one: (-one.amount, one.first))


def _contradictions(project: Project) -> list[Disagreement]:
    """Items whose twins were answered differently; nothing is shared between such answers."""
    rows = Contradiction.objects.filter(project=project).prefetch_related("duplicates")
    asked = {row.item_id: tuple(twin.pk for twin in row.duplicates.all()) for row in rows}
    judged = _judged(project, {one for item, twins in asked.items() for one in (item, *twins)})
    found = []
    for item, twins in asked.items():
        judgments = [judgment for one in (item, *twins) for judgment in judged.get(one, ())]
        if len(judgments) > 1:
            ends = min(judgments), max(judgments)
            found.append(Disagreement(item, CONTRADICTED, len(judgments), *ends, twins))
    return found


def _judged(project: Project, items: Collection[int]) -> Mapping[int, list[int]]:
    """Ids of the counted judgments by item."""
    judged: dict[int, list[int]] = defaultdict(list)
    counted = Judgment.objects.filter(
        assignment__item__in=items,
        assignment__purpose__in=COUNTED,
        assignment__annotator__kind__in=_kinds(project),
    ).values_list("assignment__item_id", "pk")
    for item, judgment in counted:
        judged[item].append(judgment)
    return judged


def _rows_by_item(project: Project) -> Mapping[int, list[_Row]]:
    """The latest revision of every judgment, in one pass."""
    latest: dict[int, _Row] = {}
    for values in _revisions(project).values_list(*COLUMNS).iterator(chunk_size=CHUNK):
        row = _Row(*values)
        latest[row.judgment] = row
    rows: dict[int, list[_Row]] = defaultdict(list)
    for row in latest.values():
        rows[row.item].append(row)
    return rows


def _revisions(project: Project) -> QuerySet[JudgmentRevision]:
    return (
        JudgmentRevision.objects.filter(
            judgment__assignment__item__project=project,
            judgment__assignment__purpose__in=COUNTED,
            judgment__assignment__annotator__kind__in=_kinds(project),
        )
        .annotate(
            text=Cast("answer", TextField()),
            order=Cast("judgment__display_order", TextField()),
        )
        .order_by("judgment_id", "number")
    )


class _Reader:
    """Reads answers; the many equal ones are parsed once, whatever reasons were given."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str, str], Answer] = {}

    def __call__(self, row: _Row) -> Answer:
        key = (row.kind, row.scale, row.order, row.text)
        answer = self._seen.get(key)
        if answer is None:
            payload = json.loads(row.text)
            payload.pop("rationale", None)
            plain = (row.kind, row.scale, row.order, repr(payload))
            answer = self._seen.get(plain) or self._read(row, payload)
            self._seen[key] = self._seen[plain] = answer
        return answer

    @staticmethod
    def _read(row: _Row, payload: Mapping[str, Any]) -> Answer:
        return read_answer(payload, kind=row.kind, scale=row.scale, order=json.loads(row.order))


def _disagreement(item: int, rows: list[_Row], read: _Reader) -> Disagreement:
    said: list[Said] = [(read(row), row.scale) for row in rows]
    ids = [row.judgment for row in rows]
    return Disagreement(item, disagreement(said), len(rows), min(ids), max(ids))


def _undecided(
    found: Iterable[Disagreement], project: Project, *, items: Collection[int] | None = None
) -> list[Disagreement]:
    """Without those that a reviewer has dealt with, here or as a twin, and those that are checks.

    ``items`` names the items in question where they are few.
    """
    scope = Q(item__project=project) if items is None else Q(item__in=items)
    closed, sent_back = _dealt_with(scope)
    checks = KnownAnswer.objects.filter(scope, Q(is_gold=True) | Q(is_qualification=True))
    closed.update(checks.values_list("item_id", flat=True))
    left = [one for one in found if closed.isdisjoint(one.items)]
    newest = [one.last for one in left if one.item in sent_back]
    made = dict(Judgment.objects.filter(pk__in=newest).values_list("pk", "created_at"))
    return [
        one for one in left if one.item not in sent_back or made[one.last] > sent_back[one.item]
    ]


def _dealt_with(scope: Q) -> tuple[set[int], dict[int, datetime]]:
    """Items that are decided or set aside, and when each other one was last sent back."""
    stands = Assignment.objects.filter(scope, purpose=ADJUDICATION).order_by("ended_at")
    columns = stands.values_list("item_id", "status", "ended_at", "item__is_queueable")
    closed: set[int] = set()
    sent_back: dict[int, datetime] = {}
    for item, status, ended_at, is_queueable in columns:
        if status == Status.SUBMITTED or (status == Status.SKIPPED and not is_queueable):
            closed.add(item)
        elif status == Status.WITHDRAWN and ended_at is not None:
            sent_back[item] = ended_at
    return closed, sent_back
