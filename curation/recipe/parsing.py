"""JSON values to the typed fields of a recipe's parts, each error a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from curation.core.errors import RecipeError

T = TypeVar("T")

_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
}


def parse_part(part: type[T], values: Any, *, name: str) -> T:
    """Build a dataclass from a JSON object; absent keys take their defaults.

    Raises RecipeError for an unknown key or a value of another type. The dataclass checks ranges.
    """
    if not isinstance(values, Mapping):
        raise RecipeError(f"A recipe's {name} is an object of settings; {values!r} is not.")
    hints = get_type_hints(part)
    unknown = sorted(str(key) for key in values if key not in hints)
    if unknown:
        raise RecipeError(
            f"A recipe's {name} has no {', '.join(unknown)}; its keys are {', '.join(hints)}."
        )
    parsed = {key: parse_value(hints[key], value, key) for key, value in values.items()}
    return part(**parsed)


def parse_value(hint: Any, value: Any, name: str) -> Any:
    """Check a value against a type hint and return it in that type (lists as tuples)."""
    if isinstance(hint, type) and is_dataclass(hint):
        return value if isinstance(value, hint) else parse_part(hint, value, name=name)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _one_of(args, value, name)
    if origin in (Union, UnionType):
        inner = next(arg for arg in args if arg is not type(None))
        return None if value is None else parse_value(inner, value, name)
    if origin is tuple:
        return _several(args[0], value, name)
    return _scalar(hint, value, name)


def to_plain(value: Any) -> Any:
    """The inverse of `parse_value`: dataclasses as dictionaries, tuples as lists."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(part) for part in value]
    return value


def check_fields(part: Any) -> None:
    """Check the values that a frozen dataclass was made with against its own hints."""
    for name, hint in get_type_hints(type(part)).items():
        value = parse_value(hint, getattr(part, name), name)
        object.__setattr__(part, name, value)


def check_range(name: str, value: float | None, low: float, high: float = math.inf) -> None:
    """Raise RecipeError where a number lies outside low...high; None is no number."""
    if value is not None and not low <= value <= high:
        span = f"at least {low}" if high == math.inf else f"from {low} to {high}"
        raise RecipeError(f"A recipe's {name} is {span}; {value!r} is not.")


def _one_of(known: tuple[Any, ...], value: Any, name: str) -> Any:
    if not isinstance(value, str | int) or value not in known:
        choices = ", ".join(str(choice) or "(empty)" for choice in known)
        raise RecipeError(f"A recipe's {name} is one of {choices}; {value!r} is not.")
    return value


def _several(hint: Any, value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise RecipeError(f"A recipe's {name} is a list; {value!r} is not.")
    return tuple(dict.fromkeys(parse_value(hint, part, name) for part in value))


def _scalar(hint: type, value: Any, name: str) -> Any:
    if hint is float and type(value) is int:
        value = float(value)
    if type(value) is not hint or (isinstance(value, float) and not math.isfinite(value)):
        raise RecipeError(f"A recipe's {name} is {_WORDS[hint]}; {value!r} is not.")
    return value
