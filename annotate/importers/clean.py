"""What may stand in a row: plain JSON values that a database, a page and numpy can all hold."""

from __future__ import annotations

import json
import math
from typing import Any

from annotate.importers.records import RowError

MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1


def parse_json(text: str) -> Any:
    """The value of one JSON text. Raises RowError with the reason; NaN passes, see check_row."""
    try:
        return json.loads(text)
    except RecursionError:
        raise RowError(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        raise RowError(f"This is not JSON: {error.msg} at column {error.pos + 1}.") from None
    except ValueError:
        raise RowError("The JSON holds a number with too many digits.") from None


def check_row(value: object) -> dict[str, Any]:
    """The row itself, once it is known to be an object of clean values; else RowError says why."""
    if not isinstance(value, dict):
        raise RowError(f"A row must be a JSON object, but this one is {describe(value)}.")
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return value
    raise RowError(f"The row is nested deeper than {MAX_DEPTH} levels.")


def describe(value: object) -> str:
    """A value's JSON type in words, for messages."""
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return "null" if value is None else names.get(type(value), f"of type {type(value).__name__}")


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        for key in value:
            _check_key(key)
        return list(value.values())
    if isinstance(value, list):
        return value
    _check_scalar(value)
    return []


def _check_key(key: object) -> None:
    if not isinstance(key, str):
        raise RowError(f"A column name must be text, not {describe(key)}.")
    _check_text(key)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise RowError("The row holds NaN or Infinity, which are not JSON numbers; use null.")
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise RowError("The row holds a whole number that does not fit into 64 bits.")
    elif value is not None:
        raise RowError(f"The row holds a value {describe(value)}; only JSON values are taken.")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise RowError("The row holds a NUL character; remove it.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RowError(
            "The row holds half a surrogate pair, which is not text; remove it."
        ) from None
