"""Jobs: imports to start, and every kind of run to watch, cancel and retry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.access import get_project_for
from annotate.errors import TiebreakError
from annotate.forms import ImportForm
from annotate.models import Membership, Project, Run, User
from annotate.services import request_import
from annotate.services.hub_imports import request_hub_import
from annotate.services.runs import find_run, request_cancel, retry_run, runs_of
from annotate.views.common import add_error, current_user, form_page, is_htmx, page, reported

MANAGER = Membership.Role.MANAGER
MAX_SHOWN_ERRORS = 200
MAX_RUNS = 100
ELSEWHERE = ("errors", "preview")  # parts of a result that are shown otherwise


@page
@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Upload files or name a dataset of the Hub; each becomes an import run."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    posted = request.method == "POST"
    form, status = ImportForm(request.POST, request.FILES) if posted else ImportForm(), 200
    if form.is_valid():
        try:
            runs = _request_imports(project, form, user)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            return _to_runs(project, runs)
    context = {"project": project, "form": form}
    return form_page(request, "annotate/import_create.html", context, status=status)


@page
@require_GET
def run_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The latest jobs of a project."""
    project = get_project_for(current_user(request), slug, role=MANAGER)
    context = {"project": project, "runs": runs_of(project.pk, limit=MAX_RUNS)}
    return render(request, "annotate/run_list.html", context)


@page
@require_GET
def run_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One job; asked for by htmx, only the part that changes."""
    run = _run_for(current_user(request), public_id)
    template = "annotate/_run.html" if is_htmx(request) else "annotate/run_detail.html"
    return render(request, template, _run_context(run))


@page
@require_POST
def run_cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask a job to stop."""
    user = current_user(request)
    run = _run_for(user, public_id)
    with reported(request):
        request_cancel(run, by=user)
        messages.info(request, _("The job is asked to stop."))
    return redirect("annotate:run-detail", public_id)


@page
@require_POST
def run_retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put a failed or cancelled job back in its queue."""
    user = current_user(request)
    run = _run_for(user, public_id)
    with reported(request):
        retry_run(run, by=user)
        messages.info(request, _("The job is back in its queue."))
    return redirect("annotate:run-detail", public_id)


def _request_imports(project: Project, form: ImportForm, user: User) -> list[Run]:
    data = form.cleaned_data
    how = {
        "by": user,
        "kind": data["kind"],
        "oracle": data["oracle"],
        "opens_round": data["open_round"],
    }
    runs: list[Run] = [request_import(project, upload=upload, **how) for upload in data["uploads"]]
    if data["hub"]:
        runs.append(request_hub_import(project, data["hub"], **how))
    return runs


def _to_runs(project: Project, runs: list[Run]) -> HttpResponse:
    if len(runs) == 1:
        return redirect("annotate:run-detail", runs[0].public_id)
    return redirect("annotate:run-list", project.slug)


def _run_for(user: User, public_id: UUID) -> Run:
    run = find_run(public_id)
    if run is None:
        raise Http404
    get_project_for(user, run.project.slug, role=MANAGER)
    return run


def _run_context(run: Run) -> dict[str, Any]:
    errors = run.result.get("errors") or []
    errors = errors if isinstance(errors, list) else []
    return {
        "project": run.project,
        "run": run,
        "counts": _flat({k: v for k, v in run.result.items() if not k.startswith(ELSEWHERE)}),
        "errors": errors[:MAX_SHOWN_ERRORS],
        "errors_left_out": max(0, len(errors) - MAX_SHOWN_ERRORS)
        + int(run.result.get("errors_left_out") or 0),
        "can_retry": run.status in (Run.Status.FAILED, Run.Status.CANCELLED),
    }


def _flat(result: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """A run's result as (name, value) rows; nested names are joined with a dot."""
    rows: list[tuple[str, Any]] = []
    for name, value in result.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{name} · ")
        elif isinstance(value, list):
            rows.append((label, ", ".join(str(entry) for entry in value[:20])))
        elif value is not None:
            rows.append((label, value))
    return rows
