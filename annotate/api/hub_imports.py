"""The HTTP API of imports from the Hugging Face Hub."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.answers import KINDS
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.fields import Flag, Text
from annotate.hub_datasets import HubReference
from annotate.models import Membership
from annotate.services.hub_imports import request_hub_import


class HubImportCreate(ApiView):
    """A public dataset of the Hub; a worker fetches and imports it."""

    class Input(serializers.Serializer[Any]):
        dataset = Text(
            max_length=250, help_text="ORG/NAME, with :CONFIG and @REVISION where they matter"
        )
        kind = serializers.ChoiceField(choices=KINDS, default="", allow_blank=True)
        oracle = Flag(default=False, help_text="Keep the labels as hidden known answers")
        open_round = Flag(default=False, help_text="Ask for the new items at once")

    @operation(
        "Import a dataset from the Hub",
        request=Input,
        answers={202: RunAccepted},
        errors=(400, 403, 404),
    )
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=Membership.Role.MANAGER)
        asked = self.parsed(request)
        run = request_hub_import(
            project,
            HubReference.parse(asked["dataset"]),
            by=user,
            kind=asked["kind"],
            oracle=asked["oracle"],
            opens_round=asked["open_round"],
        )
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)
