"""What follows from events of other packages."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.dispatch import receiver
from knox.models import AuthToken

from annotate.models import User


@receiver([password_changed, password_reset])
def end_tokens(user: User, **_: Any) -> None:
    """A new password ends what the old one opened: sessions end by themselves, tokens here."""
    AuthToken.objects.filter(user=user).delete()
