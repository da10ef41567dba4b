"""The page where people judge: the next item, submit and skip."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.access import get_assignment_for, get_project_for
from annotate.answers import Answer, AnswerError, answer_to_json, parse_answer
from annotate.errors import Conflict, InvalidInput
from annotate.forms import SkipForm, SubmissionForm, first_error
from annotate.models import Assignment, Judgment, Project
from annotate.selectors import own_submitted
from annotate.services import (
    claim_assignment,
    renew_lease,
    revise_judgment,
    skip_assignment,
    submit_judgment,
)
from annotate.texts import canonical_json
from annotate.views.answer_fields import Fields, answer_payload, draft_fields
from annotate.views.common import current_user, is_htmx, page
from annotate.views.item_page import SKIP_IDS, item_context, load_for_page

OPEN = [Assignment.Status.LEASED, Assignment.Status.EXPIRED]
NOT_STORED = (
    "This item was opened again since, so your answer is not stored yet. "
    "It is still here: press Submit to send it."
)
CHANGED = "You had judged this item already: your change is stored."
UNCHANGED = "You had judged this item already, with the same answer."


@page
@require_GET
def item_next(request: HttpRequest, slug: str) -> HttpResponse:
    """Claim the next item and show it; a waiting page asks again and again until there is one."""
    project = get_project_for(current_user(request), slug)
    return _next_item(request, project, is_waiting="waiting" in request.GET)


@page
@require_POST
def judgment_submit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take an answer; the reply is the next item, or the same one with what is wrong."""
    user = current_user(request)
    assignment = get_assignment_for(user, public_id)
    beside = _beside(request)
    try:
        answer = _answer(request, assignment)
    except AnswerError as error:
        fields, key = _filled_in(request, assignment), beside["idempotency_key"]
        return _same_item(request, assignment, str(error), fields, key)
    try:
        done = submit_judgment(assignment, answer=answer, by=user, **beside)
    except Conflict as error:
        return _after_conflict(request, assignment, answer, error)
    if not done.created and _keep_change(request, done.judgment, answer):
        messages.success(request, CHANGED)
    return _after(request, assignment.item.project)


@page
@require_http_methods(["GET", "POST"])
def assignment_skip(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Skip an item with a reason; GET shows the form to people without JavaScript."""
    assignment = get_assignment_for(current_user(request), public_id)
    project = assignment.item.project
    form = SkipForm(request.POST or None, initial={"fence": assignment.fence})
    if request.method == "GET" or not form.is_valid():
        return _skip_page(request, assignment, form)
    try:
        skip_assignment(assignment, fence=form.cleaned_data["fence"], reason=form.sentence())
    except Conflict as error:
        messages.warning(request, str(error))
    return _after(request, project)


def _beside(request: HttpRequest) -> dict[str, Any]:
    form = SubmissionForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(f"The form is incomplete ({first_error(form)}): load the page again.")
    return form.cleaned_data


def _answer(request: HttpRequest, assignment: Assignment) -> Answer:
    shape = assignment.shape()
    return parse_answer(answer_payload(request.POST.dict(), shape), shape)


def _filled_in(request: HttpRequest, assignment: Assignment) -> Fields:
    """What was sent, over what the draft holds of the page's other form."""
    draft = draft_fields(assignment.draft, assignment.shape())
    return draft | {name: str(value) for name, value in request.POST.items()}


def _after_conflict(
    request: HttpRequest, assignment: Assignment, answer: Answer, error: Conflict
) -> HttpResponse:
    """Nothing typed is lost: a judged item takes the change, an open one is shown again."""
    fields = _filled_in(request, assignment)
    assignment.refresh_from_db()
    judgment = Judgment.objects.filter(assignment=assignment).first()
    if judgment is not None:
        changed = _keep_change(request, judgment, answer)
        messages.success(request, CHANGED if changed else UNCHANGED)
    elif assignment.status in OPEN:
        with suppress(Conflict):
            renew_lease(assignment, fence=assignment.fence)
        return _same_item(request, assignment, NOT_STORED, fields)
    else:
        messages.warning(request, str(error))
    return _after(request, assignment.item.project)


def _keep_change(request: HttpRequest, judgment: Judgment, answer: Answer) -> bool:
    """Add a revision unless this is what the person said last; tells whether it did."""
    user = current_user(request)
    said = judgment.revisions.filter(author=user).order_by("-number").first()
    if said is not None and canonical_json(said.answer) == canonical_json(answer_to_json(answer)):
        return False
    revise_judgment(judgment, answer=answer, by=user)
    return True


def _after(request: HttpRequest, project: Project) -> HttpResponse:
    """The next item in the same round trip, or a redirect to it without JavaScript."""
    if is_htmx(request):
        get_project_for(current_user(request), project.slug)
        return _next_item(request, project)
    response = redirect("annotate:item-next", project.slug)
    response.status_code = 303
    return response


def _next_item(request: HttpRequest, project: Project, *, is_waiting: bool = False) -> HttpResponse:
    user = current_user(request)
    assignment = claim_assignment(project, by=user)
    if assignment is None and is_waiting and is_htmx(request):
        return HttpResponse(status=204)
    context: dict[str, Any] = {"project": project, "judged": own_submitted(project, user)}
    if assignment is not None:
        context |= item_context(load_for_page(assignment))
    return _show(request, context)


def _same_item(
    request: HttpRequest,
    assignment: Assignment,
    error: str,
    fields: Fields | None = None,
    key: str = "",
    skip: SkipForm | None = None,
) -> HttpResponse:
    """The item again, with what is wrong and with what the person had filled in."""
    project = assignment.item.project
    judged = own_submitted(project, current_user(request))
    context = {"project": project, "judged": judged}
    context |= item_context(
        load_for_page(assignment), fields=fields, error=error, key=key, skip=skip
    )
    return _show(request, context, status=422)


def _show(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "annotate/_item.html" if is_htmx(request) else "annotate/item_next.html"
    return render(request, template, context, status=status)


def _skip_page(request: HttpRequest, assignment: Assignment, form: SkipForm) -> HttpResponse:
    if form.is_bound and is_htmx(request):
        typed = request.POST.dict() | {"fence": str(assignment.fence)}
        refused = SkipForm(typed, auto_id=SKIP_IDS)
        error = "" if refused.errors else first_error(form)
        return _same_item(request, assignment, error, skip=refused)
    context = {"project": assignment.item.project, "assignment": assignment, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "annotate/assignment_skip.html", context, status=status)
