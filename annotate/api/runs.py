"""Background work: how it goes, and stopping it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, operation, signed_in
from annotate.api.fields import JSONObject
from annotate.models import Membership, Run, User
from annotate.services.runs import find_run, request_cancel


class RunReply(serializers.Serializer[Any]):
    """A piece of background work; ``result`` is there once it has succeeded."""

    run = serializers.UUIDField(source="public_id")
    work = serializers.CharField(source="title", help_text="What kind of work it is")
    project = serializers.CharField(source="project.slug")
    status = serializers.ChoiceField(choices=Run.Status.choices)
    progress = serializers.FloatField(help_text="From 0 to 1")
    message = serializers.CharField()
    error = serializers.CharField(help_text="A sentence that says what to do")
    result = JSONObject()
    cancel_requested = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


def get_run_for(user: User, public_id: UUID, *, role: str) -> Run:
    """The run of whatever kind, if the user has at least this role in its project."""
    run = find_run(public_id)
    if run is None:
        raise Http404
    get_project_for(user, run.project.slug, role=role)
    return run


class RunDetail(ApiView):
    """How a run goes."""

    @operation("Show a run", answers={200: RunReply}, errors=(403, 404))
    def get(self, request: Request, run_id: UUID) -> Response:
        run = get_run_for(signed_in(request), run_id, role=Membership.Role.REVIEWER)
        return Response(RunReply(run).data)


class RunCancel(ApiView):
    """Stop a run: at once while it waits, soon while it works."""

    @operation("Cancel a run", answers={200: RunReply}, errors=(403, 404, 409))
    def post(self, request: Request, run_id: UUID) -> Response:
        run = get_run_for(signed_in(request), run_id, role=Membership.Role.MANAGER)
        cancelled = request_cancel(run, by=signed_in(request))
        return Response(RunReply(cancelled).data)
