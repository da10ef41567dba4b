"""The HTTP API of a version's rows: one with the judgments behind it, and two versions compared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.api.base import ApiView, operation, signed_in
from annotate.api.fields import JSONObject
from annotate.errors import InvalidInput
from annotate.models import User
from annotate.naming import annotator_names
from curation.access import get_dataset_for
from curation.comparing import CHANGES, Comparison, changed_rows, compare_versions
from curation.core.records import SPLITS
from curation.models import DatasetVersion
from curation.tracing import judgment_values, trace_row

ROWS_A_PAGE = 100


class JudgmentBehind(serializers.Serializer[Any]):
    """A judgment behind a row.

    Its answer speaks of the row's responses in the row's order (of a pair the chosen one first),
    then of the others that its item has; ratings of other responses are left out.
    """

    judgment = serializers.UUIDField()
    revision = serializers.IntegerField()
    annotator = serializers.CharField()
    annotator_kind = serializers.ChoiceField(choices=User.Kind.choices)
    item = serializers.UUIDField(help_text="The row's own, or one that asks the same")
    is_decision = serializers.BooleanField(help_text="Whether a reviewer decided so")
    answer = JSONObject()
    created_at = serializers.DateTimeField()


class DatasetRow(ApiView):
    """A row, and the judgments it was made from."""

    class Output(serializers.Serializer[Any]):
        split = serializers.ChoiceField(choices=SPLITS)
        row = JSONObject(help_text="The row's columns, as the files have them")
        judgments = JudgmentBehind(many=True)
        missing = serializers.ListField(
            child=serializers.CharField(), help_text="Revisions that are no longer here"
        )

    @operation("Trace a row to its judgments", answers={200: Output}, errors=(403, 404))
    def get(self, request: Request, dataset_id: UUID, row_id: str) -> Response:
        user = signed_in(request)
        dataset = get_dataset_for(user, dataset_id)
        trace = trace_row(dataset, row_id)
        if trace is None:
            raise Http404
        names = annotator_names(dataset.project, user)
        values = {
            "split": trace.split,
            "row": dict(trace.row),
            "judgments": [judgment_values(said, names) for said in trace.judgments],
            "missing": trace.missing,
        }
        return Response(self.Output(values).data)


class FigurePair(serializers.Serializer[Any]):
    """A figure or a setting of both versions, null where one of them does not have it."""

    name = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class ChangedRowReply(serializers.Serializer[Any]):
    """A row that differs, with the columns that this change is about."""

    row = serializers.CharField(help_text="Its id")
    before = JSONObject(allow_null=True)
    after = JSONObject(allow_null=True)


class DatasetCompare(ApiView):
    """Two versions of one kind: rows that came, went and changed, figures, and the recipes."""

    class Output(serializers.Serializer[Any]):
        before = serializers.UUIDField()
        after = serializers.UUIDField()
        same = serializers.IntegerField(help_text="Rows that are the same but for less than 0.001")
        counts = serializers.DictField(
            child=serializers.IntegerField(), help_text="Rows by how they differ, each once"
        )
        figures = FigurePair(many=True)
        recipe = FigurePair(many=True, help_text="The settings that differ")
        change = serializers.ChoiceField(choices=["", *CHANGES])
        rows = ChangedRowReply(many=True, help_text="Those with this change, a page of them")
        page = serializers.IntegerField()
        pages = serializers.IntegerField()

    @operation(
        "Compare two datasets",
        answers={200: Output},
        errors=(400, 403, 404),
        parameters=[
            OpenApiParameter("with", OpenApiTypes.UUID, required=True, description="The earlier"),
            OpenApiParameter("change", enum=CHANGES, description="Which rows to list"),
            OpenApiParameter("page", OpenApiTypes.INT, description="Of that list, from 1"),
        ],
    )
    def get(self, request: Request, dataset_id: UUID) -> Response:
        user = signed_in(request)
        after = get_dataset_for(user, dataset_id)
        before = get_dataset_for(user, _other(request))
        found = compare_versions(before, after)
        asked = _change(request)
        listed = _listed(before, after, found, asked, request.query_params.get("page", "1"))
        return Response(self.Output(found.to_dict() | listed).data)


def _other(request: Request) -> UUID:
    try:
        return UUID(request.query_params.get("with", ""))
    except ValueError as error:
        raise InvalidInput("Name the other version's id under 'with'.", field="with") from error


def _change(request: Request) -> str:
    change = request.query_params.get("change", "")
    if change and change not in CHANGES:
        raise InvalidInput(f"A change is one of {', '.join(CHANGES)}.", field="change")
    return change


def _listed(
    before: DatasetVersion, after: DatasetVersion, found: Comparison, change: str, page: str
) -> dict[str, Any]:
    ids = found.ids[change] if change else []
    shown = Paginator(ids, ROWS_A_PAGE).get_page(page)
    rows = changed_rows(before, after, list(shown), change=change) if ids else []
    return {
        "change": change,
        "rows": [one.said(after.kind) for one in rows],
        "page": shown.number,
        "pages": shown.paginator.num_pages,
    }
