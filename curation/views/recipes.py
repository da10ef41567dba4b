"""The recipe editor: change every setting, look at what it would do, build it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.access import get_project_for
from annotate.errors import TiebreakError
from annotate.models import Membership, Project, User
from annotate.views.common import add_error, current_user, form_page, is_htmx, page
from curation.core.errors import RecipeError
from curation.models import CurationRun, DatasetVersion
from curation.recipe import KINDS, Recipe
from curation.recipe_form import RecipeForm
from curation.recipe_words import recipe_in_words
from curation.services import request_dataset
from curation.views.left_out import with_items

MANAGER = Membership.Role.MANAGER
ASKED_FOR_NOW = timedelta(seconds=1)


@page
@require_http_methods(["GET", "POST"])
def recipe_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """All settings of a recipe; sent, it is looked at or built."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    recipe, until = _start(request, project)
    form = RecipeForm(project, request.POST or None, recipe=recipe, until=until)
    status = 200
    if form.is_valid():
        try:
            return _asked(request, project, form, user)
        except TiebreakError as error:
            status = add_error(form, error)
    context = {"project": project, "form": form}
    return form_page(request, "curation/recipe_edit.html", context, status=status)


@page
@require_GET
def recipe_preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a recipe would give; asked for by htmx, only the part that changes."""
    run = _preview_for(current_user(request), public_id)
    preview = run.result.get("preview")
    context: dict[str, Any] = {
        "project": run.project,
        "run": run,
        "preview": with_items(preview, run.project) if preview else None,
        "recipe_rows": recipe_in_words(run.recipe),
        "recipe_json": json.dumps(run.recipe, indent=2, ensure_ascii=False),
    }
    name = "_preview" if is_htmx(request) else "recipe_preview"
    return render(request, f"curation/{name}.html", context)


@page
@require_POST
def preview_build(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Build what a preview showed: its recipe, and the judgments until then."""
    user = current_user(request)
    preview = _preview_for(user, public_id)
    recipe = Recipe.from_dict(preview.recipe)
    run = request_dataset(preview.project, recipe=recipe, by=user, cutoff=preview.cutoff_at)
    return redirect("annotate:run-detail", run.public_id)


def _asked(request: HttpRequest, project: Project, form: RecipeForm, user: User) -> HttpResponse:
    is_preview = "build" not in request.POST
    run = request_dataset(
        project, recipe=form.recipe, by=user, cutoff=form.cutoff, is_preview=is_preview
    )
    target = "curation:recipe-preview" if is_preview else "annotate:run-detail"
    return redirect(target, run.public_id)


def _preview_for(user: User, public_id: UUID) -> CurationRun:
    run = get_object_or_404(
        CurationRun.objects.select_related("project"), public_id=public_id, is_preview=True
    )
    get_project_for(user, run.project.slug, role=MANAGER)
    return run


def _start(request: HttpRequest, project: Project) -> tuple[Recipe, datetime | None]:
    """The recipe to begin with: of a run, of a version, or the defaults of a kind.

    A run's moment is taken over where it was chosen, not where it was the moment of asking.
    """
    given = request.GET
    try:
        if run_id := given.get("run"):
            run = get_object_or_404(CurationRun, public_id=UUID(run_id), project=project)
            return Recipe.from_dict(run.recipe), _chosen_cutoff(run)
        if dataset_id := given.get("dataset"):
            dataset = get_object_or_404(DatasetVersion, public_id=UUID(dataset_id), project=project)
            return Recipe.from_dict(dataset.recipe), None
    except (ValueError, RecipeError) as error:
        raise Http404 from error
    return _default(given.get("kind", ""), project), None


def _chosen_cutoff(run: CurationRun) -> datetime | None:
    until = run.cutoff_at
    return until if until and run.created_at - until > ASKED_FOR_NOW else None


def _default(kind: str, project: Project) -> Recipe:
    return Recipe(
        next((known for known in KINDS if known == kind), "preference"),
        seed=project.seed,
        include_simulated=project.include_simulated,
    )
