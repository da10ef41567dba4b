"""What Django asks the scorer, and how its refusals become answers to people. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from annotate.errors import Conflict, InvalidInput, NotReady, TiebreakError, TooLarge
from modeling.core.errors import (
    CheckpointError,
    DataError,
    ModelingError,
    NotReadyError,
    TooMuchError,
)
from modeling.core.serving import ScorerClient, parse_inputs
from modeling.models import Checkpoint

PRECISIONS = ("auto", "fp32", "int8")
INT8 = "onnx-int8"


def score_inputs(
    checkpoint: Checkpoint,
    inputs: Sequence[Mapping[str, Any]],
    *,
    precision: str = "auto",
    **options: Any,
) -> dict[str, Any]:
    """Rewards of inputs by a checkpoint: `rewards`, one for each input, and `details` beside them.

    `precision` "int8" takes the model that was exported for serving, "auto" that one where there
    is one. `options` are those of `modeling.core.serving.parse_options`.

    Raises InvalidInput, TooLarge, Conflict where the model cannot be loaded, and NotReady where
    the scorer is down, loading or busy.
    """
    try:
        parse_inputs(list(inputs))  # here too, so that nonsense is told from a scorer that is down
        reply = _client().score(model_directory(checkpoint, precision), inputs, **options)
    except ModelingError as error:
        raise _for_people(error) from error
    answers = reply.pop("answers")
    rewards = [answer.pop("reward") for answer in answers]
    return {"rewards": rewards, "details": answers, **reply}


def model_directory(checkpoint: Checkpoint, precision: str) -> Path:
    """Where the model lies that scores in this precision. InvalidInput where there is none."""
    exported = served_directory(checkpoint)
    if precision == "fp32":
        return checkpoint.directory
    if (exported / "export.json").is_file():
        return exported
    if precision == "int8":
        raise InvalidInput(
            _("There is no int8 model of this checkpoint; make it with: %(command)s")
            % {"command": f"manage.py export_checkpoint {checkpoint.public_id} --format {INT8}"},
            field="precision",
        )
    return checkpoint.directory


def served_directory(checkpoint: Checkpoint) -> Path:
    """Where an export lies that the scorer takes in place of the checkpoint."""
    return Path(settings.SERVED_DIR) / str(checkpoint.public_id) / INT8


def _client() -> ScorerClient:
    return ScorerClient(Path(settings.SCORER_SOCKET), timeout=settings.SCORER_SECONDS)


def _for_people(error: ModelingError) -> TiebreakError:
    if isinstance(error, NotReadyError):
        return NotReady(str(error), wait=error.retry_after)
    if isinstance(error, TooMuchError):
        return TooLarge(str(error), field="inputs")
    if isinstance(error, DataError):
        return InvalidInput(str(error), field="inputs")
    if isinstance(error, CheckpointError):
        return Conflict(str(error))
    return NotReady(str(error), wait=30)
