"""Runs: the list, the form that starts one, and a training to watch while it goes."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from annotate.access import get_project_for, role_in
from annotate.errors import TiebreakError
from annotate.models import Membership, Project, User
from annotate.views.common import add_error, current_user, form_page, is_htmx, page
from modeling.access import get_training_for
from modeling.forms import RunForm
from modeling.models import TrainingRun
from modeling.pages import curve_reply, run_list_page, run_page, run_table
from modeling.services import request_training

MANAGER, REVIEWER = Membership.Role.MANAGER, Membership.Role.REVIEWER


@page
@require_GET
def run_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The runs of a project and its models; asked for by htmx, only the part that changes."""
    user = current_user(request)
    project = get_project_for(user, slug, role=REVIEWER)
    chosen = {name: request.GET.get(name, "") for name in ("kind", "status")}
    context = {"project": project, "is_manager": role_in(user, project) == MANAGER}
    if is_htmx(request):
        return render(request, "modeling/_run_table.html", context | run_table(project, **chosen))
    return render(request, "modeling/run_list.html", context | run_list_page(project, **chosen))


@page
@require_http_methods(["GET", "POST"])
def run_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a dataset and how to train on it."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    posted = request.method == "POST"
    form = RunForm(project, request.POST if posted else None, initial=_asked_for(request))
    status = 200
    if form.is_valid():
        try:
            run = _requested(project, form, user)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            return redirect("modeling:run-detail", run.public_id)
    context = {"project": project, "form": form}
    return form_page(request, "modeling/run_create.html", context, status=status)


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """What a link to the form has chosen already."""
    names = ("dataset", "objective")
    return {name: value for name in names if (value := request.GET.get(name))}


def _requested(project: Project, form: RunForm, user: User) -> TrainingRun:
    dataset = form.cleaned_data["dataset"]
    return request_training(project, dataset=dataset, config=form.config_values(), by=user)


@page
@require_GET
def run_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A training: its curves as they grow, and what came of it."""
    user = current_user(request)
    run = get_training_for(user, public_id)
    context = {**run_page(run), "is_manager": role_in(user, run.project) == MANAGER}
    return render(request, "modeling/run_detail.html", context)


@page
@require_GET
def run_curve(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Where a training stands and its plots, as JSON for the page that shows them."""
    return JsonResponse(curve_reply(get_training_for(current_user(request), public_id)))
