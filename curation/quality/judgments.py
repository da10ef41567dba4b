"""What was said in a project, read in a number of queries that does not grow with it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, Length

from annotate.answers import Answer, ItemShape, StepsAnswer, as_signs
from annotate.models import (
    Assignment,
    Item,
    ItemResponse,
    JudgmentRevision,
    KnownAnswer,
    Project,
    RoundItem,
    User,
)
from annotate.opinions import COUNTED, read_answer, set_aside_items

CHECKS = (Assignment.Purpose.GOLD, Assignment.Purpose.QUALIFICATION)
LEFT_OUT = (Assignment.Purpose.ADJUDICATION, Assignment.Purpose.MACHINE)
CHUNK = 5_000
COLUMNS = (
    "judgment_id",
    "text",
    "order",
    "judgment__is_order_known",
    "judgment__scale",
    "judgment__active_seconds",
    "judgment__created_at",
    "judgment__assignment__purpose",
    "judgment__assignment__annotator_id",
    "judgment__assignment__item_id",
    "judgment__assignment__item__kind",
)


class _Row(NamedTuple):
    """One revision's columns, in the order of ``COLUMNS``."""

    judgment: int
    text: str
    order: str
    is_order_known: bool
    scale: str
    seconds: float | None
    at: datetime
    purpose: str
    annotator: int
    item: int
    kind: str


PERSON = ("pk", "public_id", "username", "kind", "is_positional")


class Person(NamedTuple):
    """Who judged; ``kind`` tells people from imported, simulated and machine annotators."""

    pk: int
    public_id: UUID
    username: str
    kind: str
    is_positional: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One judgment's latest answer in stored order, and how it was given.

    ``order`` is the display order, which some imports do not tell; ``shape`` has the scale that
    the answer was given on.
    """

    judgment: int
    item: int
    kind: str
    annotator: int
    answer: Answer
    order: tuple[int, ...]
    is_order_known: bool
    shape: ItemShape
    purpose: str
    seconds: float | None
    at: datetime

    @property
    def is_counted(self) -> bool:
        """Whether it is an independent view of the item: no check and no reviewer's decision."""
        return self.purpose in COUNTED

    @property
    def signs(self) -> Answer:
        """The answer as gold is marked: step labels on any scale as −1, 0 and +1."""
        if isinstance(self.answer, StepsAnswer):
            return as_signs(self.answer, self.shape.step_points)
        return self.answer


@dataclass(frozen=True)
class ProjectJudgments:
    """All judgments of a project with what is known of its items and annotators.

    Items that a reviewer put aside are left out, and so are reviewers' decisions and what programs
    judged. ``known`` and ``gaps`` come from the known answers, ``gold`` are the items that check
    annotators; ``margins`` are the latest absolute predicted margins; ``lengths`` the characters
    of the responses of comparisons, in stored order.
    """

    said: tuple[Said, ...]
    annotators: dict[int, Person]
    known: dict[int, Answer]
    gold: frozenset[int]
    gaps: dict[int, float]
    margins: dict[int, float]
    lengths: dict[int, tuple[int, ...]]

    @property
    def counted(self) -> list[Said]:
        """The independent views."""
        return [one for one in self.said if one.is_counted]


def project_judgments(project: Project) -> ProjectJudgments:
    """Everything that the quality pages are made from."""
    said = tuple(_said(project))
    sizes = {one.item: len(one.order) for one in said}
    known, gold, gaps = _known(project, sizes)
    return ProjectJudgments(
        said=said,
        annotators=_annotators(project),
        known=known,
        gold=frozenset(gold),
        gaps=gaps,
        margins=_margins(project),
        lengths=_lengths(project),
    )


def _said(project: Project) -> Iterator[Said]:
    """The latest revision of each judgment, in the order of the judgments.

    Of checks whose known answer was told at once it is the first.
    """
    is_told = project.gold_feedback == Project.GoldFeedback.IMMEDIATE
    latest: dict[int, _Row] = {}
    for values in _revisions(project).values_list(*COLUMNS).iterator(chunk_size=CHUNK):
        row = _Row(*values)
        if row.judgment not in latest or not (is_told and row.purpose in CHECKS):
            latest[row.judgment] = row
    put_aside = set(set_aside_items(project).values_list("pk", flat=True))
    read, shape = cache(_read), cache(partial(_shape, project))
    for row in latest.values():
        if row.item not in put_aside:
            answer, order = read(row.kind, row.scale, row.text, row.order)
            yield _one(row, answer, order, shape(row.kind, row.scale))


def _shape(project: Project, kind: str, scale: str) -> ItemShape:
    """What a stored scale means; where it says nothing, the project's settings hold."""
    bounds = (project.rating_min, project.rating_max)
    return ItemShape(kind=kind, scale=project.scale, rating_range=bounds).on(scale)


def _revisions(project: Project) -> QuerySet[JudgmentRevision]:
    """Both JSON columns as text, so that the many equal answers are parsed once."""
    return (
        JudgmentRevision.objects.filter(judgment__assignment__item__project=project)
        .exclude(judgment__assignment__purpose__in=LEFT_OUT)
        .annotate(
            text=Cast("answer", TextField()),
            order=Cast("judgment__display_order", TextField()),
        )
        .order_by("judgment_id", "number")
    )


def _read(kind: str, scale: str, text: str, order: str) -> tuple[Answer, tuple[int, ...]]:
    """The answer in stored order, and the order that it was given in."""
    shown = tuple(json.loads(order))
    return read_answer(json.loads(text), kind=kind, scale=scale, order=shown), shown


def _one(row: _Row, answer: Answer, order: tuple[int, ...], shape: ItemShape) -> Said:
    return Said(
        judgment=row.judgment,
        item=row.item,
        kind=row.kind,
        annotator=row.annotator,
        answer=answer,
        order=order,
        is_order_known=row.is_order_known,
        shape=shape,
        purpose=row.purpose,
        seconds=row.seconds,
        at=row.at,
    )


def _annotators(project: Project) -> dict[int, Person]:
    """Everybody who has judged in the project."""
    submitted = Assignment.objects.filter(
        item__project=project, annotator=OuterRef("pk"), status=Assignment.Status.SUBMITTED
    )
    users = User.objects.filter(Exists(submitted)).values_list(*PERSON)
    return {row[0]: Person(*row) for row in users}


def _known(
    project: Project, sizes: Mapping[int, int]
) -> tuple[dict[int, Answer], set[int], dict[int, float]]:
    """Answers, gold items and gaps of the items that somebody judged, by item."""
    answers: dict[int, Answer] = {}
    gold: set[int] = set()
    gaps: dict[int, float] = {}
    rows = KnownAnswer.objects.filter(item__project=project).values_list(
        "item_id", "item__kind", "answer", "gap", "is_gold", "is_qualification"
    )
    for item, kind, payload, gap, *checks in rows.iterator(chunk_size=CHUNK):
        if item not in sizes:
            continue
        answers[item] = read_answer(payload, kind=kind, scale="", order=range(sizes[item]))
        if gap is not None:
            gaps[item] = abs(gap)
        if any(checks):
            gold.add(item)
    return answers, gold, gaps


def _margins(project: Project) -> dict[int, float]:
    """The size of each item's predicted margin in the last round that has one."""
    rows = RoundItem.objects.filter(round__project=project, margin__isnull=False)
    ordered = rows.order_by("round__number").values_list("item_id", "margin")
    return {item: abs(margin) for item, margin in ordered if margin is not None}


def _lengths(project: Project) -> dict[int, tuple[int, ...]]:
    """The characters of both responses of each comparison, in stored order."""
    rows = (
        ItemResponse.objects.filter(item__project=project, item__kind=Item.Kind.COMPARISON)
        .order_by("item_id", "position")
        .values_list("item_id", Length("response__content"))
    )
    found: dict[int, list[int]] = defaultdict(list)
    for item, length in rows.iterator(chunk_size=CHUNK):
        found[item].append(length)
    return {item: tuple(lengths) for item, lengths in found.items()}
