"""The page behind an invitation's link: it says what it is for, and lets people in by POST."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotate.errors import TiebreakError
from annotate.forms import NewAccountForm
from annotate.models import Invitation, Membership
from annotate.services.members import (
    accept_invitation,
    closed_because,
    find_invitation,
    join_with_account,
)
from annotate.views.common import current_user

SIGNED_IN_BY = "django.contrib.auth.backends.ModelBackend"
GONE = 410


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Join a project: with one button when signed in, with a new account otherwise."""
    invitation = find_invitation(secret)
    if invitation is None:
        raise Http404
    if _is_member(request, invitation):
        return redirect("annotate:project-home", invitation.project.slug)
    if reason := closed_because(invitation):
        return _closed(request, reason)
    try:
        return _join(request, invitation)
    except TiebreakError as error:
        return _closed(request, str(error))


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if request.user.is_authenticated:
        if request.method == "GET":
            return _page(request, invitation)
        accept_invitation(invitation, user=current_user(request))
        return _welcome(request, invitation)
    form = NewAccountForm(request.POST or None)
    if not form.is_valid():
        return _page(request, invitation, form)
    values = form.cleaned_data
    user = join_with_account(invitation, username=values["username"], password=values["password1"])
    login(request, user, backend=SIGNED_IN_BY)
    return _welcome(request, invitation)


def _is_member(request: HttpRequest, invitation: Invitation) -> bool:
    return request.user.is_authenticated and (
        Membership.objects.filter(project=invitation.project, user=current_user(request)).exists()
    )


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    project = invitation.project
    messages.success(request, _("Welcome to %(project)s.") % {"project": project.name})
    return redirect("annotate:project-home", project.slug)


def _page(
    request: HttpRequest, invitation: Invitation, form: NewAccountForm | None = None
) -> HttpResponse:
    context = {"invitation": invitation, "form": form}
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "annotate/join.html", context, status=status)


def _closed(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "annotate/join_closed.html", {"reason": reason}, status=GONE)
