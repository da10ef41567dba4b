"""Token ids of rendered texts, with a truncation that spares the response and is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

from modeling.core.data import TextParts
from modeling.core.errors import BackboneError

_PROBE = "a"
_PART_OF_WORDS = 4  # of the room: what a model writes, beside what it reads


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """Token ids of one text; `truncated` when some of the text did not fit.

    The response begins at `start`, which is the number of ids where it has no token of its own.
    """

    ids: tuple[int, ...]
    truncated: bool
    start: int


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
        self.end_id: int | None = tokenizer.eos_token_id

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

    def written(self, texts: Sequence[tuple[TextParts, str]], *, lead: str) -> list[TokenizedText]:
        """Tokenise texts, each with `lead` and words that a model is to write then, and an end.

        The words begin at `start`. They take a quarter of the room at most and lose their end;
        what is before them is cut as any text is, but for `lead`.
        """
        contexts = self._ids([parts.context for parts, _ in texts])
        responses = self._ids([parts.response for parts, _ in texts])
        words = self._ids([words for _, words in texts])
        (opening,) = self._ids([lead])
        return [
            self._continue(context, response, opening, spoken)
            for context, response, spoken in zip(contexts, responses, words, strict=True)
        ]

    def asked(self, texts: Sequence[TextParts], *, lead: str) -> list[tuple[int, ...]]:
        """Ids for a model to go on from: those that `written` puts before words."""
        found = self.written([(parts, "") for parts in texts], lead=lead)
        return [text.ids[: text.start] for text in found]

    def text(self, ids: Sequence[int]) -> str:
        """What ids say, without special tokens."""
        found: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return found

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
        start = self.offset + len(context) - excess
        return TokenizedText(self.framed(body), truncated, start)

    def _continue(
        self, context: list[int], response: list[int], lead: list[int], words: list[int]
    ) -> TokenizedText:
        end = () if self.end_id is None else (self.end_id,)
        most = self._room // _PART_OF_WORDS
        # The end stands in the place of whatever the tokenizer puts after a text.
        room = self._room + len(self._frame.after) - most - len(end) - len(lead)
        kept = response[:room]
        excess = max(0, len(context) + len(kept) - room)
        before = (*self._frame.before, *context[excess:], *kept, *lead)
        whole = excess == 0 and len(kept) == len(response) and len(words) <= most
        return TokenizedText((*before, *words[:most], *end), not whole, len(before))

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
