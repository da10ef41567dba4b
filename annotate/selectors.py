"""Everything that reads rows of annotation for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    prefetch_related_objects,
)
from django.utils import timezone

from annotate.models import (
    Assignment,
    Item,
    ItemResponse,
    Judgment,
    Membership,
    Project,
    Response,
    Round,
    RoundCursor,
    RoundItem,
    User,
    Verdict,
    WorkDay,
)

Status = Assignment.Status
MOST_AVAILABLE = 1_000


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
    """Items, the askable among them, and judgments by origin; surplus counts as a judgment.

    Those of programs are counted apart from all others.
    """
    items = Item.objects.filter(project=project)
    judgments = judgments_of(project)
    return {
        "items": items.count(),
        "queueable": items.filter(is_queueable=True).count(),
        "judgments": judgments.exclude(assignment__purpose="import").count(),
        "imported": judgments.filter(assignment__purpose="import").count(),
        "simulated": judgments.filter(assignment__annotator__kind=User.Kind.SIMULATED).count(),
        "machine": all_judgments_of(project).filter(assignment__purpose="machine").count(),
    }


def judgments_of(project: Project) -> QuerySet[Judgment]:
    """All judgments of a project that no program made."""
    return all_judgments_of(project).exclude(assignment__purpose=Assignment.Purpose.MACHINE)


def all_judgments_of(project: Project) -> QuerySet[Judgment]:
    """Those of programs, too, as far as they have not withdrawn them."""
    made = Judgment.objects.filter(assignment__item__project=project)
    return made.exclude(
        assignment__purpose=Assignment.Purpose.MACHINE, assignment__status=Status.WITHDRAWN
    )


def own_progress(project: Project, user: User) -> dict[str, int]:
    """What one person has done in a project, and what the open round still offers them."""
    own = Assignment.objects.filter(item__project=project, annotator=user)
    counts = own.aggregate(
        judgments=Count("pk", filter=Q(status=Status.SUBMITTED)),
        skipped=Count("pk", filter=Q(status=Status.SKIPPED)),
        leased=Count("pk", filter=Q(status=Status.LEASED)),
    )
    return counts | {"available": available_items(project, user)}


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
    """Items of the open round with a free slot that this person was never given.

    Counted up to ``MOST_AVAILABLE``, which then means that many or more. A gold item comes in place
    of one of them and counts as that one would, because a number that stands still would tell it
    from work; as long as one is left, one is told.
    """
    cursor = (
        RoundCursor.objects.filter(
            user=user, round__project=project, round__status=Round.Status.OPEN
        ).first()
        or RoundCursor()
    )
    slots = Assignment.objects.filter(round__project=project, round__status=Round.Status.OPEN)
    free = slots.filter(status=Status.FREE)
    left = _unseen_ahead(free, cursor, project, user)
    gold = slots.filter(annotator=user, purpose=Assignment.Purpose.GOLD)
    in_place_of_work = gold.filter(~Exists(free.filter(item=OuterRef("item")))).count()
    return max(left - in_place_of_work, min(left, 1))


def _unseen_ahead(
    free: QuerySet[Assignment], cursor: RoundCursor, project: Project, user: User
) -> int:
    """What was never given stands ahead of the cursor, so nobody's done work is walked through."""
    ahead = Q(position__gt=cursor.position) | Q(position__gt=cursor.front, position__lt=0)
    seen = Assignment.objects.filter(item=OuterRef("item"), annotator=user)
    slots = free.filter(ahead).filter(~Exists(seen)).order_by("position")
    enough = MOST_AVAILABLE * project.overlap
    items = list(slots.values_list("item_id", flat=True)[:enough])
    return MOST_AVAILABLE if len(items) == enough else min(len(set(items)), MOST_AVAILABLE)


def idle_reason(project: Project, user: User, *, held: int = 0) -> str:
    """Why a person is given nothing though there may be work; empty where nothing forbids it.

    One of ``daily_cap``, ``item_cap`` and ``disqualified``. ``held`` counts the items they have
    open already.
    """
    days = WorkDay.objects.filter(project=project, user=user)
    if project.daily_cap is not None:
        today = days.filter(day=timezone.now().date()).values_list("judged", flat=True).first()
        if (today or 0) + held >= project.daily_cap:
            return "daily_cap"
    if project.items_per_annotator is not None:
        judged = days.aggregate(total=Sum("judged"))["total"] or 0
        if judged + held >= project.items_per_annotator:
            return "item_cap"
    if project.qualification_size and _is_disqualified(project, user):
        return "disqualified"
    return ""


def _is_disqualified(project: Project, user: User) -> bool:
    failed = Membership.objects.filter(
        project=project,
        user=user,
        role=Membership.Role.ANNOTATOR,
        disqualified_at__isnull=False,
        qualified_at=None,
    )
    return failed.exists()


def with_payload(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Assignments with all that ``claim_payload`` reads, in two queries."""
    links = ItemResponse.objects.select_related("response")
    return assignments.select_related("item__project", "item__prompt").prefetch_related(
        Prefetch("item__links", queryset=links)
    )


def claim_payload(assignment: Assignment) -> dict[str, Any]:
    """What the person who holds an assignment is told: the texts in their order, nothing else."""
    item = assignment.item
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
            "responses": [_shown_response(item, response) for response in shown],
        }
        | _protocol(assignment),
        "draft": assignment.draft,
        "draft_version": assignment.draft_version,
    }


def _shown_response(item: Item, response: Response) -> dict[str, Any]:
    if item.kind != Item.Kind.STEPS:
        return {"content": response.content}
    return {"turns": response.turns} if response.turns else {"steps": response.steps}


def _protocol(assignment: Assignment) -> dict[str, Any]:
    """How the answer is to be given, on the scale that the assignment stored."""
    item, project, shape = assignment.item, assignment.item.project, assignment.shape()
    return {
        "scale": shape.scale,
        "aspects": list(shape.aspects),
        "rating_range": list(shape.rating_range),
        "rating_style": project.rating_style,
        "anchors": project.rating_anchors if item.kind == Item.Kind.RATING else {},
        "ranking_mode": "best_worst" if shape.best_worst else "order",
        "steps_mode": project.steps_mode,
        "step_points": shape.step_points,
        "verdict": _shown_verdict(item),
    }


def _shown_verdict(item: Item) -> dict[str, Any] | None:
    """What the verifier says, where the project lets annotators see it."""
    if item.kind != Item.Kind.OUTCOME or not item.project.shows_verdict:
        return None
    verdict = Verdict.objects.filter(item=item).first()
    if verdict is None:
        return None
    return {"correct": verdict.correct, "verifier": verdict.verifier}
