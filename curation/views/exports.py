"""Exports of a dataset from its page: asking for one, and taking a download."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from annotate.access import get_project_for
from annotate.errors import InvalidInput
from annotate.forms import first_error
from annotate.models import Membership
from annotate.views.common import current_user, page
from curation.access import export_download, get_dataset_for
from curation.export_form import ExportForm
from curation.exporting import request_export


@sensitive_post_parameters("token")
@page
@require_POST
def export_create(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for an export; its run's page tells how it goes."""
    user = current_user(request)
    dataset = get_dataset_for(user, public_id)
    get_project_for(user, dataset.project.slug, role=Membership.Role.MANAGER)
    form = ExportForm(dataset, request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    run = request_export(dataset, by=user, **form.request())
    return redirect("annotate:run-detail", run.public_id)


@page  # type: ignore[arg-type]  # a stream is no HttpResponse, but answers as one
@require_GET
def export_archive(request: HttpRequest, public_id: UUID) -> FileResponse:
    """The file of a download that is ready."""
    return export_download(current_user(request), public_id)
