"""Serializer fields that take a JSON type as it is: no "1" for 1, no 1 for true."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotate.answers import CHOICES

LARGEST_INTEGER = 2**31 - 1
LONGEST_KEY = 100


class Text(serializers.CharField):
    """A JSON string."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class Whole(serializers.IntegerField):
    """A JSON whole number from zero to what a column holds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_INTEGER} | kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(data)


class Number(serializers.FloatField):
    """A finite JSON number."""

    def to_internal_value(self, data: Any) -> float:
        if not isinstance(data, int | float) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JSONObject(serializers.Field[Any, Any, Any, Any]):
    """A JSON object, whatever is in it."""

    default_error_messages = {"invalid": "This must be a JSON object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


_CHOICE = {"type": "string", "enum": list(CHOICES)}
_REASON = {"type": "string", "maxLength": 10_000}
_PLACE = {"type": "integer", "minimum": 0}


def _form(description: str, required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties | {"rationale": _REASON},
        "additionalProperties": False,
    }


ANSWER_SCHEMA: dict[str, Any] = {
    "description": "What was said, in the order in which the responses were shown.",
    "anyOf": [
        _form(
            "Comparison. Strength, 1 (weakest) to n, goes with left and right only; n is 1, 4, 3, "
            "4 for the scales binary, llama2, signed3, eight.",
            ["choice"],
            choice=_CHOICE,
            strength={"type": "integer", "minimum": 1, "maximum": 4},
            aspects={"type": "object", "additionalProperties": _CHOICE},
        ),
        _form(
            "Ranking: tie groups of places, best first.",
            ["tiers"],
            tiers={"type": "array", "items": {"type": "array", "items": _PLACE}},
        ),
        _form(
            "Ranking in short: the best and the worst.",
            ["best", "worst"],
            best=_PLACE,
            worst=_PLACE,
        ),
        _form(
            "Rating: one value for each response, under the name of each aspect.",
            ["ratings"],
            ratings={
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "number"}},
            },
        ),
        _form(
            "Steps: one label for each step, null where unlabelled: -1, 0, 1, or 1 to k where the "
            "project has a Likert scale.",
            ["labels"],
            labels={
                "type": "array",
                "items": {"type": "integer", "nullable": True, "minimum": -1, "maximum": 10},
            },
        ),
        _form("Steps: why they cannot be labelled.", ["give_up"], give_up=_REASON),
        _form("Steps: what is wrong with the problem.", ["bad_problem"], bad_problem=_REASON),
        _form(
            "Outcome: whether the final result is right.", ["correct"], correct={"type": "boolean"}
        ),
    ],
}


@extend_schema_field(ANSWER_SCHEMA)
class AnswerField(JSONObject):
    """An answer; ``annotate.answers`` decides whether it fits the item."""
