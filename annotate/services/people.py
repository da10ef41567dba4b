"""What people set for themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotate.errors import InvalidInput
from annotate.models import User


@transaction.atomic
def choose_language(user: User, *, language: str) -> None:
    """Show this person all pages in a language; empty leaves it to the browser."""
    if language and language not in dict(settings.LANGUAGES):
        raise InvalidInput(_("This language is not offered here."), field="language")
    fresh = User.objects.select_for_update().get(pk=user.pk)
    fresh.preferences = {**fresh.preferences, "language": language}
    fresh.save(update_fields=["preferences"])
