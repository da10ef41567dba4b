"""What surrounds an item on the judging page: own pace, keys, guidelines, and whose page it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from annotate.access import get_project_for
from annotate.keys import own_keys
from annotate.models import Project, User
from annotate.pace import own_pace
from annotate.selectors import idle_reason
from annotate.views.common import current_user, is_htmx, page

Extra = ParamSpec("Extra")
View = Callable[Concatenate[HttpRequest, Extra], HttpResponse]
FOR_GOOD = "private, max-age=31536000, immutable"


def own_session(view: View[Extra]) -> View[Extra]:
    """Refuse what a page of somebody else sends: another person may have signed in since.

    Such a page names its person in ``by``; the answers it keeps are sent when they are back.
    A page that only waits names them, too: nobody is given an item on another's page.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Extra.args, **kwargs: Extra.kwargs) -> HttpResponse:
        sender = request.POST.get("by") or request.GET.get("by", "")
        if sender and sender != str(current_user(request).public_id):
            return HttpResponse(_("Somebody else is signed in."), status=401)
        return view(request, *args, **kwargs)

    return guarded


def desk_context(project: Project, user: User) -> dict[str, Any]:
    """What every reply of the judging page knows, whatever item it brings."""
    edition = project.guidelines.values_list("number", flat=True).first()
    return {"project": project, "pace": own_pace(project, user), "edition": edition or 0}


def resting_context(project: Project, user: User) -> dict[str, Any]:
    """The notice in place of an item, and why there is none."""
    return {"is_resting": True, "idle_reason": idle_reason(project, user)}


def item_reply(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The whole page, or for a script what it swaps in."""
    if is_htmx(request):
        context["fate"] = "refused" if status >= 400 else "stored"
        return render(request, "annotate/_reply.html", context, status=status)
    context["own_keys"] = keys_attribute(request)
    return render(request, "annotate/item_next.html", context, status=status)


def keys_attribute(request: HttpRequest) -> str:
    """The person's own keys, as the scripts read them."""
    return json.dumps(own_keys(current_user(request)))


def guidelines_panel(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One edition of the guidelines beside the work; an edition never changes, so it is cached."""
    response = _guidelines_panel(request, slug, number)
    if response.status_code == 200:
        response["Cache-Control"] = FOR_GOOD
        del response["Expires"]
    return response


@page
@require_GET
def _guidelines_panel(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    project = get_project_for(current_user(request), slug)
    edition = get_object_or_404(project.guidelines, number=number)
    return render(request, "annotate/_guidelines_panel.html", {"guidelines": edition})
