"""Who may see and do what: the one place where roles are enforced.

What belongs to others does not exist for a user, so every guard answers 404; a member whose role
is too small for a page that they know of gets 403.
"""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from annotate.models import Assignment, Item, Judgment, Membership, Project, User

ROLES = [Membership.Role.ANNOTATOR, Membership.Role.REVIEWER, Membership.Role.MANAGER]


def visible_projects(user: User) -> QuerySet[Project]:
    """The projects a user is a member of; a superuser sees all."""
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(memberships__user=user)


def role_in(user: User, project: Project) -> str | None:
    """The user's role in a project, None for outsiders."""
    if user.is_superuser:
        return Membership.Role.MANAGER
    return (
        Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()
    )


def get_project_for(user: User, slug: str, *, role: str = Membership.Role.ANNOTATOR) -> Project:
    """The project, if the user has at least this role in it."""
    project = get_object_or_404(Project, slug=slug)
    held = role_in(user, project)
    if held is None:
        raise Http404
    if ROLES.index(held) < ROLES.index(role):  # type: ignore[arg-type]
        raise PermissionDenied
    return project


def get_assignment_for(user: User, public_id: UUID) -> Assignment:
    """One of a member's own assignments, no reviewer's stand; its texts are read when asked for."""
    own = Assignment.objects.filter(public_id=public_id, annotator=user)
    own = own.exclude(purpose=Assignment.Purpose.ADJUDICATION)
    if not user.is_superuser:
        own = own.filter(item__project__memberships__user=user)
    return get_object_or_404(own.select_related("item__project"))


def get_judgment_for(user: User, public_id: UUID) -> Judgment:
    """A judgment the user may revise: their own, in a project they are still a member of.

    An answer is read in the order that its author was shown, so nobody else can revise it blindly.
    """
    judgment = get_object_or_404(
        Judgment.objects.select_related("assignment__item__project", "assignment__annotator"),
        public_id=public_id,
    )
    own = judgment.assignment.annotator_id == user.pk
    if not own or role_in(user, judgment.assignment.item.project) is None:
        raise Http404
    return judgment


def get_item_for(user: User, public_id: UUID, *, role: str = Membership.Role.REVIEWER) -> Item:
    """An item with its texts, if the user has at least this role in its project."""
    item: Item = get_object_or_404(
        Item.objects.with_texts().select_related("project"), public_id=public_id
    )
    get_project_for(user, item.project.slug, role=role)
    return item
