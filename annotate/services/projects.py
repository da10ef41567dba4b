"""Projects, their people and their guidelines."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _
from knox.models import AuthToken

from annotate.errors import Conflict, InvalidInput
from annotate.models import AuditEvent, GuidelineVersion, Membership, Project, User

MAX_ANNOTATORS = 500


@dataclass(frozen=True)
class Login:
    """A fresh account's credentials; shown once, stored only as hashes."""

    username: str
    password: str
    token: str


def record(
    action: str,
    *,
    by: User | None,
    project: Project | None = None,
    subject: str = "",
    **detail: Any,
) -> AuditEvent:
    """Write down who did what."""
    return AuditEvent.objects.create(
        action=action, actor=by, project=project, subject=subject[:120], detail=detail
    )


@transaction.atomic
def create_project(slug: str, *, by: User | None, name: str = "", **settings: Any) -> Project:
    """A new project with its creator as manager. Raises Conflict where the slug is taken."""
    if slugify(slug) != slug:
        raise InvalidInput(
            _("%(slug)r is no slug: use lower-case letters, digits and hyphens.") % {"slug": slug},
            field="slug",
        )
    if Project.objects.filter(slug=slug).exists():
        raise Conflict(_("There is a project %(slug)r already.") % {"slug": slug}, field="slug")
    project = Project(slug=slug, name=name or slug, created_by=by, **settings)
    _validate(project)
    project.save()
    if by is not None:
        Membership.objects.create(project=project, user=by, role=Membership.Role.MANAGER)
    record("project.create", by=by, project=project, subject=slug)
    return project


@transaction.atomic
def update_project(project: Project, *, by: User | None, **settings: Any) -> Project:
    """Change a project's settings and write down what changed."""
    changed = {name: value for name, value in settings.items() if getattr(project, name) != value}
    for name, value in changed.items():
        setattr(project, name, value)
    if changed:
        _validate(project)
        project.save(update_fields=sorted(changed))
        record("project.update", by=by, project=project, subject=project.slug, **changed)
    return project


def _validate(project: Project) -> None:
    try:
        project.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(f"{field}: {messages[0]}", field=field) from error


@transaction.atomic
def create_annotators(
    project: Project, *, n: int, role: str = Membership.Role.ANNOTATOR, by: User | None
) -> list[Login]:
    """Make ``n`` accounts with this role in the project and return their credentials, once."""
    if not 1 <= n <= MAX_ANNOTATORS:
        raise InvalidInput(_("n must be from 1 to %(n)d.") % {"n": MAX_ANNOTATORS}, field="n")
    if role not in Membership.Role.values:
        known = ", ".join(Membership.Role.values)
        raise InvalidInput(_("role must be one of %(known)s.") % {"known": known})
    first = 1 + Membership.objects.filter(project=project, role=role).count()
    logins = [_create_member(project, role, number) for number in _numbers(project, role, first, n)]
    record("members.create", by=by, project=project, subject=role, n=n)
    return logins


def _numbers(project: Project, role: str, first: int, n: int) -> list[int]:
    prefix = f"{project.slug}-{role}-"
    taken = set(User.objects.filter(username__startswith=prefix).values_list("username", flat=True))
    numbers: list[int] = []
    while len(numbers) < n:
        if f"{prefix}{first}" not in taken:
            numbers.append(first)
        first += 1
    return numbers


def _create_member(project: Project, role: str, number: int) -> Login:
    username, password = f"{project.slug}-{role}-{number}", secrets.token_urlsafe(12)
    user = User.objects.create_user(username, password=password)
    Membership.objects.create(project=project, user=user, role=role)
    token = AuthToken.objects.create(user=user)[1]
    return Login(username, password, token)


@transaction.atomic
def publish_guidelines(project: Project, *, text: str, by: User | None) -> GuidelineVersion:
    """A new version of the guidelines; an unchanged text makes none.

    The project's row is locked, so that two editions at once get two numbers.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    current = project.guidelines.first()
    if current is not None and current.text == text:
        return current
    number = (project.guidelines.aggregate(top=Max("number"))["top"] or 0) + 1
    record("guidelines.publish", by=by, project=project, subject=str(number))
    return GuidelineVersion.objects.create(project=project, number=number, text=text, created_by=by)
