"""Token ids of rendered texts, with a truncation that spares the response and is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

from modeling.core.data import TextParts
from modeling.core.errors import BackboneError

_PROBE = "a"


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """Token ids of one text; `truncated` when some of the text did not fit."""

    ids: tuple[int, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class TokenizedSteps:
    """Token ids of a context and its steps without special tokens around; `ends` index them.

    `ends` are the last tokens of the steps that fit, at least one; `cut` steps did not.
    `truncated` when some of the text did not fit.
    """

    ids: tuple[int, ...]
    ends: tuple[int, ...]
    cut: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    """The special tokens a tokenizer puts before and after one text."""

    before: tuple[int, ...]
    after: tuple[int, ...]


class TextTokenizer:
    """Turns texts into at most `max_length` ids.

    Context and response are tokenised apart, then joined. When they do not fit, the oldest
    context tokens go first; only a response that is itself too long loses its end.
    """

    def __init__(self, tokenizer: Any, *, max_length: int) -> None:
        self._tokenizer = tokenizer
        self._frame = _special_tokens(tokenizer)
        self._room = max_length - len(self._frame.before) - len(self._frame.after)
        pad = tokenizer.pad_token_id
        self.pad_id: int = 0 if pad is None else pad

    def __call__(self, texts: Sequence[TextParts]) -> list[TokenizedText]:
        """Tokenise texts, in their order."""
        contexts = self._ids([parts.context for parts in texts])
        responses = self._ids([parts.response for parts in texts])
        return [self._fit(*pair) for pair in zip(contexts, responses, strict=True)]

    def steps(self, rows: Sequence[tuple[str, Sequence[str]]]) -> list[TokenizedSteps]:
        """Tokenise contexts, each with its steps, all apart so that steps end where they end.

        The oldest context tokens go first; then steps go whole, from the last. Only a first step
        that is itself too long loses its end.
        """
        contexts = self._ids([context for context, _ in rows])
        steps = iter(self._ids([step for _, steps in rows for step in steps]))
        return [
            self._fit_steps(context, [next(steps) for _ in row])
            for context, (_, row) in zip(contexts, rows, strict=True)
        ]

    def framed(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Ids with the special tokens that stand around a text."""
        return (*self._frame.before, *ids, *self._frame.after)

    @property
    def offset(self) -> int:
        """How many special tokens `framed` puts in front."""
        return len(self._frame.before)

    def _ids(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        # Spelled out, because a saved tokenizer.json may carry truncation and fixed padding.
        encoded = self._tokenizer(
            texts, add_special_tokens=False, truncation=False, padding=False, verbose=False
        )
        ids: list[list[int]] = encoded["input_ids"]
        return ids

    def _fit(self, context: list[int], response: list[int]) -> TokenizedText:
        kept = response[: self._room]
        excess = max(0, len(context) + len(kept) - self._room)
        body = (*context[excess:], *kept)
        truncated = excess > 0 or len(kept) < len(response)
        return TokenizedText(self.framed(body), truncated)

    def _fit_steps(self, context: list[int], steps: list[list[int]]) -> TokenizedSteps:
        first, later = steps[0][: self._room], steps[1:]
        sizes = accumulate(map(len, later), initial=len(first))
        count = sum(size <= self._room for size in sizes)
        kept = [first, *later[: count - 1]]
        length = sum(map(len, kept))
        excess = max(0, len(context) + length - self._room)
        start = len(context) - excess
        ends = tuple(max(0, start + size - 1) for size in accumulate(map(len, kept)))
        whole = excess == 0 and count == len(steps) and len(first) == len(steps[0])
        ids = (*context[excess:], *chain.from_iterable(kept))
        return TokenizedSteps(ids, ends, cut=len(steps) - count, truncated=not whole)


def _special_tokens(tokenizer: Any) -> _Frame:
    plain = tokenizer(_PROBE, add_special_tokens=False, truncation=False, padding=False)
    framed = tokenizer(_PROBE, truncation=False, padding=False)
    inner, outer = plain["input_ids"], framed["input_ids"]
    for start in range(len(outer) - len(inner) + 1):
        if outer[start : start + len(inner)] == inner:
            return _Frame(tuple(outer[:start]), tuple(outer[start + len(inner) :]))
    raise BackboneError(
        "This backbone's tokenizer rewrites its text when it adds special tokens; "
        "choose a backbone with an ordinary tokenizer."
    )
