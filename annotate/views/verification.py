"""The page that lets a verifier judge outcome items."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.access import get_project_for
from annotate.errors import TiebreakError
from annotate.forms import VerificationForm
from annotate.models import Membership
from annotate.services import request_verification
from annotate.views.common import add_error, current_user, form_page, page


@page
@require_http_methods(["GET", "POST"])
def verification_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a verifier; what it does is a job."""
    user = current_user(request)
    project = get_project_for(user, slug, role=Membership.Role.MANAGER)
    form, status = VerificationForm(request.POST or None), 200
    if form.is_valid():
        try:
            run = request_verification(project, by=user, **form.cleaned_data)
        except TiebreakError as error:
            status = add_error(form, error)
        else:
            return redirect("annotate:run-detail", run.public_id)
    context = {"project": project, "form": form}
    return form_page(request, "annotate/verification_create.html", context, status=status)
