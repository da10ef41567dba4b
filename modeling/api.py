"""The HTTP API of modeling: asking for training and for rounds, and reading checkpoints."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.access import get_project_for
from annotate.api.base import ApiView, RunAccepted, operation, signed_in
from annotate.api.fields import Flag, JSONObject, Whole
from annotate.models import Membership
from curation.models import DatasetVersion
from modeling.access import get_checkpoint_for
from modeling.core.acquisition import STRATEGIES
from modeling.services import MAX_ROUND, request_round, request_training

MANAGER, REVIEWER = Membership.Role.MANAGER, Membership.Role.REVIEWER


class CheckpointReply(serializers.Serializer[Any]):
    """A reward model: how it was made and how good it is."""

    checkpoint = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="__str__")
    number = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    run = serializers.UUIDField(source="run.public_id")
    dataset = serializers.UUIDField(source="run.dataset.public_id")
    is_promoted = serializers.BooleanField(help_text="Whether it is the project's model in force")
    metrics = JSONObject()
    manifest = JSONObject()
    created_at = serializers.DateTimeField()


class TrainingRunCreate(ApiView):
    """Train a reward model on a dataset of the project."""

    class Input(serializers.Serializer[Any]):
        dataset = serializers.UUIDField()
        config = JSONObject(default=dict, help_text="What differs from the default configuration")

    @operation(
        "Train a reward model", request=Input, answers={202: RunAccepted}, errors=(400, 403, 404)
    )
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=MANAGER)
        data = self.parsed(request)
        dataset = get_object_or_404(DatasetVersion, public_id=data["dataset"], project=project)
        run = request_training(project, dataset=dataset, config=data["config"], by=user)
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)


class RoundCreate(ApiView):
    """Pick the next round with the model in force."""

    class Input(serializers.Serializer[Any]):
        strategy = serializers.ChoiceField(choices=STRATEGIES)
        size = Whole(min_value=1, max_value=MAX_ROUND)
        seed = Whole(default=0)
        open = Flag(default=False, help_text="Open the round as soon as it is picked")

    @operation("Pick a round", request=Input, answers={202: RunAccepted}, errors=(400, 403, 404))
    def post(self, request: Request, slug: str) -> Response:
        user = signed_in(request)
        project = get_project_for(user, slug, role=MANAGER)
        data = self.parsed(request)
        run = request_round(
            project,
            strategy=data["strategy"],
            size=data["size"],
            seed=data["seed"],
            opens=data["open"],
            by=user,
        )
        return Response(RunAccepted({"run": run.public_id}).data, status.HTTP_202_ACCEPTED)


class CheckpointDetail(ApiView):
    """What a checkpoint is."""

    @operation("Show a checkpoint", answers={200: CheckpointReply}, errors=(403, 404))
    def get(self, request: Request, checkpoint_id: UUID) -> Response:
        checkpoint = get_checkpoint_for(signed_in(request), checkpoint_id)
        return Response(CheckpointReply(checkpoint).data)
