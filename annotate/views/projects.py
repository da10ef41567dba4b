"""The pages of a project: list, create, home, settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from annotate.access import get_project_for, role_in, visible_projects
from annotate.errors import TiebreakError
from annotate.forms import ProjectForm, ProjectSettingsForm
from annotate.models import Membership, Project, Round, User
from annotate.selectors import (
    MOST_AVAILABLE,
    RoundProgress,
    members_of,
    own_progress,
    project_progress,
    round_progress,
)
from annotate.services import create_project, update_project
from annotate.views.common import add_error, current_user, form_page, page

MANAGER = Membership.Role.MANAGER
SHOWN_MEMBERS = 12


@page
@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    """Each project the person may see, with what there is to do."""
    user = current_user(request)
    cards = [_card(project, user) for project in visible_projects(user)]
    context = {"cards": cards, "may_create": _may_create(user)}
    return render(request, "annotate/project_list.html", context)


@page
@require_http_methods(["GET", "POST"])
def project_create(request: HttpRequest) -> HttpResponse:
    """A new project; for staff."""
    user = current_user(request)
    if not _may_create(user):
        raise PermissionDenied
    form, status = ProjectForm(request.POST or None), 200
    if form.is_valid():
        values = dict(form.cleaned_data)
        try:
            project = create_project(values.pop("slug"), by=user, **values)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            said = _("%(name)s is there. Import something to judge next.")
            messages.success(request, said % {"name": project.name})
            return redirect("annotate:project-home", project.slug)
    return form_page(request, "annotate/project_create.html", {"form": form}, status=status)


@page
@require_GET
def project_home(request: HttpRequest, slug: str) -> HttpResponse:
    """What a project is about, the person's own progress, and a manager's controls."""
    user = current_user(request)
    project = get_project_for(user, slug)
    context = _card(project, user) | {"guidelines": project.guidelines.first()}
    if context["role"] == MANAGER:
        context |= _managers_part(project, context["progress"])
    return render(request, "annotate/project_home.html", context)


@page
@require_http_methods(["GET", "POST"])
def project_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a project's settings; for managers."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form, status = _settings_form(request, project), 200
    if form.is_valid():
        try:
            update_project(Project.objects.get(pk=project.pk), by=user, **form.cleaned_data)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("annotate:project-home", project.slug)
    context = {"project": project, "form": form}
    return form_page(request, "annotate/project_settings.html", context, status=status)


def _may_create(user: User) -> bool:
    return user.is_staff or user.is_superuser


def _settings_form(request: HttpRequest, project: Project) -> ProjectSettingsForm:
    """The form over a copy, so that the project itself still tells what changes."""
    return ProjectSettingsForm(request.POST or None, instance=Project.objects.get(pk=project.pk))


def _card(project: Project, user: User) -> dict[str, Any]:
    """What one person sees of a project; others' progress only where the project shows it."""
    role, own = role_in(user, project), own_progress(project, user)
    return {
        "project": project,
        "role": role,
        "is_manager": role == MANAGER,
        "own": own,
        "waiting": own["available"] + own["leased"],
        "waiting_text": _at_least(own["available"], own["leased"]),
        "progress": _round_progress(project, role),
    }


def _at_least(available: int, leased: int) -> str:
    """A number as people read it; beyond what is counted it says so."""
    more = "+" if available >= MOST_AVAILABLE else ""
    return f"{intcomma(available + leased)}{more}"


def _managers_part(project: Project, progress: RoundProgress | None) -> dict[str, Any]:
    totals = project_progress(project)
    return {
        "members": members_of(project)[:SHOWN_MEMBERS],
        "totals": totals | {"by_people": totals["judgments"] - totals["simulated"]},
        "missing": progress.slots - progress.submitted if progress else 0,
    }


def _round_progress(project: Project, role: str | None) -> RoundProgress | None:
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    hidden = project.hide_others and role == Membership.Role.ANNOTATOR
    return None if round_ is None or hidden else round_progress(round_)
