"""The HTTP API of curation: building datasets and fetching them."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.fields import Flag, JSONObject, Text, Whole
from annotate.errors import InvalidInput
from annotate.models import Membership
from curation.access import dataset_download, get_dataset_for
from curation.core.errors import RecipeError
from curation.models import DatasetVersion
from curation.recipe import DEDUPE, KINDS, VERSION, Recipe
from curation.services import request_dataset

MANAGER, REVIEWER = Membership.Role.MANAGER, Membership.Role.REVIEWER


class DatasetReply(serializers.Serializer[Any]):
    """One immutable version: what it was made from, what came out, and its files."""

    class DatasetFileEntry(serializers.Serializer[Any]):
        name = serializers.CharField()
        bytes = serializers.IntegerField()
        sha256 = serializers.CharField()

    dataset = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="__str__")
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=KINDS)
    recipe = JSONObject()
    hash = serializers.CharField(source="content_hash")
    rows = serializers.DictField(child=serializers.IntegerField(), source="row_counts")
    dropped = serializers.DictField(child=serializers.IntegerField())
    statistics = JSONObject()
    has_simulated = serializers.BooleanField()
    files = DatasetFileEntry(many=True)
    created_at = serializers.DateTimeField()


class DatasetListCreate(ApiView):
    """The datasets of a project, and asking for one more."""

    class Input(serializers.Serializer[Any]):
        kind = serializers.ChoiceField(choices=KINDS)
        aggregate = Text(default="auto", help_text="How several judgments become one")
        seed = Whole(default=0)
        include_simulated = Flag(default=False)
        dedupe = serializers.ChoiceField(choices=DEDUPE, default="exact")
        version = Whole(default=VERSION)

    class Output(serializers.Serializer[Any]):
        datasets = DatasetReply(many=True)

    @operation(
        "List a project's datasets",
        answers={200: Output},
        errors=(403, 404),
        operation_id="projects_datasets_list",
    )
    def get(self, request: Request, slug: str) -> Response:
        project = get_project_for(signed_in(request), slug, role=REVIEWER)
        datasets = DatasetVersion.objects.filter(project=project).select_related("project")
        return Response(self.Output({"datasets": datasets}).data)

    @operation("Build a dataset", request=Input, answers={202: RunAccepted}, errors=(400, 403, 404))
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=MANAGER)
        self.parsed(request)
        run = request_dataset(project, recipe=_recipe(cast(dict[str, Any], request.data)), by=user)
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)


def _recipe(values: dict[str, Any]) -> Recipe:
    try:
        return Recipe.from_dict(values)
    except RecipeError as error:
        raise InvalidInput(str(error), field="recipe") from error


class DatasetDetail(ApiView):
    """What a dataset is."""

    @operation("Show a dataset", answers={200: DatasetReply}, errors=(403, 404))
    def get(self, request: Request, dataset_id: UUID) -> Response:
        dataset = get_dataset_for(signed_in(request), dataset_id)
        return Response(DatasetReply(dataset).data)


class DatasetFile(ApiView):
    """One of a dataset's files, as a stream."""

    @operation(
        "Download a file of a dataset",
        answers={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        errors=(403, 404),
    )
    def get(self, request: Request, dataset_id: UUID, name: str) -> FileResponse:
        dataset = get_dataset_for(signed_in(request), dataset_id)
        return dataset_download(dataset, name)
