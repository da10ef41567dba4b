"""The HTTP API of scoring: what a checkpoint thinks of responses and of steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotate.api.base import ApiView, operation, signed_in
from annotate.api.fields import Flag, JSONObject, Number
from modeling.access import get_checkpoint_for
from modeling.core.serving import REDUCTIONS
from modeling.scoring_service import PRECISIONS, score_inputs

_TEXT = {"type": "string"}
_PROMPT = {
    "description": "A text, or the turns of a conversation",
    "oneOf": [
        _TEXT,
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {"role": _TEXT, "content": _TEXT},
            },
        },
    ],
}
_STEPS = {"type": "array", "items": _TEXT, "minItems": 1}


def _form(description: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": ["prompt", name],
        "properties": {"prompt": _PROMPT, name: schema},
        "additionalProperties": False,
    }


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "oneOf": [
                _form("One response", "response", _TEXT),
                _form("One solution in steps, for a model of steps", "steps", _STEPS),
                _form(
                    "Several responses to tell apart, as texts or for a model of steps as lists",
                    "responses",
                    {"type": "array", "minItems": 1, "items": {"oneOf": [_TEXT, _STEPS]}},
                ),
            ]
        },
    }
)
class InputsField(serializers.Field[Any, Any, Any, Any]):
    """Inputs, which ``modeling.core.serving`` reads."""

    default_error_messages = {"invalid": "This must be a list."}

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid")
        return list(data)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.ANY)
class RewardField(serializers.Field[Any, Any, Any, Any]):
    """A number; a list of numbers for several responses; null where a model has classes alone."""

    def to_representation(self, value: Any) -> Any:
        return value


class ScoreReply(serializers.Serializer[Any]):
    """What a checkpoint thinks of the inputs, in their order."""

    checkpoint = serializers.UUIDField()
    objective = serializers.CharField()
    precision = serializers.CharField(help_text="How it was computed: fp32, bf16 or int8")
    calibrated = serializers.BooleanField(
        help_text="Whether probabilities of preference went through the checkpoint's calibration"
    )
    rewards = serializers.ListField(child=RewardField())
    details = serializers.ListField(
        child=JSONObject(),
        help_text="Beside each reward: `truncated`, and by kind of model `probability` of being "
        "right, `steps` with their probabilities and `pruned_at`, `aspects`, `classes`, or a "
        "`rationale` where one was asked for. For several responses `order` (best first), `best`, "
        "and of models of pairs `probabilities`, by row and column that the one is preferred to "
        "the other.",
    )


class CheckpointScore(ApiView):
    """Score responses or steps with a checkpoint."""

    class Input(serializers.Serializer[Any]):
        inputs = InputsField()
        reduce = serializers.ChoiceField(
            choices=REDUCTIONS, default="min", help_text="One reward from those of the steps"
        )
        prune_below = Number(
            required=False,
            min_value=0,
            max_value=1,
            help_text="Leave out what comes after the first step whose probability is lower",
        )
        calibrated = Flag(default=True)
        rationales = Flag(
            default=False, help_text="Let a model that reasons write why, beside each score"
        )
        precision = serializers.ChoiceField(
            choices=PRECISIONS,
            default="auto",
            help_text="int8 takes the model exported for serving; auto takes it if there is one",
        )

    @operation(
        "Score responses or steps",
        request=Input,
        answers={200: ScoreReply},
        errors=(400, 403, 404, 409, 413, 503),
        examples=[
            OpenApiExample(
                "Which answer is better",
                value={"inputs": [{"prompt": "Is 7 prime?", "responses": ["Yes.", "No."]}]},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, checkpoint_id: UUID) -> Response:
        checkpoint = get_checkpoint_for(signed_in(request), checkpoint_id)
        found = score_inputs(checkpoint, **self.parsed(request))
        return Response(ScoreReply({"checkpoint": checkpoint.public_id, **found}).data)
