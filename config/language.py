"""Which language a page is in: the person's own choice, then the cookie and the browser's wish."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from django.views.i18n import JavaScriptCatalog

SCRIPTS_OF = ["annotate"]  # any one app: our texts lie in LOCALE_PATHS
Handler = Callable[[HttpRequest], HttpResponse]


def known_language(code: object) -> str | None:
    """A language this site is offered in, None for anything else."""
    return code if isinstance(code, str) and code in dict(settings.LANGUAGES) else None


class PreferredLanguageMiddleware:
    """The language that somebody chose for their account wins over the browser's.

    It stands behind LocaleMiddleware, which has found a language already, and behind the
    authentication, which knows the person.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        preferences = getattr(request.user, "preferences", None) or {}
        chosen = known_language(preferences.get("language"))
        if chosen is not None:
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return self.get_response(request)


@require_GET
@cache_control(public=True, max_age=3600)
def script_texts(request: HttpRequest, language: str) -> HttpResponseBase:
    """The texts of the scripts, as a script; the address names the language, so it may be kept."""
    if known_language(language) is None:
        raise Http404
    with translation.override(language):
        return JavaScriptCatalog.as_view(packages=SCRIPTS_OF)(request)
