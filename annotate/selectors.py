"""Everything that reads rows of annotation for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from annotate.models import (
    Assignment,
    Item,
    Judgment,
    Membership,
    Project,
    Round,
    RoundItem,
    User,
)

Status = Assignment.Status


@dataclass(frozen=True)
class RoundProgress:
    """How far a round is: slots wanted and judged, items finished, by arm."""

    round: Round
    slots: int
    submitted: int
    leased: int
    items: int
    arms: dict[str, int]

    @property
    def share(self) -> float:
        """Judged slots as a share of all, from 0 to 1."""
        return self.submitted / self.slots if self.slots else 1.0

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to claim or under way."""
        return self.submitted == self.slots


def round_progress(round_: Round) -> RoundProgress:
    """Counts over a round's live slots; surplus judgments are left aside."""
    live = round_.assignments.filter(is_surplus=False, purpose=Assignment.Purpose.WORK)
    counts = dict(live.values_list("status").annotate(n=Count("pk")))
    free, leased = counts.get(Status.FREE, 0), counts.get(Status.LEASED, 0)
    submitted = counts.get(Status.SUBMITTED, 0)
    arms = dict(RoundItem.objects.filter(round=round_).values_list("arm").annotate(n=Count("pk")))
    return RoundProgress(
        round_, free + leased + submitted, submitted, leased, sum(arms.values()), arms
    )


def live_leases(round_: Round) -> int:
    """How many people are at an item of the round right now."""
    return round_.assignments.filter(status=Status.LEASED, expires_at__gt=timezone.now()).count()


def nobody_can_claim(round_: Round) -> bool:
    """Whether slots are free, nobody is at work, and every member has seen all that is left.

    Without members who can sign in nobody could claim anything yet; that is no dead end.
    """
    free = round_.assignments.filter(status=Status.FREE)
    if live_leases(round_) or not free.exists():
        return False
    members = User.objects.filter(memberships__project=round_.project_id, is_active=True)
    seen = Assignment.objects.filter(item=OuterRef("item"))
    return members.exists() and not any(
        free.filter(~Exists(seen.filter(annotator=member))).exists() for member in members
    )


def project_progress(project: Project) -> dict[str, int]:
    """Items, the askable among them, and judgments by origin; surplus counts as a judgment."""
    items = Item.objects.filter(project=project)
    judgments = judgments_of(project)
    return {
        "items": items.count(),
        "queueable": items.filter(is_queueable=True).count(),
        "judgments": judgments.exclude(assignment__purpose="import").count(),
        "imported": judgments.filter(assignment__purpose="import").count(),
        "simulated": judgments.filter(assignment__annotator__kind=User.Kind.SIMULATED).count(),
    }


def judgments_of(project: Project) -> QuerySet[Judgment]:
    """All judgments of a project."""
    return Judgment.objects.filter(assignment__item__project=project)


def own_progress(project: Project, user: User) -> dict[str, int]:
    """What one person has done in a project, and what the open round still offers them."""
    own = Assignment.objects.filter(item__project=project, annotator=user)
    counts = own.aggregate(
        judgments=Count("pk", filter=Q(status=Status.SUBMITTED)),
        skipped=Count("pk", filter=Q(status=Status.SKIPPED)),
        leased=Count("pk", filter=Q(status=Status.LEASED)),
    )
    return counts | {"available": available_items(project, user)}


def own_submitted(project: Project, user: User) -> int:
    """How many items of a project one person has judged."""
    return Assignment.objects.filter(
        annotator=user, status=Status.SUBMITTED, item__project=project
    ).count()


def members_of(project: Project) -> QuerySet[Membership]:
    """The members by role and name, each with ``judgments``, how many they made here."""
    made = Q(user__assignments__item__project=project, user__assignments__status=Status.SUBMITTED)
    return (
        Membership.objects.filter(project=project)
        .select_related("user")
        .annotate(judgments=Count("user__assignments", filter=made))
        .order_by("-role", "user__username")
    )


def available_items(project: Project, user: User) -> int:
    """Items of the open round with a free slot that this person was never given."""
    free = Assignment.objects.filter(
        round__project=project, round__status=Round.Status.OPEN, status=Status.FREE
    )
    seen = Assignment.objects.filter(item__project=project, annotator=user).values("item")
    return free.exclude(item__in=seen).values("item").distinct().count()


def claim_payload(assignment: Assignment) -> dict[str, Any]:
    """What the person who holds an assignment is told: the texts in their order, nothing else."""
    item, project = assignment.item, assignment.item.project
    prefetch_related_objects([item], "links__response")
    responses = item.ordered_responses()
    shown = [responses[k] for k in assignment.display_order or range(len(responses))]
    return {
        "assignment": assignment.public_id,
        "fence": assignment.fence,
        "expires_at": assignment.expires_at,
        "item": {
            "id": item.public_id,
            "kind": item.kind,
            "prompt": item.prompt.messages,
            "reference": item.prompt.reference,
            "responses": [
                {"steps": response.steps}
                if item.kind == Item.Kind.STEPS
                else {"content": response.content}
                for response in shown
            ],
            "scale": assignment.scale,
            "aspects": project.aspects if item.kind == Item.Kind.RATING else [],
            "rating_range": [project.rating_min, project.rating_max],
        },
        "draft": assignment.draft,
        "draft_version": assignment.draft_version,
    }
