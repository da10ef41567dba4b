"""What all API views share: parsing, the signed-in user, and how they describe themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar, cast

from django.http import Http404
from django.utils.cache import add_never_cache_headers
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from annotate.models import User

Method = TypeVar("Method", bound=Callable[..., Any])
AnySerializer = type[serializers.Serializer[Any]]

ERRORS = {
    400: "Malformed: the message says what is wrong, ``field`` where.",
    401: "Not signed in.",
    403: "The role is too small for this.",
    404: "There is no such thing, or it belongs to others.",
    409: "Something happened in between.",
    413: "Too large.",
    429: "Too often; ``Retry-After`` says how many seconds to wait.",
    503: "Not ready; ``Retry-After`` says how many seconds to wait.",
}


class ErrorBody(serializers.Serializer[Any]):
    """What went wrong, for programs and for people."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False)


class ErrorReply(serializers.Serializer[Any]):
    """The form of every error."""

    error = ErrorBody()


class RunAccepted(serializers.Serializer[Any]):
    """Work that was queued; ``runs/{id}`` tells how it goes."""

    run = serializers.UUIDField()


class ApiTokenScheme(KnoxTokenScheme):
    """Describes ``ApiTokenAuthentication`` in the schema as knox's own."""

    target_class = "annotate.api.authentication.ApiTokenAuthentication"


class ApiView(APIView):
    """One action. ``Input`` and ``Output`` are nested serializers, named after the view."""

    Input: ClassVar[AnySerializer]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("Input", "Output"):
            if name in vars(cls):
                extend_schema_serializer(component_name=f"{cls.__name__}{name}")(vars(cls)[name])

    def finalize_response(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Nothing that the API says is for a cache."""
        response = super().finalize_response(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    def parsed(self, request: Request) -> dict[str, Any]:
        """The validated body. Raises ValidationError (400)."""
        serializer = self.Input(data=request.data)
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


class UnknownPath(APIView):
    """Any address that the API does not have, answered in the form of its errors."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nobody is asked who they are, since nothing is here."""
        raise Http404


def signed_in(request: Request) -> User:
    """The person asking; the permission classes let nobody else come this far."""
    return cast(User, request.user)


def operation(
    summary: str,
    *,
    answers: dict[Any, Any],
    request: Any = None,
    errors: Sequence[int] = (404,),
    **kwargs: Any,
) -> Callable[[Method], Method]:
    """Describe a view's method: its reply by status, and the errors it knows beside 401."""
    known = {
        status: OpenApiResponse(ErrorReply, description=ERRORS[status]) for status in (401, *errors)
    }
    return extend_schema(summary=summary, request=request, responses=answers | known, **kwargs)
