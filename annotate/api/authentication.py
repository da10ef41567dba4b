"""Who asks: a token of knox."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class ApiTokenAuthentication(TokenAuthentication):
    """knox, with 401 where a header is not even text, and a token's own end checked only.

    knox looks through all tokens of the user at each request to delete those that ended; that is
    one statement more for every judgment, so it is left to the sign-in.
    """

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except UnicodeError as error:
            raise AuthenticationFailed("The token is not text.") from error

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        """Delete this token if it has ended; tells whether it did."""
        ended = auth_token.expiry is not None and auth_token.expiry <= timezone.now()
        if ended:
            auth_token.delete()
        return ended
