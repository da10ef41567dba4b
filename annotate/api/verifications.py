"""Letting a verifier judge a project's outcome items."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.fields import Text
from annotate.models import Membership, VerificationRun
from annotate.services import request_verification
from annotate.verifiers.regex import MAX_PATTERN


class VerificationCreate(ApiView):
    """Check every outcome item that has a reference; a worker does it."""

    class Input(serializers.Serializer[Any]):
        verifier = serializers.ChoiceField(choices=VerificationRun.Verifier.choices)
        pattern = Text(
            max_length=MAX_PATTERN,
            allow_blank=True,
            default="",
            trim_whitespace=False,
            help_text="For regex: what finds the answer, with one group or none",
        )

    @operation("Verify outcomes", request=Input, answers={202: RunAccepted}, errors=(400, 403, 404))
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=Membership.Role.MANAGER)
        run = request_verification(project, by=user, **self.parsed(request))
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)
