"""Speaking with the Hugging Face Hub: one client with time limits, errors as sentences.

No Django here; whoever calls knows where the Hub is and whose token to show. huggingface_hub is
loaded when it is first needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from annotate.errors import InvalidInput, TiebreakError

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

CONNECT_SECONDS, SEND_SECONDS, ANSWER_SECONDS = 20, 120, 300
REPO_ID = re.compile(r"[\w][\w.-]{0,95}/[\w][\w.-]{0,95}", re.ASCII)


class HubError(TiebreakError):
    """The Hub refused or could not be reached; the message says what to do."""

    status_code = HTTPStatus.BAD_GATEWAY
    code = "hub"


@dataclass(frozen=True, slots=True)
class Hub:
    """Where the Hub is, and the token to show; an empty one is nobody's."""

    endpoint: str
    token: str = field(default="", repr=False)

    def api(self) -> HfApi:
        """A client that shows this token and no other that may lie on the machine."""
        from huggingface_hub import HfApi

        _use_time_limits()
        return HfApi(endpoint=self.endpoint, token=self.token or False)


@cache
def _use_time_limits() -> None:
    """Let no silent server hold a worker for ever, and keep progress bars out of the log."""
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import disable_progress_bars

    set_client_factory(_client)
    disable_progress_bars()


def _client() -> httpx2.Client:
    import httpx2
    from huggingface_hub.utils._http import hf_request_event_hook

    limits = httpx2.Timeout(
        connect=CONNECT_SECONDS, write=SEND_SECONDS, read=ANSWER_SECONDS, pool=CONNECT_SECONDS
    )
    hooks = {"request": [hf_request_event_hook]}
    return httpx2.Client(event_hooks=hooks, follow_redirects=True, timeout=limits)


def check_repo_id(repo_id: str, *, field: str = "hub") -> str:
    """The id as it is. Raises InvalidInput unless it reads ORG/NAME."""
    if not REPO_ID.fullmatch(repo_id) or ".." in repo_id or "--" in repo_id:
        raise InvalidInput(f"{repo_id!r} is no Hub id: write it as ORG/NAME.", field=field)
    return repo_id


@contextmanager
def explained(repo_id: str) -> Iterator[None]:
    """Whatever goes wrong with the Hub inside becomes a HubError about this repository."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        yield
    except Exception as error:
        for cause in _chain(error):
            if isinstance(cause, HfHubHTTPError):
                raise HubError(_refusal(cause, repo_id)) from error
            if isinstance(cause, (httpx2.HTTPError, LocalEntryNotFoundError, *_BROKEN)):
                raise HubError(
                    "The connection to the Hub broke: try again. What was sent already is kept "
                    "there and is not sent twice."
                ) from error
        raise


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _refusal(error: HfHubHTTPError, repo_id: str) -> str:
    """What to do about the Hub's answer, without the answer's own words, which name addresses."""
    from huggingface_hub.errors import RepositoryNotFoundError

    status = error.response.status_code
    if isinstance(error, RepositoryNotFoundError):
        status = HTTPStatus.NOT_FOUND  # the Hub answers 401 to whoever may not know
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"The Hub has trouble of its own (HTTP {status}): try again later."
    return _REFUSALS.get(status, "The Hub refused this (HTTP {status}).").format(
        repo_id=repo_id, status=status
    )


_BROKEN = (ConnectionError, TimeoutError)
_CHANGED = "{repo_id} was changed by somebody else in the meantime: try again."
_REFUSALS = {
    400: "The Hub does not accept what was sent to {repo_id}: see its rules for names and cards.",
    401: "The Hub does not accept the token: make a new one that may write, and give that.",
    402: "The Hub asks for payment before it takes more into {repo_id}.",
    403: "The token may not do this with {repo_id}: give one that may write there.",
    404: "There is no such dataset {repo_id} on the Hub, or the token may not see it.",
    409: _CHANGED,
    412: _CHANGED,
    413: "The Hub finds a file too large: export fewer rows.",
    429: "The Hub asks for patience: try again in some minutes.",
}
