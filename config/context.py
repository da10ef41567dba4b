"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """``DEMO`` shows the sample logins, ``DEMO_LOGINS``, on the sign-in page."""
    if not settings.DEMO:
        return {"DEMO": False}
    from modeling.demo import LOGINS, PASSWORD  # the demo belongs to the topmost app

    return {"DEMO": True, "DEMO_LOGINS": [(name, PASSWORD, role) for name, role in LOGINS]}
