"""What managers do on a project's page: make accounts, close the round."""

from __future__ import annotations

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from annotate.access import get_project_for
from annotate.errors import InvalidInput
from annotate.forms import AnnotatorsForm, first_error
from annotate.models import Membership, Round
from annotate.services import close_round, create_annotators
from annotate.views.common import current_user, page, reported

MANAGER = Membership.Role.MANAGER
USED_KEYS = "annotators-created"
MAX_USED_KEYS = 50
MADE_ALREADY = (
    "These accounts were made already; passwords and tokens are shown once. "
    "Fill in “Add people” again for more."
)


@page
@require_POST
def annotators_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Make accounts and show their credentials, once."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    form = AnnotatorsForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(first_error(form))
    if not _is_first_use(request, str(form.cleaned_data["key"])):
        messages.warning(request, MADE_ALREADY)
        return redirect("annotate:project-home", project.slug)
    logins = create_annotators(
        project, n=form.cleaned_data["n"], role=form.cleaned_data["role"], by=user
    )
    context = {"project": project, "logins": logins, "role": form.cleaned_data["role"]}
    return render(request, "annotate/annotators_created.html", context)


@page
@require_POST
def round_close(request: HttpRequest, slug: str) -> HttpResponse:
    """Close the open round."""
    user = current_user(request)
    project = get_project_for(user, slug, role=MANAGER)
    round_ = project.rounds.filter(status=Round.Status.OPEN).first()
    if round_ is None:
        messages.error(request, "No round is open.")
        return redirect("annotate:project-home", project.slug)
    with reported(request):
        close_round(round_, by=user)
        messages.success(request, f"Round {round_.number} is closed.")
    return redirect("annotate:project-home", project.slug)


def _is_first_use(request: HttpRequest, key: str) -> bool:
    """Whether a form comes for the first time; the cache tells two clicks at once apart."""
    used = request.session.get(USED_KEYS, [])
    if key in used or not cache.add(f"{USED_KEYS}:{request.user.pk}:{key}", True):
        return False
    request.session[USED_KEYS] = [*used, key][-MAX_USED_KEYS:]
    return True
