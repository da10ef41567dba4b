"""The annotator's actions: claim, renew, draft, judge, skip and revise.

What goes out is plain data already, so replies are sent as they are; the serializers describe them
(a test holds the two together) and parse what comes in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_assignment_for, get_judgment_for, get_project_for
from annotate.answers import KINDS, SCALES, parse_answer
from annotate.api.base import ApiView, operation, signed_in
from annotate.api.fields import (
    LONGEST_KEY,
    AnswerField,
    Flag,
    JSONObject,
    Number,
    Text,
    Whole,
)
from annotate.errors import Conflict
from annotate.models import Project, User
from annotate.selectors import claim_payload
from annotate.services import (
    claim_assignment,
    renew_lease,
    revise_judgment,
    save_draft,
    skip_assignment,
    submit_judgment,
)

MAX_HOLDING = 20
DAY = 86_400


def _holding() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=MAX_HOLDING,
        help_text="The assignments that the client has on screen or prefetched",
    )


class Turn(serializers.Serializer[Any]):
    """One turn of the conversation so far."""

    role = serializers.CharField()
    content = serializers.CharField(allow_blank=True)


class ShownResponse(serializers.Serializer[Any]):
    """One response: its text, or its steps where they are judged one by one."""

    content = serializers.CharField(required=False, allow_blank=True)
    steps = serializers.ListField(child=serializers.CharField(), required=False)
    turns = Turn(many=True, required=False, help_text="Those of the assistant are labelled")


class ShownVerdict(serializers.Serializer[Any]):
    """What the project's verifier says of an outcome: a suggestion, null where it cannot tell."""

    correct = serializers.BooleanField(allow_null=True)
    verifier = serializers.CharField()


class FeedbackGiven(serializers.Serializer[Any]):
    """Whether the answer met the known one, in projects that say so at once."""

    is_right = serializers.BooleanField()
    known = AnswerField()
    explanation = serializers.CharField(allow_blank=True)


class ShownItem(serializers.Serializer[Any]):
    """The thing to judge, its responses in the order in which this person sees them."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    prompt = Turn(many=True)
    reference = serializers.CharField(allow_blank=True)
    responses = ShownResponse(many=True)
    scale = serializers.ChoiceField(choices=list(SCALES))
    aspects = serializers.ListField(child=serializers.CharField())
    rating_range = serializers.ListField(
        child=serializers.IntegerField(), min_length=2, max_length=2
    )
    rating_style = serializers.ChoiceField(choices=Project.RatingStyle.values)
    anchors = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="What points mean: {aspect or *: {point: text}}",
    )
    ranking_mode = serializers.ChoiceField(choices=Project.RankingMode.values)
    steps_mode = serializers.ChoiceField(choices=Project.StepsMode.values)
    step_points = serializers.IntegerField(help_text="0 for labels -1, 0, 1; else from 1 to this")
    verdict = ShownVerdict(allow_null=True)


class Claim(serializers.Serializer[Any]):
    """An item reserved for one person until ``expires_at``."""

    assignment = serializers.UUIDField()
    fence = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    item = ShownItem()
    draft = JSONObject(allow_null=True)
    draft_version = serializers.IntegerField()


class ClaimCreate(ApiView):
    """Take the next item: my live lease that is not held yet, else a new one."""

    class Input(serializers.Serializer[Any]):
        holding = _holding()

    @operation(
        "Claim the next item",
        request=Input,
        answers={201: Claim, 204: None},
        errors=(400, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        project = get_project_for(signed_in(request), slug)
        holding = self.parsed(request)["holding"]
        assignment = claim_assignment(project, by=signed_in(request), holding=holding)
        if assignment is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(claim_payload(assignment), status=status.HTTP_201_CREATED)


class LeaseRenew(ApiView):
    """Keep an item longer; brings an expired one back while nobody else was given it."""

    class Input(serializers.Serializer[Any]):
        fence = Whole()

    class Output(serializers.Serializer[Any]):
        assignment = serializers.UUIDField()
        fence = serializers.IntegerField(help_text="Higher than before if the item came back")
        expires_at = serializers.DateTimeField()

    @operation("Renew a lease", request=Input, answers={200: Output}, errors=(400, 404, 409))
    def post(self, request: Request, assignment_id: UUID) -> Response:
        assignment = get_assignment_for(signed_in(request), assignment_id)
        renewed = renew_lease(assignment, fence=self.parsed(request)["fence"])
        values = {
            "assignment": renewed.public_id,
            "fence": renewed.fence,
            "expires_at": renewed.expires_at,
        }
        return Response(self.Output(values).data)


class DraftSave(ApiView):
    """Keep an unfinished answer; the highest version wins."""

    class Input(serializers.Serializer[Any]):
        fence = Whole()
        version = Whole(min_value=1)
        answer = JSONObject()

    class Output(serializers.Serializer[Any]):
        assignment = serializers.UUIDField()
        version = serializers.IntegerField()

    @operation("Save a draft", request=Input, answers={200: Output}, errors=(400, 404, 409, 413))
    def put(self, request: Request, assignment_id: UUID) -> Response:
        assignment = get_assignment_for(signed_in(request), assignment_id)
        saved = save_draft(assignment, **self.parsed(request))
        values = {"assignment": saved.public_id, "version": saved.draft_version}
        return Response(self.Output(values).data)


class JudgmentCreate(ApiView):
    """Submit an answer, and take the next item in the same breath."""

    class Input(serializers.Serializer[Any]):
        fence = Whole()
        idempotency_key = Text(
            max_length=LONGEST_KEY,
            trim_whitespace=False,
            help_text="The same key and answer again is the same judgment",
        )
        answer = AnswerField()
        active_seconds = Number(
            min_value=0,
            max_value=DAY,
            default=None,
            allow_null=True,
            help_text="Time at work on this item, idle time left out",
        )
        claim_next = Flag(default=False)
        holding = _holding()

    class Output(serializers.Serializer[Any]):
        judgment = serializers.UUIDField()
        next = Claim(allow_null=True)
        feedback = FeedbackGiven(allow_null=True)

    @operation(
        "Submit a judgment",
        request=Input,
        answers={201: Output, 200: Output},
        errors=(400, 404, 409, 413),
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        user = signed_in(request)
        assignment = get_assignment_for(user, assignment_id)
        data = self.parsed(request)
        done = submit_judgment(
            assignment,
            answer=parse_answer(data["answer"], assignment.shape()),
            by=user,
            fence=data["fence"],
            idempotency_key=data["idempotency_key"],
            active_seconds=data["active_seconds"],
        )
        following = _next_claim(assignment.item.project, user, data)
        values = {
            "judgment": done.judgment.public_id,
            "next": following,
            "feedback": done.feedback and asdict(done.feedback),
        }
        return Response(values, status=201 if done.created else 200)


class AssignmentSkip(ApiView):
    """Pass an item on to somebody else, with a reason."""

    class Input(serializers.Serializer[Any]):
        fence = Whole()
        reason = Text(max_length=200)
        claim_next = Flag(default=False)
        holding = _holding()

    class Output(serializers.Serializer[Any]):
        next = Claim(allow_null=True)

    @operation("Skip an item", request=Input, answers={200: Output}, errors=(400, 404, 409))
    def post(self, request: Request, assignment_id: UUID) -> Response:
        user = signed_in(request)
        assignment = get_assignment_for(user, assignment_id)
        data = self.parsed(request)
        skip_assignment(assignment, fence=data["fence"], reason=data["reason"])
        following = _next_claim(assignment.item.project, user, data)
        return Response({"next": following})


class JudgmentRevise(ApiView):
    """Change an answer: a new revision, the earlier ones stay."""

    class Input(serializers.Serializer[Any]):
        answer = AnswerField()
        reason = Text(max_length=500, allow_blank=True, default="")

    class Output(serializers.Serializer[Any]):
        judgment = serializers.UUIDField()
        revision = serializers.IntegerField()
        answer = AnswerField()

    @operation("Revise a judgment", request=Input, answers={200: Output}, errors=(400, 404, 413))
    def patch(self, request: Request, judgment_id: UUID) -> Response:
        user = signed_in(request)
        judgment = get_judgment_for(user, judgment_id)
        data = self.parsed(request)
        shape = judgment.assignment.item.shape_on(judgment.scale)
        answer = parse_answer(data["answer"], shape)
        revision = revise_judgment(judgment, answer=answer, by=user, reason=data["reason"])
        values = {
            "judgment": judgment.public_id,
            "revision": revision.number,
            "answer": revision.answer,
        }
        return Response(self.Output(values).data)


def _next_claim(project: Project, user: User, data: dict[str, Any]) -> dict[str, Any] | None:
    """The claim that follows, if it is wanted; what was just stored stands in any case."""
    if not data["claim_next"]:
        return None
    holding: Collection[UUID] = data["holding"]
    try:
        assignment = claim_assignment(project, by=user, holding=holding)
    except Conflict:
        return None
    return claim_payload(assignment) if assignment is not None else None
