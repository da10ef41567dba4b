"""Letting a language model judge a project's items."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.fields import Number, Text, Whole
from annotate.models import Membership
from modeling.judging import JUDGED_KINDS, request_judging
from modeling.judging.request import LONGEST_DESCRIPTION, LONGEST_NAME
from modeling.models import JudgeRun


class CriterionInput(serializers.Serializer[Any]):
    """One thing that a rubric scores."""

    name = Text(max_length=LONGEST_NAME)
    description = Text(max_length=LONGEST_DESCRIPTION, allow_blank=True, default="")


class JudgeRunCreate(ApiView):
    """Judge every item that this judge has not judged yet; a worker does it.

    The judgments are a program's: they fill no slot and count as nobody's opinion.
    """

    class Input(serializers.Serializer[Any]):
        model = Text(
            max_length=200,
            allow_blank=True,
            default="",
            help_text="One of the models that this installation has; the first one by default",
        )
        form = serializers.ChoiceField(
            choices=JudgeRun.Form.choices,
            default=JudgeRun.Form.PAIRWISE,
            help_text="How comparisons and rankings are judged",
        )
        kinds = serializers.ListField(
            child=serializers.ChoiceField(choices=JUDGED_KINDS),
            default=list,
            help_text="Kinds of item; empty for all that a judge answers",
        )
        criteria = CriterionInput(many=True, default=list)
        limit = Whole(min_value=1, allow_null=True, default=None, help_text="Most items to ask")
        budget = Number(
            min_value=0,
            allow_null=True,
            default=None,
            help_text="Stop once the tokens have cost this much",
        )

    @operation(
        "Let a model judge", request=Input, answers={202: RunAccepted}, errors=(400, 403, 404)
    )
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=Membership.Role.MANAGER)
        run = request_judging(project, by=user, **self.parsed(request))
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)
