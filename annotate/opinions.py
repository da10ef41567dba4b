"""What has been said of an item, display order undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from annotate.answers import (
    Answer,
    ComparisonAnswer,
    ItemShape,
    StepsAnswer,
    parse_answer,
    to_stored,
)
from annotate.gold import is_right
from annotate.models import Assignment, Item, Judgment, JudgmentRevision, Project, User

WIDEST = (-(2**53), 2**53)
Purpose = Assignment.Purpose
COUNTED = (Purpose.WORK, Purpose.IMPORT)


@dataclass(frozen=True)
class Opinion:
    """One judgment of an item of this kind: its states in stored order, oldest first."""

    judgment: Judgment
    kind: str
    states: tuple[tuple[JudgmentRevision, Answer], ...]

    @property
    def answer(self) -> Answer:
        """The answer in force."""
        return self.states[-1][1]

    @property
    def assignment(self) -> Assignment:
        return self.judgment.assignment

    @property
    def is_counted(self) -> bool:
        """Whether this is somebody's own view of the item.

        No check, no decision of a reviewer, no program's.
        """
        return self.assignment.purpose in COUNTED

    @property
    def is_machine(self) -> bool:
        """Whether a program said it."""
        return self.assignment.purpose == Purpose.MACHINE


def read_answer(
    payload: Mapping[str, Any], *, kind: str, scale: str, order: Sequence[int]
) -> Answer:
    """A stored revision's answer in stored order.

    It was checked when it came, maybe under other settings, so only its shape is needed here.
    """
    shape = ItemShape(
        kind=kind,
        n_responses=len(order),
        n_steps=len(payload.get("labels", ())),
        scale="llama2",
        rating_range=WIDEST,
        by_machine=True,
    )
    return to_stored(parse_answer(payload, shape.on(scale)), order)


def opinions_of(item: Item) -> list[Opinion]:
    """Everything that was said of an item, oldest first, in two queries.

    What a program has withdrawn is said no more.
    """
    return [_opinion(judgment, item) for judgment in _judgments(item)]


def _judgments(item: Item) -> QuerySet[Judgment]:
    revisions = JudgmentRevision.objects.select_related("author").order_by("number")
    rows = Judgment.objects.filter(assignment__item=item).order_by("pk")
    withdrawn = Assignment.Status.WITHDRAWN
    rows = rows.exclude(assignment__purpose=Purpose.MACHINE, assignment__status=withdrawn)
    return rows.select_related(
        "assignment__annotator", "assignment__round", "guideline"
    ).prefetch_related(Prefetch("revisions", queryset=revisions))


def _opinion(judgment: Judgment, item: Item) -> Opinion:
    def read(revision: JudgmentRevision) -> Answer:
        order, scale = judgment.display_order, judgment.scale
        return read_answer(revision.answer, kind=item.kind, scale=scale, order=order)

    return Opinion(judgment, item.kind, tuple((one, read(one)) for one in judgment.revisions.all()))


def settled_answer(item: Item) -> Answer | None:
    """What the item's answer is taken to be, in stored order.

    The latest decision of a reviewer; without one, what two people or more said with one voice
    (by the rule that gold is marked by). None where neither is there.
    """
    opinions = opinions_of(item)
    decided = [one for one in opinions if one.assignment.purpose == Purpose.ADJUDICATION]
    if decided:
        latest = max(decided, key=lambda one: one.states[-1][0].pk).answer
        return None if is_abstention(latest) else latest
    voices = [one.answer for one in opinions if one.is_counted and _is_human(one)]
    if len(voices) < 2 or any(is_abstention(voice) for voice in voices):
        return None
    scale = item.shape().rating_range
    agree = all(is_right(voice, voices[0], rating_range=scale) for voice in voices[1:])
    return voices[0] if agree else None


def is_abstention(answer: Answer) -> bool:
    """Whether somebody said no more than that they cannot tell."""
    match answer:
        case ComparisonAnswer():
            return answer.choice == "cannot_judge"
        case StepsAnswer():
            return bool(answer.give_up)
    return False


def _is_human(opinion: Opinion) -> bool:
    annotator = opinion.assignment.annotator
    return annotator is not None and annotator.kind in (User.Kind.PERSON, User.Kind.IMPORTED)


def set_aside_items(project: Project) -> QuerySet[Item]:
    """Items that a reviewer took out as unusable and nobody has put back since."""
    return Item.objects.filter(
        project=project,
        is_queueable=False,
        assignments__purpose=Purpose.ADJUDICATION,
        assignments__status=Assignment.Status.SKIPPED,
    )
