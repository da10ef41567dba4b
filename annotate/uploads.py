"""Large bodies are refused before anything reads them."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

UPLOAD_PATHS = re.compile(
    r"/p/[^/]+/(imports/new|datasets/files)/|/api/v1/projects/[^/]+/(imports|curation-files)"
)
MOST_FILES = 20  # in one import form
SLACK = 2**20  # of a form's other fields
Handler = Callable[[HttpRequest], HttpResponse]


class LargeBodyMiddleware:
    """Answers 413 by the announced length: large for the paths of uploads alone.

    It stands first, because everything behind it may read the body, and a form's files would be on
    the disk before anybody is asked who they are.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _announced(request) > _allowed(request.path_info):
            message = "The body is larger than this address takes."
            return JsonResponse({"error": {"code": "too_large", "message": message}}, status=413)
        return self.get_response(request)


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _allowed(path: str) -> int:
    if UPLOAD_PATHS.fullmatch(path):
        return int(settings.MAX_UPLOAD_BYTES) * MOST_FILES + SLACK
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + SLACK
