"""The page where people judge: the next item, the one after it, submit and skip."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.access import get_assignment_for, get_project_for
from annotate.answers import Answer, AnswerError, parse_answer
from annotate.errors import Conflict, InvalidInput
from annotate.forms import SkipForm, SubmissionForm, first_error
from annotate.models import Assignment, Judgment, Project
from annotate.services import claim_assignment, renew_lease, skip_assignment, submit_judgment
from annotate.services.gold import Feedback
from annotate.views.answer_fields import Fields, answer_payload, draft_fields
from annotate.views.common import current_user, is_htmx, page
from annotate.views.desk import desk_context, item_reply, own_session, resting_context
from annotate.views.history import keep_change
from annotate.views.item_page import SKIP_IDS, item_context, load_for_page

OPEN = [Assignment.Status.LEASED, Assignment.Status.EXPIRED]
MAX_HOLDING = 20


@page
@require_GET
@own_session
def item_next(request: HttpRequest, slug: str) -> HttpResponse:
    """Claim the next item and show it; a waiting page asks again and again until there is one."""
    project = get_project_for(current_user(request), slug)
    assignment = claim_assignment(project, by=current_user(request))
    if assignment is None and "waiting" in request.GET and is_htmx(request):
        return HttpResponse(status=204)
    return _show(request, project, assignment)


@page
@require_POST
@own_session
def item_prefetch(request: HttpRequest, slug: str) -> HttpResponse:
    """Claim what comes after the items that the page holds already."""
    project = get_project_for(current_user(request), slug)
    return _following(request, project)


@page
@require_POST
@own_session
def judgment_submit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take an answer; the reply brings an item to go on with, or this one with what is wrong."""
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
    is_resent = "queued" in request.POST  # by an outbox: nobody says anything new
    if not done.created and not is_resent:
        _keep_change(request, done.judgment, answer)
    if done.feedback is not None:
        _say_feedback(request, done.judgment, done.feedback)
    return _after(request, assignment.item.project)


@page
@require_http_methods(["GET", "POST"])
@own_session
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
        raise InvalidInput(
            _("The form is incomplete (%(error)s): load the page again.")
            % {"error": first_error(form)}
        )
    return form.cleaned_data


def _holding(request: HttpRequest) -> list[UUID]:
    """The assignments that the page has on screen, ready or waiting to be sent."""
    try:
        return [UUID(text) for text in request.POST.getlist("holding")[:MAX_HOLDING]]
    except ValueError:
        raise InvalidInput(
            _("holding takes ids of assignments: load the page again."), field="holding"
        ) from None


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
        if not _keep_change(request, judgment, answer):
            messages.success(request, _("You had judged this item already, with the same answer."))
    elif assignment.status in OPEN:
        with suppress(Conflict):
            renew_lease(assignment, fence=assignment.fence)
        return _same_item(request, assignment, _not_stored(), fields)
    else:
        messages.warning(request, str(error))
    return _after(request, assignment.item.project)


def _not_stored() -> str:
    return _(
        "This item was opened again since, so your answer is not stored yet. "
        "It is still here: press Submit to send it."
    )


def _keep_change(request: HttpRequest, judgment: Judgment, answer: Answer) -> bool:
    """Add a revision where somebody answers differently this time; tells whether it did."""
    changed = keep_change(judgment, answer=answer, by=current_user(request))
    if changed:
        messages.success(request, _("You had judged this item already: your change is stored."))
    return changed


def _say_feedback(request: HttpRequest, judgment: Judgment, feedback: Feedback) -> None:
    """What a project with immediate feedback says above the next item, and a way to change it."""
    matched = _("Your last answer matched the known answer.")
    differed = _("Your last answer did not match the known answer.")
    text = format_html(
        '{} {} <a href="{}">{}</a>',
        matched if feedback.is_right else differed,
        feedback.explanation,
        reverse("annotate:judgment-edit", args=[judgment.public_id]),
        _("Look at it again"),
    )
    (messages.success if feedback.is_right else messages.warning)(request, text)


def _after(request: HttpRequest, project: Project) -> HttpResponse:
    """What to go on with in the same round trip, or a redirect to it without JavaScript."""
    if is_htmx(request):
        return _following(request, project)
    response = redirect("annotate:item-next", project.slug)
    response.status_code = 303
    return response


def _following(request: HttpRequest, project: Project) -> HttpResponse:
    """An item that the page does not hold yet; a page with something in hand may get none."""
    user, holding = current_user(request), _holding(request)
    context = desk_context(project, user)
    if request.POST.get("next") == "none":
        return item_reply(request, context)
    assignment = None
    with suppress(Conflict):
        assignment = claim_assignment(project, by=user, holding=holding)
    if assignment is not None:
        context |= item_context(assignment)
    elif not holding:
        context |= resting_context(project, user)
    return item_reply(request, context)


def _show(request: HttpRequest, project: Project, assignment: Assignment | None) -> HttpResponse:
    user = current_user(request)
    context = desk_context(project, user)
    context |= item_context(assignment) if assignment else resting_context(project, user)
    return item_reply(request, context)


def _same_item(
    request: HttpRequest,
    assignment: Assignment,
    error: str,
    fields: Fields | None = None,
    key: str = "",
    skip: SkipForm | None = None,
) -> HttpResponse:
    """The item again, with what is wrong and with what the person had filled in."""
    context = desk_context(assignment.item.project, current_user(request))
    context |= item_context(
        load_for_page(assignment), fields=fields, error=error, key=key, skip=skip
    )
    return item_reply(request, context, status=422)


def _skip_page(request: HttpRequest, assignment: Assignment, form: SkipForm) -> HttpResponse:
    if form.is_bound and is_htmx(request):
        typed = request.POST.dict() | {"fence": str(assignment.fence)}
        refused = SkipForm(typed, auto_id=SKIP_IDS)
        error = "" if refused.errors else first_error(form)
        return _same_item(request, assignment, error, skip=refused)
    context = {"project": assignment.item.project, "assignment": assignment, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "annotate/assignment_skip.html", context, status=status)
