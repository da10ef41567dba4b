"""A person's own page: the language of the pages, and the ways to the other settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotate.forms import LanguageForm
from annotate.services.people import choose_language
from annotate.views.common import current_user, form_page, page


@page
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Choose a language."""
    user = current_user(request)
    form = LanguageForm(
        request.POST or None, initial={"language": user.preferences.get("language", "")}
    )
    if form.is_valid():
        language = form.cleaned_data["language"]
        choose_language(user, language=language)
        with override(language or get_language()):
            messages.success(request, _("Your language is saved."))
        return redirect("annotate:account")
    return form_page(request, "annotate/account.html", {"form": form})
