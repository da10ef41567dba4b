"""The HTTP API of files that recipes name: adding one, and seeing which there are."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, operation, signed_in
from annotate.models import Membership
from curation.attached import add_file
from curation.models import ProjectFile

MANAGER = Membership.Role.MANAGER


class ProjectFileReply(serializers.Serializer[Any]):
    """A file that recipes may name; it never changes."""

    file = serializers.UUIDField(source="public_id")
    purpose = serializers.ChoiceField(choices=ProjectFile.Purpose.choices)
    name = serializers.CharField(help_text="What recipes call it")
    entries = serializers.IntegerField(source="rows", help_text="Texts, vectors or topics")
    sha256 = serializers.CharField()
    created_at = serializers.DateTimeField()


class ProjectFileListCreate(ApiView):
    """The files of a project that recipes may name, and adding one."""

    parser_classes = (MultiPartParser,)

    class Input(serializers.Serializer[Any]):
        purpose = serializers.ChoiceField(choices=ProjectFile.Purpose.choices)
        name = serializers.SlugField(max_length=60, help_text="A name is never used again")
        file = serializers.FileField(
            max_length=255,
            help_text=(
                "Evaluation sets: .txt, or rows with a text or a prompt. Embeddings: .npz or "
                ".parquet with ids and embeddings. Topics: rows with group and topic."
            ),
        )

    class Output(serializers.Serializer[Any]):
        files = ProjectFileReply(many=True)

    @operation("List the files that recipes may name", answers={200: Output}, errors=(403, 404))
    def get(self, request: Request, slug: str) -> Response:
        project = get_project_for(signed_in(request), slug, role=MANAGER)
        files = ProjectFile.objects.filter(project=project)
        return Response(self.Output({"files": files}).data)

    @operation(
        "Add a file that recipes may name",
        request={"multipart/form-data": Input},
        answers={201: ProjectFileReply},
        errors=(400, 403, 404, 409, 413),
    )
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=MANAGER)
        given = self.parsed(request)
        row = add_file(
            project,
            purpose=given["purpose"],
            name=given["name"],
            content=given["file"],
            by=user,
        )
        return Response(ProjectFileReply(row).data, status.HTTP_201_CREATED)
