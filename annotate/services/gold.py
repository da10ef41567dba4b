"""Checks among the work: gold items, the qualification before it, and what they tell.

Gold slots are made at claim time, outside overlap and round completion; on the way to the person
nothing tells them from work.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from annotate.answers import Answer, StepsAnswer, answer_to_json, as_signs, to_shown, to_stored
from annotate.gold import is_right
from annotate.models import (
    Assignment,
    Item,
    Judgment,
    KnownAnswer,
    Membership,
    Project,
    RoundCursor,
    User,
)

Purpose = Assignment.Purpose
Status = Assignment.Status
CHECKS = (Purpose.GOLD, Purpose.QUALIFICATION)
MAX_GOLD = 5_000


@dataclass(frozen=True)
class Feedback:
    """What a project with immediate feedback says of an answer; ``known`` in the order shown."""

    is_right: bool
    known: dict[str, Any]
    explanation: str


def unqualified(project: Project, user: User) -> Membership | None:
    """The membership of somebody who has to pass the qualification first."""
    if not project.qualification_size:
        return None
    return Membership.objects.filter(
        project=project, user=user, role=Membership.Role.ANNOTATOR, qualified_at=None
    ).first()


def qualification_slot(cursor: RoundCursor, newcomer: Membership) -> Assignment | None:
    """The next item of the qualification set; None where no more is to be given for now.

    With the last answer in, the set is marked: see ``settle_qualification``.
    """
    given = list(_own_checks(newcomer).values_list("status", flat=True))
    taken = sum(status in (Status.LEASED, Status.SUBMITTED) for status in given)
    if taken < newcomer.project.qualification_size:
        item = _pick(cursor, is_qualification=True)
        if item is not None:
            return _slot(item, cursor, Purpose.QUALIFICATION, newcomer.qualification_attempt)
    if all(status not in (Status.LEASED, Status.EXPIRED) for status in given):
        settle_qualification(newcomer)
    return None


def expired_check(newcomer: Membership, *, holding: Collection[UUID]) -> int | None:
    """A question of this attempt that ran out and that the person's page does not hold."""
    ended = _own_checks(newcomer).filter(status=Status.EXPIRED).exclude(public_id__in=holding)
    return ended.order_by("pk").values_list("pk", flat=True).first()


def _own_checks(newcomer: Membership) -> QuerySet[Assignment]:
    """The questions that were given in this attempt."""
    return Assignment.objects.filter(
        item__project=newcomer.project_id,
        annotator=newcomer.user_id,
        purpose=Purpose.QUALIFICATION,
        replicate=newcomer.qualification_attempt,
    )


def settle_qualification(newcomer: Membership) -> None:
    """Mark the answers of this attempt: qualified where the share of right ones is enough.

    A question that was given and has no answer counts as one that is not right, unless another one
    stood in for it. Who could not be asked anything (the project has no qualification set, or they
    know all of it from earlier work) is let in.
    """
    given = _own_checks(newcomer).count()
    marks = [
        mark
        for judgment in _judgments(newcomer)
        if (mark := is_known_answer_met(judgment)) is not None
    ]
    asked = max(min(given, newcomer.project.qualification_size), len(marks), 1)
    passed = bool(marks) and sum(marks) / asked >= newcomer.project.qualification_pass
    if passed or not given:
        newcomer.qualified_at = timezone.now()
    else:
        newcomer.disqualified_at = timezone.now()
    newcomer.save(update_fields=["qualified_at", "disqualified_at"])


def _judgments(newcomer: Membership) -> list[Judgment]:
    return list(
        Judgment.objects.filter(assignment__in=_own_checks(newcomer)).select_related(
            "assignment__item__project", "assignment__item__known"
        )
    )


def gold_slot(cursor: RoundCursor) -> Assignment | None:
    """A gold item the person has not seen, at the project's rate; seeded, so it can be repeated."""
    rate = cursor.round.project.gold_rate
    if not rate or _rng(cursor, "gold").random() >= rate:
        return None
    item = _pick(cursor, is_gold=True)
    return _slot(item, cursor, Purpose.GOLD, 0) if item is not None else None


def _rng(cursor: RoundCursor, use: str) -> random.Random:
    place = f"{cursor.round_id}:{cursor.user_id}:{cursor.claims}:{use}"
    return random.Random(salted_hmac("annotate.gold", place).digest())  # noqa: S311


def _pick(cursor: RoundCursor, **marked: bool) -> Item | None:
    """One of the marked items, at random, that the person was never given as anything."""
    given = Assignment.objects.filter(item=OuterRef("item"), annotator=cursor.user)
    known = KnownAnswer.objects.filter(item__project=cursor.round.project_id, **marked)
    ids = known.filter(~Exists(given)).order_by("item_id").values_list("item_id", flat=True)
    free = list(ids[:MAX_GOLD])
    if not free:
        return None
    chosen = _rng(cursor, "item").choice(free)
    item: Item = Item.objects.with_texts().select_related("project").get(pk=chosen)
    item.project = cursor.round.project
    return item


def _slot(item: Item, cursor: RoundCursor, purpose: str, replicate: int) -> Assignment:
    """Not stored yet: the claim stores it."""
    return Assignment(item=item, round=cursor.round, purpose=purpose, replicate=replicate)


def is_known_answer_met(judgment: Judgment) -> bool | None:
    """Whether the answer agrees with the item's known answer; None without one.

    The latest revision counts, but the first where the known answer was told at once.
    """
    item = judgment.assignment.item
    known = KnownAnswer.objects.filter(item=item).first()
    if known is None:
        return None
    is_told = item.project.gold_feedback == Project.GoldFeedback.IMMEDIATE
    said = judgment.first_answer() if is_told else judgment.latest_answer()
    return _agrees(said, judgment, known)


def _agrees(shown: Answer, judgment: Judgment, known: KnownAnswer) -> bool:
    answer, shape = to_stored(shown, judgment.display_order), judgment.assignment.shape()
    if isinstance(answer, StepsAnswer):
        answer = as_signs(answer, shape.step_points)
    return is_right(answer, known.parsed(), rating_range=shape.rating_range)


def feedback_on(judgment: Judgment, answer: Answer) -> Feedback | None:
    """What to say at once of a check's answer; None for work, and where the project is silent."""
    assignment = judgment.assignment
    project = assignment.item.project
    if assignment.purpose not in CHECKS:
        return None
    if project.gold_feedback != Project.GoldFeedback.IMMEDIATE:
        return None
    known = KnownAnswer.objects.filter(item=assignment.item_id).first()
    if known is None:
        return None
    known.item = assignment.item
    shown = to_shown(known.parsed(), judgment.display_order)
    return Feedback(_agrees(answer, judgment, known), answer_to_json(shown), known.explanation)
