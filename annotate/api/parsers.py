"""Reading request bodies: JSON that the database can hold, and files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, FileUploadParser

from annotate.errors import TooLarge

MAX_DEPTH = 32
LARGEST_INTEGER = 2**63 - 1


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 without NaN, infinities, NUL, lone surrogates or endless nesting.

    Raises ParseError (400) for what is malformed and TooLarge (413) for what is too much.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        value = _decode(_read(stream, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        _check(value)
        return value


class RawUploadParser(FileUploadParser):
    """Any body as one file; named by Content-Disposition or by ``?filename=``."""

    def get_filename(
        self, stream: IO[Any], media_type: str | None, parser_context: Mapping[str, Any]
    ) -> str:
        named = super().get_filename(stream, media_type, dict(parser_context))
        return named or parser_context["request"].query_params.get("filename", "")


def _read(stream: IO[Any], limit: int) -> bytes:
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The request is larger than {limit // 2**20} MiB.")
    return body


def _decode(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_moderate,
        )
    except RecursionError as error:
        raise ParseError("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"This is no JSON: {error}") from error


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _moderate(digits: str) -> int:
    if len(digits) > len(str(LARGEST_INTEGER)) + 1 or abs(int(digits)) > LARGEST_INTEGER:
        raise ValueError("a number is too large")
    return int(digits)


def _check(value: Any) -> None:
    """Walk the value without recursion, level by level."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        for part in level:
            if isinstance(part, str):
                _check_text(part)
        level = [inner for part in level for inner in _inside(part)]
    raise ParseError(f"The JSON is nested more than {MAX_DEPTH} levels deep.")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _check_text(text: str) -> None:
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise ParseError("A text holds characters that are not text (NUL, surrogates).")
