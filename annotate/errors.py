"""The errors of this program that people may see, each with a sentence that says what to do."""

from __future__ import annotations

from http import HTTPStatus


class TiebreakError(Exception):
    """Something a person can put right; the message says what to do."""

    status_code: int = HTTPStatus.BAD_REQUEST
    code = "bad_request"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class InvalidInput(TiebreakError):
    """The request is malformed."""

    code = "invalid"


class Conflict(TiebreakError):
    """The request was right once, but something happened in between."""

    status_code = HTTPStatus.CONFLICT
    code = "conflict"


class NotReady(TiebreakError):
    """What is asked for is being started or busy; ``wait`` says for how many seconds."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    code = "not_ready"

    def __init__(self, message: str, *, wait: float = 1.0) -> None:
        super().__init__(message)
        self.wait = wait


class TooLarge(TiebreakError):
    """The upload is larger than this installation takes."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"
