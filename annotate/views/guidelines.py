"""The pages of a project's guidelines: the edition in force, the older ones, what changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.access import get_project_for, role_in
from annotate.editions import line_changes
from annotate.forms import GuidelinesForm
from annotate.models import GuidelineVersion, Membership, Project
from annotate.services import publish_guidelines
from annotate.views.common import current_user, form_page, page

MANAGER = Membership.Role.MANAGER
SHOWN_EDITIONS = 100


@page
@require_http_methods(["GET", "POST"])
def guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """The guidelines in force: everyone reads them, managers publish new editions."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER if request.method == "POST" else "annotator")
    current = project.guidelines.first()
    form = GuidelinesForm(request.POST or None, initial={"text": current.text if current else ""})
    if form.is_valid():
        return _publish(request, project, form.cleaned_data["text"])
    context = _context(request, project) | {"guidelines": current, "form": form}
    return form_page(request, "annotate/guidelines.html", context)


@page
@require_POST
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What a text will look like, as a fragment; for managers."""
    get_project_for(current_user(request), slug, role=MANAGER)
    form = GuidelinesForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    return render(request, "annotate/_guidelines_preview.html", {"text": text, "form": form})


@page
@require_GET
def edition(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One edition, whether in force or not."""
    project = get_project_for(current_user(request), slug)
    shown = get_object_or_404(project.guidelines, number=number)
    context = _context(request, project) | {"guidelines": shown}
    return render(request, "annotate/guidelines_edition.html", context)


@page
@require_GET
def changes(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What an edition changed against an older one: ``since``, or the one before it."""
    project = get_project_for(current_user(request), slug)
    new = get_object_or_404(project.guidelines, number=number)
    old = _older(project, new, request.GET.get("since", ""))
    context = _context(request, project) | {
        "new": new,
        "old": old,
        "lines": line_changes(old.text if old else "", new.text),
        "older": project.guidelines.filter(number__lt=number)[:SHOWN_EDITIONS],
    }
    return render(request, "annotate/guidelines_changes.html", context)


@page
@require_POST
def restore(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Publish the text of an old edition as a new one."""
    project = get_project_for(current_user(request), slug, role=MANAGER)
    return _publish(request, project, get_object_or_404(project.guidelines, number=number).text)


def _publish(request: HttpRequest, project: Project, text: str) -> HttpResponse:
    published = publish_guidelines(project, text=text, by=current_user(request))
    said = _("Edition %(number)d of the guidelines is in force.") % {"number": published.number}
    messages.success(request, said)
    return redirect("annotate:guidelines", project.slug)


def _older(project: Project, new: GuidelineVersion, since: str) -> GuidelineVersion | None:
    """The edition to compare with; None where ``new`` is the first."""
    older = project.guidelines.filter(number__lt=new.number)
    if since.isdecimal() and len(since) < 10:
        return get_object_or_404(older, number=int(since))
    return older.first()


def _context(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What all these pages show: the newest editions, and whether the reader may publish."""
    newest = project.guidelines.select_related("created_by").first()
    return {
        "project": project,
        "in_force": newest.number if newest else 0,
        "editions": project.guidelines.select_related("created_by")[:SHOWN_EDITIONS],
        "is_manager": role_in(current_user(request), project) == MANAGER,
    }
