"""Projects: which are mine, how far they are, and bringing files in."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for, role_in, visible_projects
from annotate.answers import KINDS, SCALES
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.parsers import RawUploadParser
from annotate.errors import TooLarge
from annotate.models import Membership, Project, Round, User
from annotate.selectors import own_progress, project_progress, round_progress
from annotate.services import request_import

FORM_SLACK = 2**16


class ProjectList(ApiView):
    """The projects I am a member of."""

    class Output(serializers.Serializer[Any]):
        class ProjectEntry(serializers.Serializer[Any]):
            slug = serializers.CharField()
            name = serializers.CharField()
            description = serializers.CharField(allow_blank=True)
            kinds = serializers.ListField(child=serializers.ChoiceField(choices=KINDS))
            scale = serializers.ChoiceField(choices=list(SCALES))
            role = serializers.ChoiceField(choices=Membership.Role.choices)

        projects = ProjectEntry(many=True)

    @operation("List my projects", answers={200: Output}, errors=())
    def get(self, request: Request) -> Response:
        user = signed_in(request)
        roles = dict(Membership.objects.filter(user=user).values_list("project", "role"))
        projects = [
            {
                "slug": project.slug,
                "name": project.name,
                "description": project.description,
                "kinds": project.kinds,
                "scale": project.scale,
                "role": roles.get(project.pk, Membership.Role.MANAGER),
            }
            for project in visible_projects(user)
        ]
        return Response(self.Output({"projects": projects}).data)


class OwnCounts(serializers.Serializer[Any]):
    """What I did, and what the open round still offers me."""

    judgments = serializers.IntegerField()
    skipped = serializers.IntegerField()
    leased = serializers.IntegerField()
    available = serializers.IntegerField(help_text="Counted up to 1000: that many or more")


class RoundCounts(serializers.Serializer[Any]):
    """The slots of the open round: judged, under way, and all of them."""

    number = serializers.IntegerField()
    items = serializers.IntegerField()
    slots = serializers.IntegerField()
    submitted = serializers.IntegerField()
    leased = serializers.IntegerField()


class AllCounts(serializers.Serializer[Any]):
    """What everybody did."""

    items = serializers.IntegerField()
    queueable = serializers.IntegerField()
    judgments = serializers.IntegerField()
    imported = serializers.IntegerField()
    simulated = serializers.IntegerField()
    machine = serializers.IntegerField(help_text="Of programs; in none of the other numbers")
    round = RoundCounts(allow_null=True)


class ProjectProgress(ApiView):
    """How far a project is; ``all`` is null where annotators are not to see others' work."""

    class Output(serializers.Serializer[Any]):
        own = OwnCounts()
        all = AllCounts(allow_null=True)

    @operation("Show progress", answers={200: Output})
    def get(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug)
        everybody = _all_counts(project) if _sees_others(user, project) else None
        values = {"own": own_progress(project, user), "all": everybody}
        return Response(self.Output(values).data)


def _sees_others(user: User, project: Project) -> bool:
    return not project.hide_others or role_in(user, project) != Membership.Role.ANNOTATOR


def _all_counts(project: Project) -> dict[str, Any]:
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    return project_progress(project) | {"round": _round_counts(round_) if round_ else None}


def _round_counts(round_: Round) -> dict[str, int]:
    progress = round_progress(round_)
    return {
        "number": round_.number,
        "items": progress.items,
        "slots": progress.slots,
        "submitted": progress.submitted,
        "leased": progress.leased,
    }


class ImportCreate(ApiView):
    """Upload a file of prompts, responses and labels; a worker imports it."""

    parser_classes = (MultiPartParser, RawUploadParser)

    class Input(serializers.Serializer[Any]):
        file = serializers.FileField(max_length=255)
        kind = serializers.ChoiceField(
            choices=KINDS,
            default="",
            allow_blank=True,
            help_text="What the rows are where the file leaves it open",
        )
        oracle = serializers.BooleanField(
            default=False, help_text="Keep labels as hidden known answers"
        )
        open_round = serializers.BooleanField(default=False, help_text="Ask the new items at once")

        def validate_file(self, upload: UploadedFile) -> UploadedFile:
            if not (upload.name or "").isprintable():
                raise serializers.ValidationError("The file's name is not plain text.")
            return upload

    @operation(
        "Import a file",
        request={"multipart/form-data": Input, "application/octet-stream": OpenApiTypes.BINARY},
        answers={202: RunAccepted},
        errors=(400, 403, 404, 413),
        parameters=[
            OpenApiParameter("filename", description="The name of a raw body"),
            OpenApiParameter("kind", enum=list(KINDS), description="As in the form"),
            OpenApiParameter("oracle", OpenApiTypes.BOOL, description="As in the form"),
            OpenApiParameter("open_round", OpenApiTypes.BOOL, description="As in the form"),
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=Membership.Role.MANAGER)
        _check_length(request)
        data = self.parsed(request)
        run = request_import(
            project,
            upload=data["file"],
            by=user,
            kind=data["kind"],
            oracle=data["oracle"],
            opens_round=data["open_round"],
        )
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)

    def parsed(self, request: Request) -> dict[str, Any]:
        """The form; what it leaves out may stand in the query, as it must with a raw body."""
        data = cast(dict[str, Any], request.data)
        values = request.query_params.dict() | {name: data[name] for name in data}
        serializer = self.Input(data=values)
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


def _check_length(request: Request) -> None:
    """Refuse by the announced length, before anything is read or written."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.MAX_UPLOAD_BYTES + FORM_SLACK:
        raise TooLarge(
            f"The file is larger than {settings.MAX_UPLOAD_BYTES // 2**20} MiB: split it.",
            field="file",
        )
