"""Signing in over the API."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.utils import timezone
from knox.models import AuthToken
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle

from annotate.api.base import ApiView, operation
from annotate.api.fields import Text
from annotate.models import User


class TokenCreate(ApiView):
    """Exchange a password for a token; wrong names and wrong passwords get the same answer."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "login"

    class Input(serializers.Serializer[Any]):
        username = Text(max_length=150, trim_whitespace=False)
        password = Text(max_length=1_000, trim_whitespace=False)
        code = Text(
            max_length=20,
            required=False,
            default="",
            help_text="The code of the second factor, for accounts that have one",
        )

    class Output(serializers.Serializer[Any]):
        token = serializers.CharField()
        expires_at = serializers.DateTimeField()

    @operation(
        "Sign in",
        request=Input,
        answers={200: Output},
        errors=(400, 429),
        auth=[],
        operation_id="auth_token_create",
    )
    def post(self, request: Request) -> Response:
        data = self.parsed(request)
        user = authenticate(request._request, username=data["username"], password=data["password"])
        if not isinstance(user, User):
            raise AuthenticationFailed("The user name or the password is wrong.")
        _check_second_factor(user, data["code"])
        AuthToken.objects.filter(user=user, expiry__lte=timezone.now()).delete()
        row, token = AuthToken.objects.create(user=user)
        update_last_login(User, user)
        return Response(self.Output({"token": token, "expires_at": row.expiry}).data)

    def get_authenticate_header(self, request: Request) -> str:
        """Makes a failed sign-in a 401, though no authentication class stands here."""
        return "Token"


def _check_second_factor(user: User, code: str) -> None:
    """A password alone must not open an account that asks for more on the sign-in page."""
    if is_mfa_enabled(user) and not AuthenticateForm(data={"code": code}, user=user).is_valid():
        raise AuthenticationFailed(
            "This account has a second factor: send its current code as well.",
            code="code_required",
        )
