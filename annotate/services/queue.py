"""The queue: claim, renew, draft, skip and submit, so that nothing is asked twice or lost."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from annotate.answers import Answer, answer_to_json
from annotate.errors import Conflict, InvalidInput
from annotate.models import (
    Assignment,
    Item,
    Judgment,
    JudgmentRevision,
    Project,
    Round,
    RoundCursor,
    User,
)
from annotate.models.assignment import LIVE
from annotate.texts import canonical_json, sha256

MAX_LEASES = 2
MAX_ACTIVE_SECONDS = 86_400.0
MAX_DRAFT_CHARACTERS = 50_000
EXPIRE_BATCH = 500
Status = Assignment.Status


@dataclass(frozen=True)
class Submission:
    """The judgment of a submit; ``created`` is false for a replay of the same submit."""

    judgment: Judgment
    created: bool


@transaction.atomic
def claim_assignment(
    project: Project, *, by: User, holding: Collection[UUID] = ()
) -> Assignment | None:
    """The person's live lease that is not in ``holding``, else a fresh one, else None.

    A person holds two leases at most (the one on screen and the prefetched one); Conflict beyond.
    """
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    cursor = _locked_cursor(round_, by) if round_ is not None else None
    expire_leases(round_, annotator=by)
    live = list(_live_leases(project, by))
    for assignment in live:
        if assignment.public_id not in holding:
            return assignment
    if len(live) >= MAX_LEASES:
        raise Conflict("You hold two items already: answer or skip one of them first.")
    if round_ is None or cursor is None:
        return None
    return _claim_in(round_, cursor) or (
        _claim_in(round_, cursor) if expire_leases(round_) else None
    )


def _locked_cursor(round_: Round, user: User) -> RoundCursor:
    """The person's place in the round; holding its lock serialises that person's claims."""
    RoundCursor.objects.get_or_create(round=round_, user=user)
    cursor = RoundCursor.objects.select_for_update().get(round=round_, user=user)
    cursor.user = user
    return cursor


def _live_leases(project: Project, user: User) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        item__project=project,
        annotator=user,
        status=Status.LEASED,
        expires_at__gt=timezone.now(),
    ).order_by("leased_at")


def _claim_in(round_: Round, cursor: RoundCursor) -> Assignment | None:
    revived = _revive_own(round_, cursor.user)
    if revived is not None:
        return revived
    while (slot := _next_free(round_, cursor.user, cursor.position)) is not None:
        if _lease(slot, cursor.user):
            cursor.position = slot.position or 0
            cursor.save(update_fields=["position"])
            return slot
    return None


def _next_free(round_: Round, user: User, after: int) -> Assignment | None:
    seen = Assignment.objects.filter(item=OuterRef("item"), annotator=user)
    return (
        Assignment.objects.filter(round=round_, status=Status.FREE, position__gt=after)
        .filter(~Exists(seen))
        .select_related("item__project", "item__prompt")
        .order_by("position")
        .first()
    )


def _lease(slot: Assignment, user: User) -> bool:
    """Claim by conditional update: exactly one of several callers sees True."""
    now = timezone.now()
    values = {
        "status": Status.LEASED,
        "annotator": user,
        "leased_at": now,
        "expires_at": now + lease_time(),
        "fence": slot.fence + 1,
        "display_order": display_order(slot),
        "scale": slot.item.project.scale,
        "guideline": slot.item.project.guidelines.first(),
    }
    claimed = Assignment.objects.filter(pk=slot.pk, status=Status.FREE).update(**values) == 1
    if claimed:
        for name, value in values.items():
            setattr(slot, name, value)
    return claimed


def lease_time() -> timedelta:
    """How long an item stays reserved."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def display_order(slot: Assignment) -> list[int]:
    """The order in which this slot's person sees the responses.

    Seeded by project, item, the slot's place and the installation's secret key: a simulation can
    be repeated, and who knows the program and the texts still cannot tell the stored order.
    """
    item = slot.item
    order = list(range(item.links.count()))
    place = f"{item.project.seed}:{item.digest}:{slot.slot}:{slot.position}"
    seed = salted_hmac("annotate.display_order", place).digest()  # nobody can work it out
    random.Random(seed).shuffle(order)  # noqa: S311
    return order


def _revive_own(round_: Round, user: User) -> Assignment | None:
    """Give an expired slot back to the person who had it while its replacement is untouched."""
    same = Assignment.objects.filter(
        item=OuterRef("item"), slot=OuterRef("slot"), round=round_, status=Status.FREE
    )
    own = round_.assignments.select_for_update(of=("self",)).filter(
        Exists(same), annotator=user, status=Status.EXPIRED, purpose=Assignment.Purpose.WORK
    )
    expired = own.order_by("pk").first()
    return expired if expired is not None and _revive(expired) else None


def _revive(expired: Assignment) -> bool:
    if not _withdraw_free_twin(expired):
        return False
    expired.status = Status.LEASED
    expired.fence += 1
    expired.expires_at = timezone.now() + lease_time()
    expired.ended_at = None
    expired.save(update_fields=["status", "fence", "expires_at", "ended_at"])
    return True


def _twins(assignment: Assignment) -> QuerySet[Assignment]:
    """The live assignment, if any, that holds the same slot of the item instead."""
    return Assignment.objects.filter(
        item_id=assignment.item_id,
        slot=assignment.slot,
        purpose=Assignment.Purpose.WORK,
        status__in=LIVE,
        is_surplus=False,
    ).exclude(pk=assignment.pk)


def _withdraw_free_twin(assignment: Assignment) -> bool:
    return bool(
        _twins(assignment)
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
    for assignment in due.select_for_update(skip_locked=True).order_by("pk")[:EXPIRE_BATCH]:
        ended = Assignment.objects.filter(
            pk=assignment.pk, status=Status.LEASED, expires_at__lte=timezone.now()
        ).update(status=Status.EXPIRED, ended_at=timezone.now())
        if ended:
            _replace(assignment)
            expired += 1
    return expired


def _replace(ended: Assignment) -> None:
    """A fresh slot for somebody else, at the tail of an open round."""
    if ended.round_id is None or ended.purpose != Assignment.Purpose.WORK:
        return
    round_ = Round.objects.select_for_update().get(pk=ended.round_id)
    if round_.status != Round.Status.OPEN:
        return
    top = round_.assignments.aggregate(top=Max("position"))["top"]
    Assignment.objects.create(
        item_id=ended.item_id, round=round_, slot=ended.slot, position=top + 1
    )


@transaction.atomic
def renew_lease(assignment: Assignment, *, fence: int) -> Assignment:
    """Push the lease's end forward; revives an expired slot whose replacement is untouched."""
    assignment = _locked(assignment)
    _check_fence(assignment, fence)
    if assignment.status == Status.EXPIRED or _has_run_out(assignment):
        _check_room(assignment)
    if assignment.status == Status.EXPIRED and _revive(assignment):
        return assignment
    if assignment.status != Status.LEASED:
        raise Conflict(f"This item is {assignment.status}: it cannot be kept any longer.")
    assignment.expires_at = timezone.now() + lease_time()
    assignment.save(update_fields=["expires_at"])
    return assignment


def _has_run_out(assignment: Assignment) -> bool:
    return assignment.expires_at is not None and assignment.expires_at <= timezone.now()


def _check_room(assignment: Assignment) -> None:
    """What has run out comes back only to somebody who holds fewer than two others."""
    holder = assignment.annotator
    if holder is not None:
        live = _live_leases(assignment.item.project, holder).exclude(pk=assignment.pk)
        if live.count() >= MAX_LEASES:
            raise Conflict("You hold two other items: answer or skip one of them first.")


@transaction.atomic
def save_draft(assignment: Assignment, *, fence: int, version: int, answer: object) -> Assignment:
    """Keep an unfinished answer; an older version is a Conflict, the same again is harmless."""
    assignment = _locked(assignment)
    _check_fence(assignment, fence)
    if assignment.status not in (Status.LEASED, Status.EXPIRED):
        raise Conflict(f"This item is {assignment.status}: drafts are over.")
    if (version, answer) == (assignment.draft_version, assignment.draft):
        return assignment
    if version <= assignment.draft_version:
        raise Conflict(f"A newer draft is stored: version {assignment.draft_version}.")
    if not isinstance(answer, dict) or len(canonical_json(answer)) > MAX_DRAFT_CHARACTERS:
        raise InvalidInput("The draft must be a JSON object of moderate size.", field="answer")
    assignment.draft, assignment.draft_version = answer, version
    assignment.save(update_fields=["draft", "draft_version"])
    return assignment


@transaction.atomic
def skip_assignment(assignment: Assignment, *, fence: int, reason: str) -> Assignment:
    """End the slot with a reason and open a fresh one for somebody else; a replay is harmless."""
    reason = reason.strip()[:200]
    if not reason:
        raise InvalidInput("Skipping needs a reason.", field="reason")
    assignment = _locked(assignment)
    if assignment.status == Status.SKIPPED:
        return assignment
    _check_fence(assignment, fence)
    if assignment.status not in (Status.LEASED, Status.EXPIRED):
        raise Conflict(f"This item is {assignment.status}: it cannot be skipped.")
    had_lease = assignment.status == Status.LEASED
    assignment.status, assignment.skip_reason = Status.SKIPPED, reason
    assignment.ended_at = timezone.now()
    assignment.save(update_fields=["status", "skip_reason", "ended_at"])
    if had_lease:
        _replace(assignment)
    return assignment


@transaction.atomic
def submit_judgment(
    assignment: Assignment,
    *,
    answer: Answer,
    by: User,
    fence: int,
    idempotency_key: str,
    active_seconds: float | None = None,
) -> Submission:
    """Store an answer given in display order.

    The same key and body again is the same judgment. Lateness is no error: a late answer
    withdraws the free replacement of its slot, or else counts as surplus. Raises Conflict for an
    older fence, a second key on a judged slot, or a key used again with another body.
    """
    if not 1 <= len(idempotency_key) <= 100:
        raise InvalidInput(
            "idempotency_key must have 1 to 100 characters.", field="idempotency_key"
        )
    assignment = _locked(assignment)
    body = sha256(canonical_json(answer_to_json(answer)))
    replay = Judgment.objects.filter(assignment=assignment).first()
    if replay is not None:
        return _replay(replay, idempotency_key, body)
    _check_fence(assignment, fence)
    _end_lease(assignment)
    judgment = Judgment.objects.create(
        assignment=assignment,
        scale=assignment.scale,
        guideline=assignment.guideline,
        display_order=assignment.display_order,
        active_seconds=_plausible(active_seconds),
        idempotency_key=idempotency_key,
        body_digest=body,
    )
    JudgmentRevision.objects.create(judgment=judgment, answer=answer_to_json(answer), author=by)
    return Submission(judgment, True)


def _replay(judgment: Judgment, key: str, body: str) -> Submission:
    if judgment.idempotency_key != key:
        raise Conflict("This item is judged already; change the judgment instead.")
    if judgment.body_digest != body:
        raise Conflict("This idempotency key was used with another answer.")
    return Submission(judgment, False)


def _end_lease(assignment: Assignment) -> None:
    """Mark the slot submitted, whether it is in time or late."""
    if assignment.status == Status.EXPIRED:
        Item.objects.select_for_update().get(pk=assignment.item_id)
        _withdraw_free_twin(assignment)
        assignment.is_surplus = _twins(assignment).exists()
    elif assignment.status != Status.LEASED:
        raise Conflict(f"This item is {assignment.status}: it takes no answer.")
    assignment.status, assignment.ended_at = Status.SUBMITTED, timezone.now()
    assignment.draft = None
    assignment.save(update_fields=["status", "is_surplus", "ended_at", "draft"])


def _plausible(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    return min(max(float(seconds), 0.0), MAX_ACTIVE_SECONDS)


@transaction.atomic
def revise_judgment(
    judgment: Judgment, *, answer: Answer, by: User, reason: str = ""
) -> JudgmentRevision:
    """A new revision of a judgment, in the display order it was made in."""
    locked = Judgment.objects.select_for_update().get(pk=judgment.pk)
    return JudgmentRevision.objects.create(
        judgment=locked,
        number=locked.latest.number + 1,
        answer=answer_to_json(answer),
        reason=reason.strip()[:500],
        author=by,
    )


def _locked(assignment: Assignment) -> Assignment:
    return (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("item__project")
        .get(pk=assignment.pk)
    )


def _check_fence(assignment: Assignment, fence: int) -> None:
    if fence != assignment.fence:
        raise Conflict("This item was opened again since: reload it.", field="fence")
