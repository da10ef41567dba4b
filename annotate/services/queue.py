"""What becomes of a claimed item: draft, skip, submit and revise, so that nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotate.answers import Answer, answer_to_json
from annotate.errors import Conflict, InvalidInput
from annotate.models import Assignment, Item, Judgment, JudgmentRevision, User
from annotate.services.gold import Feedback, feedback_on
from annotate.services.leases import (
    Purpose,
    Status,
    check_fence,
    live_slots,
    locked,
    replace_slot,
    twins,
    withdraw_free_twin,
)
from annotate.services.limits import count_work
from annotate.services.statements import end_lease
from annotate.texts import canonical_json, sha256

MAX_ACTIVE_SECONDS = 86_400.0
MAX_DRAFT_CHARACTERS = 50_000


@dataclass(frozen=True)
class Submission:
    """The judgment of a submit; ``created`` is false for a replay of the same submit.

    ``feedback`` is what to say at once of a gold item, None wherever nothing is to be said.
    """

    judgment: Judgment
    created: bool
    feedback: Feedback | None = None


@transaction.atomic
def save_draft(assignment: Assignment, *, fence: int, version: int, answer: object) -> Assignment:
    """Keep an unfinished answer; an older version is a Conflict, the same again is harmless."""
    assignment = locked(assignment)
    check_fence(assignment, fence)
    if assignment.status not in (Status.LEASED, Status.EXPIRED):
        raise Conflict(
            _("This item is %(status)s: drafts are over.")
            % {"status": _(assignment.get_status_display())}
        )
    if (version, answer) == (assignment.draft_version, assignment.draft):
        return assignment
    if version <= assignment.draft_version:
        raise Conflict(
            _("A newer draft is stored: version %(version)s.")
            % {"version": assignment.draft_version}
        )
    if not isinstance(answer, dict) or len(canonical_json(answer)) > MAX_DRAFT_CHARACTERS:
        raise InvalidInput(_("The draft must be a JSON object of moderate size."), field="answer")
    assignment.draft, assignment.draft_version = answer, version
    assignment.save(update_fields=["draft", "draft_version"])
    return assignment


@transaction.atomic
def skip_assignment(assignment: Assignment, *, fence: int, reason: str) -> Assignment:
    """End the slot with a reason and open a fresh one for somebody else; a replay is harmless."""
    reason = reason.strip()[:200]
    if not reason:
        raise InvalidInput(_("Skipping needs a reason."), field="reason")
    assignment = locked(assignment)
    if assignment.status == Status.SKIPPED:
        return assignment
    check_fence(assignment, fence)
    if assignment.status not in (Status.LEASED, Status.EXPIRED):
        raise Conflict(
            _("This item is %(status)s: it cannot be skipped.")
            % {"status": _(assignment.get_status_display())}
        )
    had_lease = assignment.status == Status.LEASED
    assignment.status, assignment.skip_reason = Status.SKIPPED, reason
    assignment.ended_at = timezone.now()
    assignment.save(update_fields=["status", "skip_reason", "ended_at"])
    if had_lease:
        replace_slot(assignment)
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
            _("idempotency_key must have 1 to 100 characters."), field="idempotency_key"
        )
    body = sha256(canonical_json(answer_to_json(answer)))
    if not end_lease(assignment=assignment.pk, fence=fence):
        assignment = locked(assignment)
        if assignment.status == Status.SUBMITTED:
            replay = Judgment.objects.get(assignment=assignment)
            replay.assignment = assignment
            return _replay(replay, idempotency_key, body, answer)
        check_fence(assignment, fence)
        _end_lease(assignment)
    judgment = Judgment.objects.create(
        assignment=assignment,
        scale=assignment.scale,
        guideline_id=assignment.guideline_id,
        display_order=assignment.display_order,
        active_seconds=_plausible(active_seconds),
        idempotency_key=idempotency_key,
        body_digest=body,
    )
    JudgmentRevision.objects.create(judgment=judgment, answer=answer_to_json(answer), author=by)
    count_work(assignment.item.project, by, judgment.active_seconds)
    return Submission(judgment, True, feedback_on(judgment, answer))


def _replay(judgment: Judgment, key: str, body: str, answer: Answer) -> Submission:
    """What the first of two equal submits was told, for whoever lost that reply."""
    if judgment.idempotency_key != key:
        raise Conflict(_("This item is judged already; change the judgment instead."))
    if judgment.body_digest != body:
        raise Conflict(_("This idempotency key was used with another answer."))
    return Submission(judgment, False, feedback_on(judgment, answer))


def _end_lease(assignment: Assignment) -> None:
    """Mark the slot submitted, whether it is in time or late."""
    if assignment.status == Status.EXPIRED and assignment.purpose == Purpose.WORK:
        item = Item.objects.select_for_update(no_key=True).get(pk=assignment.item_id)
        withdraw_free_twin(assignment)
        is_full = live_slots(item.pk).count() >= item.overlap
        assignment.is_surplus = is_full or twins(assignment).exists()
    elif assignment.status not in (Status.LEASED, Status.EXPIRED):
        raise Conflict(
            _("This item is %(status)s: it takes no answer.")
            % {"status": _(assignment.get_status_display())}
        )
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
