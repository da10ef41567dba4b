"""A model behind an OpenAI-compatible endpoint: ``POST {url}/chat/completions``."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2

from modeling.core.errors import ConfigError, JudgeError
from modeling.core.judge.chat import Message, Reply, RequestRefused
from modeling.core.judge.pacing import Pacer

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 60.0
LONGEST_WAIT = 600.0
MOST_BYTES = 8 * 2**20
_REFUSED, _BUSY = (400, 413, 422), (408, 409, 425, 429)
_DENIED = (401, 403)
_MOST_SHOWN = 200


class _TryAgain(Exception):
    """The endpoint did not answer this time; `after` is how long it asks to wait, in seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class EndpointModel:
    """Asks an endpoint at temperature 0, no faster than `pacer` allows.

    What may pass is tried again up to `retries` times: a busy endpoint (429, with its Retry-After
    obeyed), a fault of its own (5xx), a broken or slow connection. `key` is sent as a bearer token
    and shows in no error and no representation. Redirects are not followed, since they would take
    the key elsewhere. `timeout` is in seconds, for one reply.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        pacer: Pacer | None = None,
        retries: int = 6,
        timeout: float = 120.0,
    ) -> None:
        self._url = f"{_checked_url(url)}/chat/completions"
        self._model, self._key = model, key
        self._pacer, self._retries = pacer or Pacer(), retries
        self._client = httpx2.Client(headers=_headers(key), timeout=timeout, follow_redirects=False)

    def __repr__(self) -> str:
        return f"EndpointModel({self._model!r})"

    @property
    def name(self) -> str:
        """The model as the endpoint calls it."""
        return self._model

    @property
    def identity(self) -> str:
        """The model's name: an endpoint that moves to another address is the same."""
        return f"endpoint:{self._model}"

    def stop(self) -> None:
        """Send nothing more, and end all waiting; what is under way, and paid for, still comes."""
        self._pacer.stop()

    def close(self) -> None:
        """Stop and hang up."""
        self.stop()
        self._client.close()

    def reply(self, messages: Sequence[Message], *, max_tokens: int) -> Reply:
        """One completion. Raises RequestRefused or JudgeError, as ChatModel says."""
        body = {
            "model": self._model,
            "messages": [message.to_dict() for message in messages],
            "temperature": 0,
            "max_tokens": max_tokens,
        }
        for attempt in range(self._retries + 1):
            self._pacer.wait()
            try:
                return self._ask(body)
            except _TryAgain as trouble:
                reason = str(trouble)
                self._pacer.pause(_backoff(attempt) if trouble.after is None else trouble.after)
        raise JudgeError(
            f"The judge's endpoint gave no answer in {self._retries + 1} attempts; the last time, "
            f"{reason}. Try again later, or lower JUDGE_REQUESTS_PER_MINUTE."
        )

    def _ask(self, body: Mapping[str, Any]) -> Reply:
        try:
            response = self._client.post(self._url, content=json.dumps(body).encode())
        except httpx2.TimeoutException as error:
            raise _TryAgain("it took too long") from error
        except httpx2.RequestError as error:
            raise _TryAgain(f"the connection failed ({type(error).__name__})") from error
        if response.status_code != 200:
            raise self._trouble(response)
        return _reply(response)

    def _trouble(self, response: httpx2.Response) -> Exception:
        status, said = response.status_code, self._said(response)
        if status in _DENIED:
            return JudgeError(f"The judge's endpoint denies access ({said}): check JUDGE_API_KEY.")
        if status in _REFUSED:
            return RequestRefused(f"the endpoint refused the request ({said})")
        if status == 429 and "insufficient_quota" in response.text[:MOST_BYTES]:
            return JudgeError(f"The judge's quota is used up ({said}): see to it at the provider.")
        if status in _BUSY or status >= 500:
            return _again(said, _retry_after(response.headers.get("Retry-After", "")))
        return JudgeError(
            f"The judge's endpoint does not serve {self._model!r} ({said}): check JUDGE_ENDPOINT "
            "and JUDGE_MODELS."
        )

    def _said(self, response: httpx2.Response) -> str:
        """The endpoint's own words, on one line, without the key."""
        text = _printable(" ".join(_error_message(response).split()))
        if self._key:
            text = text.replace(self._key, "…")
        shown = text[:_MOST_SHOWN].rstrip(".")
        return f"{response.status_code}: {shown}" if shown else str(response.status_code)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise ConfigError(
            "The judge's endpoint must be a base address such as https://api.example.org/v1."
        )
    return url.rstrip("/")


def _headers(key: str) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if not key:
        return headers
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError("The judge's API key holds characters that no key has: check it.")
    return headers | {"Authorization": f"Bearer {key}"}


def _error_message(response: httpx2.Response) -> str:
    try:
        error = response.json()["error"]
        return str(error["message"] if isinstance(error, Mapping) else error)
    except (ValueError, KeyError, TypeError):
        return response.text


def _printable(text: str) -> str:
    """Without what no log and no database takes, such as NUL and halves of characters."""
    return "".join(char for char in text if char.isprintable())


def _again(said: str, after: float | None) -> Exception:
    if after is not None and after > LONGEST_WAIT:
        return JudgeError(
            f"The judge's endpoint asks to wait {after:.0f} seconds ({said}): go on after that."
        )
    return _TryAgain(f"it answered {said}", after)


def _retry_after(value: str) -> float | None:
    """Seconds to wait, from a number or a date; None where the header tells neither."""
    with suppress(ValueError):  # then it is a date, or nothing
        return max(0.0, float(value))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(time.time(), UTC)).total_seconds())


def _backoff(attempt: int) -> float:
    return min(FIRST_BACKOFF * 2.0**attempt, LONGEST_BACKOFF)


def _reply(response: httpx2.Response) -> Reply:
    """What an answer holds; one of another form is asked for again."""
    try:
        values = json.loads(response.content[:MOST_BYTES])
        choice, usage = values["choices"][0], values.get("usage") or {}
        return Reply(
            _words(choice["message"]["content"]),
            _tokens(usage.get("prompt_tokens")),
            _tokens(usage.get("completion_tokens")),
            choice.get("finish_reason") == "length",
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _TryAgain("it answered in a form that is no chat completion") from error


def _words(content: Any) -> str:
    """A text, or the texts of a list of parts. Raises TypeError or KeyError for anything else."""
    if isinstance(content, list):
        return "".join(_words(part["text"]) for part in content if part["type"] == "text")
    if not isinstance(content, str | None):
        raise TypeError("no text")
    return content or ""


def _tokens(count: Any) -> int | None:
    """A number of tokens; None where an endpoint tells something else, which nobody counted."""
    return count if type(count) is int and count >= 0 else None
