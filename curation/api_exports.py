"""The HTTP API of exports: asking for one, and fetching a download."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.fields import Flag, Text
from annotate.models import Membership
from curation.access import export_download, get_dataset_for
from curation.card_facts import LONGEST, CardWords
from curation.exporting import HubRequest, request_export
from curation.exports.formats import FORMATS
from curation.exports.write import FORMS


class ExportCreate(ApiView):
    """A dataset written elsewhere: to the Hub where a repository is named, else as a download."""

    class Input(serializers.Serializer[Any]):
        hub = Text(default="", allow_blank=True, help_text="A repository on the Hub, as ORG/NAME")
        private = Flag(default=True, help_text="What a new repository is")
        token = Text(
            default="",
            allow_blank=True,
            max_length=500,
            write_only=True,
            help_text="Used once and not kept; without it the installation's own is used",
        )
        format = serializers.ChoiceField(choices=list(FORMATS), default="tiebreak")
        form = serializers.ChoiceField(choices=FORMS, default="parquet")
        license = Text(default="", allow_blank=True, help_text="As the Hub writes it")
        languages = serializers.ListField(child=Text(), default=list, max_length=50)
        about_people = Text(default="", allow_blank=True, max_length=LONGEST)
        limitations = Text(default="", allow_blank=True, max_length=LONGEST)

    @operation(
        "Export a dataset", request=Input, answers={202: RunAccepted}, errors=(400, 403, 404)
    )
    def post(self, request: Request, dataset_id: UUID) -> Response:
        user = signed_in(request)
        dataset = get_dataset_for(user, dataset_id)
        get_project_for(user, dataset.project.slug, role=Membership.Role.MANAGER)
        asked = self.parsed(request)
        run = request_export(
            dataset,
            by=user,
            hub=_hub(asked),
            format_name=asked["format"],
            form=asked["form"],
            words=_words(asked),
        )
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)


def _hub(asked: dict[str, Any]) -> HubRequest | None:
    if not asked["hub"]:
        return None
    return HubRequest(asked["hub"], is_private=asked["private"], token=asked["token"])


def _words(asked: dict[str, Any]) -> CardWords:
    names = ("license", "languages", "about_people", "limitations")
    return CardWords.parse(**{name: asked[name] for name in names})


class ExportArchive(ApiView):
    """The file of a download, as a stream."""

    @operation(
        "Fetch an export",
        answers={(200, "application/zip"): OpenApiTypes.BINARY},
        errors=(403, 404),
    )
    def get(self, request: Request, run_id: UUID) -> FileResponse:
        return export_download(signed_in(request), run_id)
