"""The pages of datasets: asking for one, looking at one, taking its files."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotate.access import get_project_for, role_in
from annotate.errors import InvalidInput
from annotate.forms import first_error
from annotate.models import Membership
from annotate.views.common import current_user, page
from curation.access import dataset_download, get_dataset_for
from curation.core.records import SPLITS
from curation.forms import DatasetForm
from curation.left_out import reasons_of
from curation.models import DatasetVersion
from curation.recipe_words import recipe_in_words
from curation.selectors import loading_snippet, shown_rows, versions_beside
from curation.services import request_dataset

MANAGER = Membership.Role.MANAGER


@page
@require_POST
def dataset_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a dataset version; its run's page tells how it goes."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = DatasetForm(project, request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    run = request_dataset(project, recipe=form.recipe(), by=user)
    return redirect("annotate:run-detail", run.public_id)


@page
@require_GET
def dataset_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a dataset version is, what it was made from, and its files."""
    user = current_user(request)
    dataset = get_dataset_for(user, public_id)
    context = _described(dataset) | {"is_manager": role_in(user, dataset.project) == MANAGER}
    return render(request, "curation/dataset_detail.html", context)


@page  # type: ignore[arg-type]  # a stream is no HttpResponse, but answers as one
@require_GET
def dataset_file(request: HttpRequest, public_id: UUID, name: str) -> FileResponse:
    """One of a dataset's files, as a download."""
    return dataset_download(get_dataset_for(current_user(request), public_id), name)


def _described(dataset: DatasetVersion) -> dict[str, Any]:
    prompts = dataset.statistics.get("prompts") or {}
    return {
        "project": dataset.project,
        "dataset": dataset,
        "splits": [(name, dataset.row_counts.get(name, 0), prompts.get(name)) for name in SPLITS],
        "total": sum(dataset.row_counts.values()),
        "rows": shown_rows(dataset),
        "snippet": loading_snippet(dataset),
        "others": versions_beside(dataset),
        "has_left_out": bool(reasons_of(dataset)),
        "recipe_rows": recipe_in_words(dataset.recipe),
        "recipe_json": json.dumps(dataset.recipe, indent=2, ensure_ascii=False),
        "parents": list(dataset.parents.select_related("project")),
    }
