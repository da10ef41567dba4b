"""A person's own last judgments: the list, and the page where one of them is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from annotate.access import get_judgment_for, get_project_for
from annotate.answers import Answer, AnswerError, ItemShape, answer_to_json, parse_answer
from annotate.errors import TiebreakError
from annotate.models import Assignment, Judgment, Project, User
from annotate.selectors import with_payload
from annotate.services import revise_judgment
from annotate.texts import canonical_json
from annotate.views.answer_fields import Fields, answer_fields, answer_payload
from annotate.views.answer_words import answer_words
from annotate.views.common import current_user, page
from annotate.views.desk import desk_context, keys_attribute
from annotate.views.item_page import item_context
from annotate.views.item_words import opening

LAST = 20
DONE_HERE = [
    Assignment.Purpose.WORK,
    Assignment.Purpose.GOLD,
    Assignment.Purpose.QUALIFICATION,
]


class TooLongAgo(TiebreakError):
    """The judgment is not among the person's last ones."""

    status_code = 403
    code = "too_long_ago"


def own_last(project: Project, user: User) -> list[Assignment]:
    """The person's last judged assignments in a project, newest first, with their texts."""
    judged = Assignment.objects.filter(
        annotator=user,
        status=Assignment.Status.SUBMITTED,
        item__project=project,
        purpose__in=DONE_HERE,
    )
    latest = with_payload(judged).select_related("judgment")
    latest = latest.prefetch_related("judgment__revisions").order_by("-ended_at", "-pk")
    return list(latest[:LAST])


def keep_change(judgment: Judgment, *, answer: Answer, by: User) -> bool:
    """Add a revision unless this is what the person said last; tells whether it did."""
    said = judgment.revisions.filter(author=by).order_by("-number").first()
    if said is not None and canonical_json(said.answer) == canonical_json(answer_to_json(answer)):
        return False
    revise_judgment(judgment, answer=answer, by=by)
    return True


@page
@require_GET
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """The last judgments in words, each with a way to change it."""
    user = current_user(request)
    project = get_project_for(user, slug)
    rows = [_row(assignment, user) for assignment in own_last(project, user)]
    return render(request, "annotate/history.html", {"project": project, "rows": rows})


@page
@require_GET
def history_latest(request: HttpRequest, slug: str) -> HttpResponse:
    """The way to the person's last judgment; the list where there is none yet."""
    user = current_user(request)
    project = get_project_for(user, slug)
    last = own_last(project, user)[:1]
    if last:
        return redirect("annotate:judgment-edit", last[0].judgment.public_id)
    messages.info(request, _("You have judged nothing here yet."))
    return redirect("annotate:item-next", project.slug)


@page
@require_http_methods(["GET", "POST"])
def judgment_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One of the last judgments, as it was shown, to be changed; saving makes a revision."""
    user = current_user(request)
    judgment = get_judgment_for(user, public_id)
    assignment = _among_last(judgment, user)
    shape = assignment.item.shape_on(judgment.scale)
    if request.method == "GET":
        return _edit_page(request, assignment, _said_fields(assignment.judgment, user, shape))
    try:
        answer = parse_answer(answer_payload(request.POST.dict(), shape), shape)
    except AnswerError as error:
        filled_in = {name: str(value) for name, value in request.POST.items()}
        return _edit_page(request, assignment, filled_in, str(error))
    if keep_change(judgment, answer=answer, by=user):
        messages.success(request, _("Your change is stored."))
    return redirect("annotate:item-next", assignment.item.project.slug)


def _among_last(judgment: Judgment, user: User) -> Assignment:
    last = own_last(judgment.assignment.item.project, user)
    found = next((a for a in last if a.pk == judgment.assignment_id), None)
    if found is None:
        raise TooLongAgo(
            _("Only your last %(n)s judgments can be changed here: this one is older.")
            % {"n": LAST}
        )
    return found


def _said(judgment: Judgment, user: User, shape: ItemShape) -> Answer | None:
    """What the person said last, read whatever the project asks for by now."""
    own = [revision for revision in judgment.revisions.all() if revision.author_id == user.pk]
    if not own:
        return None
    said = max(own, key=lambda revision: revision.number)
    return parse_answer(said.answer, replace(shape, aspects=(), all_steps=False))


def _said_fields(judgment: Judgment, user: User, shape: ItemShape) -> Fields:
    said = _said(judgment, user, shape)
    return {} if said is None else answer_fields(said, shape)


def _row(assignment: Assignment, user: User) -> dict[str, Any]:
    judgment = assignment.judgment
    shape = assignment.item.shape_on(judgment.scale)
    said = _said(judgment, user, shape)
    return {
        "judgment": judgment,
        "kind": assignment.item.get_kind_display(),
        "start": opening(assignment.item.prompt),
        "words": answer_words(said, shape) if said is not None else "",
        "rationale": said.rationale if said is not None else "",
        "at": assignment.ended_at,
    }


def _edit_page(
    request: HttpRequest, assignment: Assignment, fields: Fields, error: str = ""
) -> HttpResponse:
    context = desk_context(assignment.item.project, current_user(request))
    context |= item_context(assignment, fields=fields, error=error)
    context |= {"judgment": assignment.judgment, "own_keys": keys_attribute(request)}
    status = 422 if error else 200
    return render(request, "annotate/judgment_edit.html", context, status=status)
