"""A recipe for the API's description: a JSON Schema of each part, made from its types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from drf_spectacular.utils import extend_schema_field

from annotate.api.fields import JSONObject
from curation.recipe_settings import LIMITS

_TYPES: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def part_field(part: type, step: str, help_text: str) -> JSONObject:
    """A serializer field that describes a recipe's step and takes any JSON object.

    ``Recipe.from_dict`` decides what is in it, with a sentence.
    """
    described = extend_schema_field(_part_schema(part, step))(
        type(f"{part.__name__}Field", (JSONObject,), {})
    )
    field: JSONObject = described(required=False, help_text=help_text)
    return field


def _part_schema(part: Any, step: str) -> dict[str, Any]:
    hints = get_type_hints(part)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            field.name: _schema(hints[field.name]) | _default(field) | _limits(step, field.name)
            for field in fields(part)
        },
    }


def _schema(hint: Any) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin in (Union, UnionType):
        inner = next(arg for arg in args if arg is not type(None))
        return {**_schema(inner), "nullable": True}
    if origin is tuple:
        return {"type": "array", "items": _schema(args[0])}
    return {"type": _TYPES[hint]}


def _default(field: Field[Any]) -> dict[str, Any]:
    if field.default is MISSING:
        return {}
    value = field.default
    return {"default": list(value) if isinstance(value, tuple) else value}


def _limits(step: str, name: str) -> dict[str, Any]:
    low, high = LIMITS.get(f"{step}.{name}", (None, None))
    ends = {"minimum": low, "maximum": high}
    return {key: end for key, end in ends.items() if end is not None}
