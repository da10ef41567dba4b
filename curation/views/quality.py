"""The pages that tell how good the judgments of a project are."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate.access import get_project_for
from annotate.models import Membership
from annotate.naming import annotator_names
from annotate.views.common import current_user, page
from curation.quality.annotators import Annotator
from curation.quality.pages import annotator_page, quality_page
from curation.quality.report import Report, quality_report

REVIEWER = Membership.Role.REVIEWER


@page
@require_GET
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    """How far annotators agree, and the key figures of each of them."""
    user = current_user(request)
    project = get_project_for(user, slug, role=REVIEWER)
    names = annotator_names(project, user)
    sort, number = request.GET.get("sort", ""), request.GET.get("page")
    context = quality_page(quality_report(project), names, sort=sort, number=number)
    return render(request, "curation/quality.html", {"project": project} | context)


@page
@require_GET
def annotator_detail(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponse:
    """One annotator's figures in this project, with their drift."""
    user = current_user(request)
    project = get_project_for(user, slug, role=REVIEWER)
    found = _annotator(quality_report(project), public_id)
    name = annotator_names(project, user)[found.person.pk]
    context = annotator_page(found, name)
    return render(request, "curation/annotator_detail.html", {"project": project} | context)


def _annotator(report: Report, public_id: UUID) -> Annotator:
    """Somebody who has judged here; whoever has not does not exist on this page."""
    for one in report.annotators:
        if one.person.public_id == public_id:
            return one
    raise Http404
