"""The page where people choose the keys of the judging page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotate.errors import InvalidInput
from annotate.keys import ACTIONS, ALL, own_keys, set_keys
from annotate.views.common import current_user, page

SCOPES = {
    ALL: gettext_lazy("Everywhere"),
    "comparison": gettext_lazy("Comparisons"),
    "ranking": gettext_lazy("Rankings"),
    "rating": gettext_lazy("Ratings"),
    "steps": gettext_lazy("Steps and turns"),
    "outcome": gettext_lazy("Right or wrong"),
}


@page
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """One field for each action; what two actions would share is refused."""
    if request.method == "GET":
        return _page(request, own_keys(current_user(request)))
    chosen = {} if "reset" in request.POST else request.POST.dict()
    try:
        set_keys(current_user(request), keys=chosen)
    except InvalidInput as error:
        return _page(request, chosen, error)
    messages.success(request, _("Your keys are stored."))
    return redirect(_way_back(request))


def _page(
    request: HttpRequest, chosen: dict[str, str], error: InvalidInput | None = None
) -> HttpResponse:
    context = {
        "scopes": [(label, _rows(scope, chosen, error)) for scope, label in SCOPES.items()],
        "error": error,
        "next": _way_back(request),
    }
    return render(request, "annotate/keys.html", context, status=422 if error else 200)


def _rows(scope: str, chosen: dict[str, str], error: InvalidInput | None) -> list[dict[str, Any]]:
    wrong = error.field if error else ""
    return [
        {
            "action": action,
            "key": chosen.get(action.name) or action.default,
            "is_wrong": action.name == wrong,
        }
        for action in ACTIONS
        if action.scope == scope
    ]


def _way_back(request: HttpRequest) -> str:
    """Where the person came from, within this site."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and is_safe else reverse("annotate:keys")
