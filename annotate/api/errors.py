"""How errors become HTTP: ``{error: {code, message, field?}}``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from annotate.answers import AnswerError
from annotate.errors import TiebreakError, TooLarge

MAX_MESSAGE = 500


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every API error as ``{error: {code, message, field?}}``; the unknown ones surface as 500."""
    answer = _describe(error)
    if answer is None:
        return None
    set_rollback()
    status_code, code, message, field = answer
    body = {"code": code, "message": message[:MAX_MESSAGE]} | ({"field": field} if field else {})
    response = Response({"error": body}, status=status_code)
    wait, scheme = getattr(error, "wait", None), getattr(error, "auth_header", None)
    if wait is not None:
        response["Retry-After"] = str(int(wait) + 1)
    if scheme is not None:
        response["WWW-Authenticate"] = scheme
    return response


def _describe(error: Exception) -> tuple[int, str, str, str] | None:
    if isinstance(error, TiebreakError):
        return error.status_code, error.code, str(error), error.field
    if isinstance(error, AnswerError):
        return 400, "invalid_answer", str(error), error.field
    if isinstance(error, Http404):
        return 404, "not_found", "There is no such thing here.", ""
    if isinstance(error, PermissionDenied):
        return 403, "forbidden", "You may not do this here.", ""
    if isinstance(error, RequestDataTooBig):
        return 413, TooLarge.code, "The request is too large.", ""
    if isinstance(error, SuspiciousOperation):
        return 400, "bad_request", "The request is malformed.", ""
    if isinstance(error, exceptions.ValidationError):
        field, message = _first(error.detail)
        return 400, "invalid", message, field
    if isinstance(error, exceptions.APIException):
        return error.status_code, str(error.get_codes()), str(error.detail), ""
    return None


def _first(detail: Any, field: str = "") -> tuple[str, str]:
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        path = f"{field}.{name}" if field else str(name)
        return _first(inner, path.removesuffix(".non_field_errors"))
    if isinstance(detail, list):
        return _first(detail[0], field)
    return field, str(detail)
