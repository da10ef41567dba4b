"""What all page views share: who may come in, and how errors become pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from annotate.errors import TiebreakError
from annotate.models import User

Extra = ParamSpec("Extra")
View = Callable[Concatenate[HttpRequest, Extra], HttpResponse]


def page(view: View[Extra]) -> View[Extra]:
    """A page for people who are signed in; a TiebreakError becomes a page that explains it."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Extra.args, **kwargs: Extra.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _sign_in(request)
        try:
            return view(request, *args, **kwargs)
        except TiebreakError as error:
            return problem(request, error)

    return cast("View[Extra]", guarded)


def _sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; a fragment's request takes the whole browser there."""
    came_from = request.get_full_path() if request.method == "GET" else resolve_url("/")
    if not is_htmx(request):
        return redirect_to_login(came_from)
    came_from = request.htmx.current_url_abs_path or came_from  # type: ignore[attr-defined]
    return HttpResponseClientRedirect(redirect_to_login(came_from)["Location"])


def problem(request: HttpRequest, error: TiebreakError) -> HttpResponse:
    """A page that says what went wrong and what to do."""
    context = {"error": error, "status": error.status_code}
    return render(request, "problem.html", context, status=error.status_code)


def current_user(request: HttpRequest) -> User:
    """The person behind a request that ``page`` let in."""
    return cast(User, request.user)


def is_htmx(request: HttpRequest) -> bool:
    """Whether a fragment is asked for instead of a whole page."""
    return bool(request.htmx)  # type: ignore[attr-defined]


@contextmanager
def reported(request: HttpRequest) -> Iterator[None]:
    """A TiebreakError inside becomes a message on the next page."""
    try:
        yield
    except TiebreakError as error:
        messages.error(request, str(error))


def add_error(form: forms.BaseForm, error: TiebreakError) -> int:
    """Show a service's error at the field it names; returns the HTTP status to answer with."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
    return error.status_code


def form_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page with a form; a bound form that is not valid answers 422 unless told otherwise."""
    form = context["form"]
    if status == 200 and form.is_bound and form.errors:
        status = 422
    return render(request, template, context, status=status)
