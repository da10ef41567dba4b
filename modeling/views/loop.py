"""The pages of the loop: where it stands, and what managers do by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from annotate.access import get_project_for, role_in
from annotate.errors import InvalidInput, TiebreakError
from annotate.forms import first_error
from annotate.models import Membership, Project
from annotate.services import close_round, open_round
from annotate.views.common import current_user, is_htmx, page, reported
from curation.models import DatasetVersion
from curation.selectors import newest_dataset
from modeling.forms import RoundForm, TrainingForm
from modeling.loop import advance
from modeling.pages import loop_panel, overview_page, told
from modeling.services import request_round, request_training

MANAGER, REVIEWER = Membership.Role.MANAGER, Membership.Role.REVIEWER
OVERVIEW = "modeling:project-overview"


@page
@require_GET
def project_overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the loop stands; asked for by htmx, only the part that changes while work runs."""
    user = current_user(request)
    project = get_project_for(user, slug, role=REVIEWER)
    context = {"project": project, "is_manager": role_in(user, project) == MANAGER}
    if is_htmx(request):
        return _loop_fragment(request, context | loop_panel(project))
    context |= loop_panel(project) | overview_page(project)
    return render(request, "modeling/project_overview.html", context)


def _loop_fragment(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The loop's panel; once the loop has moved on, all of the page is out of date."""
    if request.GET.get("seen") != context["seen"]:
        return HttpResponseClientRefresh()
    return render(request, "modeling/_loop.html", context)


@page
@require_POST
def loop_advance(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the step of the loop that is due."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    with reported(request):
        step = advance(project, by=user)
        messages.add_message(
            request, messages.SUCCESS if step.is_progress else messages.INFO, told(step)
        )
    return redirect(OVERVIEW, slug)


@page
@require_POST
def training_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Train on the named dataset, or on the newest preference dataset."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = TrainingForm(project, request.POST)
    try:
        dataset = _training_dataset(project, form)
        run = request_training(project, dataset=dataset, config=form.config(), by=user)
    except TiebreakError as error:
        messages.error(request, str(error))
        return redirect(OVERVIEW, slug)
    return redirect("modeling:run-detail", run.public_id)


def _training_dataset(project: Project, form: TrainingForm) -> DatasetVersion:
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    named = form.cleaned_data["dataset"]
    if named is not None:
        return get_object_or_404(DatasetVersion, public_id=named, project=project)
    dataset = newest_dataset(project, kind="preference")
    if dataset is None:
        raise InvalidInput(_("There is no preference dataset yet: build one first."))
    return dataset


@page
@require_POST
def round_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Pick the next round with the model in force."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = RoundForm(project, request.POST)
    try:
        if not form.is_valid():
            raise InvalidInput(first_error(form))
        run = request_round(project, seed=form.seed(), by=user, **form.cleaned_data)
    except TiebreakError as error:
        messages.error(request, str(error))
        return redirect(OVERVIEW, slug)
    return redirect("annotate:run-detail", run.public_id)


@page
@require_POST
def round_open(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Open a draft round."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    round_ = get_object_or_404(project.rounds, number=number)
    with reported(request):
        open_round(round_, by=user)
        messages.success(request, _("Round %(number)d is open.") % {"number": number})
    return redirect(OVERVIEW, slug)


@page
@require_POST
def round_close(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Close an open round before it is full."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    round_ = get_object_or_404(project.rounds, number=number)
    with reported(request):
        close_round(round_, by=user)
        messages.success(request, _("Round %(number)d is closed.") % {"number": number})
    return redirect(OVERVIEW, slug)
