"""Who may see a checkpoint or a run; pages and the API ask here."""

from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404

from annotate.access import get_project_for
from annotate.models import Membership, User
from modeling.models import Checkpoint, TrainingRun


def get_checkpoint_for(
    user: User, public_id: UUID, *, role: str = Membership.Role.REVIEWER
) -> Checkpoint:
    """The checkpoint, if the user has at least this role in its project."""
    checkpoint = get_object_or_404(
        Checkpoint.objects.select_related("project", "run__dataset"), public_id=public_id
    )
    get_project_for(user, checkpoint.project.slug, role=role)
    return checkpoint


def get_training_for(
    user: User, public_id: UUID, *, role: str = Membership.Role.REVIEWER
) -> TrainingRun:
    """The training run, if the user has at least this role in its project."""
    run = get_object_or_404(
        TrainingRun.objects.select_related("project", "dataset__project", "requested_by"),
        public_id=public_id,
    )
    get_project_for(user, run.project.slug, role=role)
    return run
