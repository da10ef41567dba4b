"""Asking a scorer from another process, without torch."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modeling.core.errors import (
    CheckpointError,
    DataError,
    ModelingError,
    NotReadyError,
    ServingError,
    TooMuchError,
)
from modeling.core.serving.protocol import address, receive, send

KINDS: dict[str, type[ModelingError]] = {
    "too_much": TooMuchError,
    "data": DataError,
    "not_ready": NotReadyError,
    "checkpoint": CheckpointError,
    "serving": ServingError,
}
"""Errors by the name they travel under; the first one that an error is an instance of."""
_GRACE = 5.0


@dataclass(frozen=True)
class ScorerClient:
    """Speaks to the scorer that listens at `path`; waits up to `timeout` seconds for an answer."""

    path: Path
    timeout: float = 60.0

    def score(
        self, model: Path, inputs: Sequence[Mapping[str, Any]], **options: Any
    ) -> dict[str, Any]:
        """The scorer's reply for the model in a directory; see `protocol` and `rows.parse_inputs`.

        Raises DataError for malformed inputs, TooMuchError, CheckpointError for a model that
        cannot be loaded, and NotReadyError where the scorer is down, loading or busy.
        """
        call = {"model": str(model), "inputs": list(inputs), "timeout": self.timeout, **options}
        reply = self._ask(call)
        if not isinstance(reply, dict):
            raise NotReadyError("The scorer ended in the middle of its answer; ask again.")
        if "error" in reply:
            raise _error(reply["error"])
        return reply

    def _ask(self, call: Mapping[str, Any]) -> Any:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(self.timeout + _GRACE)
            try:
                with address(self.path) as name:
                    connection.connect(name)
                send(connection, call)
                return receive(connection)
            except TimeoutError as error:
                raise NotReadyError("The scorer did not answer in time; ask again.") from error
            except OSError as error:
                raise NotReadyError(
                    "The scorer is not running, or just starting; ask again.", retry_after=3
                ) from error


def _error(told: Mapping[str, Any]) -> ModelingError:
    message = str(told.get("message", ""))
    kind = KINDS.get(str(told.get("kind")), ServingError)
    if kind is NotReadyError:
        return NotReadyError(message, retry_after=float(told.get("retry_after", 2.0)))
    return kind(message)
