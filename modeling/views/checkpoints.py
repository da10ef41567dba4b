"""Reward models: how good one is, putting it in force, trying it, and comparing several."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from annotate.access import get_project_for, role_in
from annotate.errors import TiebreakError
from annotate.models import Membership
from annotate.views.common import add_error, current_user, form_page, page, reported
from modeling.access import get_checkpoint_for
from modeling.forms import PromotionForm
from modeling.models import Checkpoint
from modeling.pages import (
    answered,
    checkpoint_page,
    compare_page,
    playground_page,
    promotion_page,
    typed,
)
from modeling.services import promote_checkpoint

MANAGER, REVIEWER = Membership.Role.MANAGER, Membership.Role.REVIEWER


@page
@require_GET
def checkpoint_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How good a reward model is, and how it came to be."""
    user = current_user(request)
    checkpoint = get_checkpoint_for(user, public_id)
    context = checkpoint_page(checkpoint)
    context["is_manager"] = role_in(user, checkpoint.project) == MANAGER
    return render(request, "modeling/checkpoint_detail.html", context)


@page
@require_http_methods(["GET", "POST"])
def checkpoint_promote(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put a model in force, with the gate's verdict in sight."""
    user = current_user(request)
    checkpoint = get_checkpoint_for(user, public_id, role=MANAGER)
    context = promotion_page(checkpoint)
    form = PromotionForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            passed, reason = context["verdict"].passed, form.cleaned_data["reason"]
            promote_checkpoint(checkpoint, by=user, reason=reason, verdict=passed)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            messages.success(request, _("%(model)s is in force.") % {"model": checkpoint})
            return redirect("modeling:checkpoint-detail", public_id)
    context["form"] = form
    return form_page(request, "modeling/checkpoint_promote.html", context, status=status)


@page
@require_GET
def checkpoint_compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Two models or more beside each other: ``?model=1&model=4``."""
    project = get_project_for(current_user(request), slug, role=REVIEWER)
    numbers = [int(text) for text in request.GET.getlist("model") if _is_number(text)]
    flips = request.GET.get("flips", "")
    context = compare_page(project, numbers, flips=int(flips) if _is_number(flips) else None)
    return render(request, "modeling/checkpoint_compare.html", context)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


@page
@require_http_methods(["GET", "POST"])
def playground(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Type a prompt and responses, and see what a model makes of them."""
    project = get_project_for(current_user(request), slug, role=REVIEWER)
    rows = Checkpoint.objects.select_related("project", "run__dataset")
    checkpoint = get_object_or_404(rows, project=project, number=number)
    context = playground_page(checkpoint)
    if request.method == "POST":
        context["prompt"] = request.POST.get("prompt", "")
        texts = request.POST.getlist("response")
        context["tried"] = typed(texts) or context["tried"]
        with reported(request):
            context["tried"] = answered(checkpoint, context["prompt"], texts)
    return render(request, "modeling/playground.html", context)
