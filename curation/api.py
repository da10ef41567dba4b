"""The HTTP API of curation: building datasets, looking at what a recipe would do, fetching them."""

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
from curation.recipe import (
    KINDS,
    SOURCE_KINDS,
    VERSION,
    Balance,
    Decontaminate,
    Dedupe,
    FilterRows,
    FilterTexts,
    Recipe,
    SelectJudgments,
)
from curation.recipe_schema import part_field
from curation.recipe_settings import methods
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
    cutoff_at = serializers.DateTimeField(
        allow_null=True, help_text="No judgment given later was read"
    )
    parents = serializers.ListField(
        child=serializers.UUIDField(), source="parent_ids", help_text="What it goes on from"
    )
    rows = serializers.DictField(child=serializers.IntegerField(), source="row_counts")
    dropped = serializers.DictField(child=serializers.IntegerField())
    statistics = JSONObject()
    has_simulated = serializers.BooleanField()
    files = DatasetFileEntry(many=True)
    created_at = serializers.DateTimeField()


class RecipeAsked(ApiView):
    """A request that carries a recipe."""

    class Input(serializers.Serializer[Any]):
        """A recipe; every setting is described in the data formats. Beside it stands ``until``."""

        kind = serializers.ChoiceField(choices=KINDS)
        aggregate = Text(
            default="auto", help_text=f"How several judgments become one: {', '.join(methods())}"
        )
        seed = Whole(default=0)
        include_simulated = Flag(default=False)
        include_machine = Flag(default=False)
        aspect = Text(
            default="",
            allow_blank=True,
            help_text="What rows are about; empty: the overall question",
        )
        sources = serializers.ListField(
            child=serializers.ChoiceField(choices=SOURCE_KINDS),
            required=False,
            help_text="What preference rows are made from",
        )
        select = part_field(SelectJudgments, "select", "Which judgments take part")
        texts = part_field(FilterTexts, "texts", "Which items take part, by their texts")
        decontaminate = part_field(
            Decontaminate, "decontaminate", "Evaluation sets of the project to stay away from"
        )
        dedupe = part_field(Dedupe, "dedupe", "What counts as the same, and as nearly so")
        rows = part_field(FilterRows, "rows", "Which rows stay once the votes are in")
        balance = part_field(Balance, "balance", "How rows are evened out")
        version = Whole(default=VERSION)
        until = serializers.DateTimeField(
            required=False,
            allow_null=True,
            help_text="Judgments given later are not read; now if none",
        )

    def asked(self, request: Request, slug: str, *, is_preview: bool) -> Response:
        """Queue what the recipe asks for."""
        user = signed_in(request)
        project = get_project_for(user, slug, role=MANAGER)
        until = self.parsed(request).get("until")
        given = cast(dict[str, Any], request.data)
        recipe = _recipe({name: value for name, value in given.items() if name != "until"})
        run = request_dataset(project, recipe=recipe, by=user, cutoff=until, is_preview=is_preview)
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)


def _recipe(values: dict[str, Any]) -> Recipe:
    try:
        return Recipe.from_dict(values)
    except RecipeError as error:
        raise InvalidInput(str(error), field="recipe") from error


class DatasetListCreate(RecipeAsked):
    """The datasets of a project, and asking for one more."""

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
        found = datasets.prefetch_related("parents")
        return Response(self.Output({"datasets": found}).data)

    @operation(
        "Build a dataset",
        request=RecipeAsked.Input,
        answers={202: RunAccepted},
        errors=(400, 403, 404),
    )
    def post(self, request: Request, slug: str) -> Response:
        return self.asked(request, slug, is_preview=False)


class DatasetPreview(RecipeAsked):
    """What a recipe would give; no version is made.

    The run's result tells it under ``preview``: ``rows`` by split, ``even`` pairs, ``steps`` with
    what each would drop and examples, ``contradictions`` for review, and ``figures``.
    """

    @operation(
        "Preview a dataset",
        request=RecipeAsked.Input,
        answers={202: RunAccepted},
        errors=(400, 403, 404),
    )
    def post(self, request: Request, slug: str) -> Response:
        return self.asked(request, slug, is_preview=True)


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
