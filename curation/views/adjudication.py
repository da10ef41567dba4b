"""The review queue, and the page on which a reviewer decides an item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.access import get_item_for, get_project_for
from annotate.answers import AnswerError, parse_answer, to_shown
from annotate.forms import first_error
from annotate.models import Assignment, Item, Judgment, Membership, Project, User
from annotate.naming import annotator_names
from annotate.services.review import adjudicate, review_order, send_back, set_aside
from annotate.views.answer_fields import Fields, answer_fields, answer_payload
from annotate.views.common import current_user, page, reported
from annotate.views.desk import keys_attribute
from annotate.views.item_page import item_context
from annotate.views.item_words import opening, words_on
from curation.adjudication import (
    ADJUDICATION,
    disagreements,
    next_disagreement,
    opinions_to_review,
    shown_disagreements,
    twins_of,
)
from curation.forms import SendBackForm, SetAsideForm
from curation.views.voices import voices_elsewhere

SHOWN, TWINS = 50, 20
REVIEWER = Membership.Role.REVIEWER


@page
@require_GET
def adjudication(request: HttpRequest, slug: str) -> HttpResponse:
    """The items on which people disagree, the largest disagreement first."""
    project = get_project_for(current_user(request), slug, role=REVIEWER)
    found = Paginator(disagreements(project), SHOWN).get_page(request.GET.get("page"))
    rows = [
        row | {"opening": opening(row["item"].prompt)} for row in shown_disagreements(list(found))
    ]
    context = {"project": project, "page": found, "rows": rows}
    return render(request, "curation/adjudication.html", context)


@page
@require_http_methods(["GET", "POST"])
def adjudicate_item(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One item with what people said of it and the form to decide it."""
    user = current_user(request)
    item = get_item_for(user, public_id)
    desk, earlier = _desk(item, user)
    if request.method == "GET":
        return _show(request, desk, earlier, fields=_said(desk, earlier))
    shape = desk.shape()
    try:
        answer = parse_answer(answer_payload(request.POST.dict(), shape), shape)
    except AnswerError as error:
        fields = {name: str(value) for name, value in request.POST.items()}
        return _show(request, desk, earlier, fields=fields, error=str(error))
    adjudicate(item, answer=answer, display_order=desk.display_order or [], by=user)
    messages.success(request, _("Your decision is stored. It overrides what annotators said."))
    return _next(item.project)


@page
@require_POST
def item_send_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask more people for their view of an item."""
    return _put_off(request, public_id, SendBackForm(request.POST), _send_back)


@page
@require_POST
def item_set_aside(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take an item out as unusable."""
    return _put_off(request, public_id, SetAsideForm(request.POST), _set_aside)


def _put_off(
    request: HttpRequest, public_id: UUID, form: forms.Form, act: Callable[..., str]
) -> HttpResponse:
    user = current_user(request)
    item = get_item_for(user, public_id)
    if not form.is_valid():
        return _refused(request, item, first_error(form))
    with reported(request):
        messages.success(request, act(item, by=user, **form.cleaned_data))
    return _next(item.project)


def _send_back(item: Item, **said: Any) -> str:
    if send_back(item, **said):
        return _("The item is sent back and asked again.")
    return _("The item is sent back. It is asked again in the next round.")


def _set_aside(item: Item, **said: Any) -> str:
    set_aside(item, **said)
    return _("The item is set aside: no dataset takes its judgments.")


def _next(project: Project) -> HttpResponse:
    """The next item to review, or the queue once nothing is left."""
    item = next_disagreement(project)
    if item is not None:
        return redirect("curation:adjudicate", item.public_id)
    return redirect("curation:adjudication", project.slug)


def _desk(item: Item, user: User) -> tuple[Assignment, Judgment | None]:
    """What this reviewer sees: their earlier decision as they gave it, else a fresh slot.

    The slot is not stored; the decision stores one.
    """
    made = Judgment.objects.filter(
        assignment__item=item, assignment__annotator=user, assignment__purpose=ADJUDICATION
    )
    earlier = made.select_related("assignment").first()
    order = earlier.display_order if earlier else review_order(item, user)
    scale = earlier.scale if earlier else item.project.protocol(item.kind)
    desk = Assignment(
        item=item, annotator=user, purpose=ADJUDICATION, display_order=order, scale=scale
    )
    return desk, earlier


def _said(desk: Assignment, earlier: Judgment | None) -> Fields:
    if earlier is None:
        return {}
    earlier.assignment.item = desk.item
    return answer_fields(earlier.latest_answer(), desk.shape())


def _refused(request: HttpRequest, item: Item, error: str) -> HttpResponse:
    desk, earlier = _desk(item, current_user(request))
    return _show(request, desk, earlier, fields=_said(desk, earlier), error=error)


def _show(
    request: HttpRequest,
    desk: Assignment,
    earlier: Judgment | None,
    *,
    fields: Fields,
    error: str = "",
) -> HttpResponse:
    user, project = current_user(request), desk.item.project
    context = item_context(desk, fields=fields, error=error) | {
        "project": project,
        "review_item": desk.item,
        "judgment": earlier,
        "opinions": _opinions(desk, user),
        "twins": _twins(desk, user),
        "own_keys": keys_attribute(request),
        "send_back_form": SendBackForm(auto_id="back_%s"),
        "set_aside_form": SetAsideForm(auto_id="aside_%s"),
    }
    return render(request, "curation/adjudicate.html", context, status=422 if error else 200)


def _opinions(desk: Assignment, user: User) -> list[dict[str, Any]]:
    """What was said, with the letters that the responses have on this page."""
    names = annotator_names(desk.item.project, user)
    order = desk.display_order or []
    return [
        {
            "who": names.get(one.assignment.annotator_id or 0, ""),
            "kind": one.assignment.annotator.kind if one.assignment.annotator else "",
            "is_decision": not one.is_counted,
            "is_surplus": one.assignment.is_surplus,
            "words": words_on(to_shown(one.answer, order), one.kind, one.judgment.scale),
            "rationale": one.answer.rationale,
        }
        for one in opinions_to_review(desk.item)
    ]


def _twins(desk: Assignment, user: User) -> list[dict[str, Any]]:
    """Items that ask the same and what was said of them, with the letters of this page."""
    names = annotator_names(desk.item.project, user)
    responses = desk.item.ordered_responses()
    texts = [responses[place].content for place in desk.display_order or []]
    return [
        {"item": twin, "voices": voices_elsewhere(opinions_to_review(twin), twin, texts, names)}
        for twin in twins_of(desk.item)[:TWINS]
    ]
