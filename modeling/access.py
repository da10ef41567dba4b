"""Who may see a checkpoint; pages and the API ask here."""

from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404

from annotate.access import get_project_for
from annotate.models import Membership, User
from modeling.models import Checkpoint


def get_checkpoint_for(
    user: User, public_id: UUID, *, role: str = Membership.Role.REVIEWER
) -> Checkpoint:
    """The checkpoint, if the user has at least this role in its project."""
    checkpoint = get_object_or_404(
        Checkpoint.objects.select_related("project", "run__dataset"), public_id=public_id
    )
    get_project_for(user, checkpoint.project.slug, role=role)
    return checkpoint
