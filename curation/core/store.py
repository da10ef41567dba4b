"""Texts on disk, so that a corpus of any size can be curated in little memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from curation.core.records import Corpus, Message, PromptText, ResponseText

T = TypeVar("T")
CACHED = 64


class TextStore(Mapping[str, T], Generic[T]):
    """A mapping whose values lie in a temporary file, written once each and read by place.

    In memory are the keys and one place each, and the few values that were read last. The file is
    gone once the store is closed, or with the process.
    """

    def __init__(self, encode: Callable[[T], Any], decode: Callable[[str, Any], T]) -> None:
        self._encode, self._decode = encode, decode
        self._place: dict[str, tuple[int, int]] = {}
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._end = 0
        self._read = lru_cache(maxsize=CACHED)(self._read_from_file)

    def add(self, key: str, value: T) -> None:
        """Store a value; a key that is there keeps the value it has."""
        if key in self._place:
            return
        line = json.dumps(self._encode(value)).encode()
        self._file.seek(self._end)
        self._file.write(line)
        self._place[key] = self._end, len(line)
        self._end += len(line)

    def __getitem__(self, key: str) -> T:
        return self._read(key)

    def _read_from_file(self, key: str) -> T:
        start, length = self._place[key]
        self._file.seek(start)
        return self._decode(key, json.loads(self._file.read(length)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, key: object) -> bool:
        return key in self._place

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


class StoredCorpus:
    """A corpus in the making whose texts lie on disk; leaving the `with` block removes them."""

    def __init__(self) -> None:
        self.prompts = TextStore(_encode_prompt, _decode_prompt)
        self.responses = TextStore(_encode_response, _decode_response)
        self.categories: dict[str, str] = {}
        self.sources: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.prompts.close()
        self.responses.close()

    @property
    def corpus(self) -> Corpus:
        """The corpus as curation reads it."""
        return Corpus(self.prompts, self.responses, self.categories, self.sources)


def _encode_prompt(prompt: PromptText) -> Any:
    messages = [[turn.role, turn.content] for turn in prompt.messages]
    return [messages, prompt.split, prompt.reference, prompt.category]


def _decode_prompt(key: str, value: Any) -> PromptText:
    messages, split, reference, category = value
    return PromptText(
        key, tuple(Message(role, content) for role, content in messages), split, reference, category
    )


def _encode_response(response: ResponseText) -> Any:
    return [response.content, response.steps]


def _decode_response(key: str, value: Any) -> ResponseText:
    content, steps = value
    return ResponseText(key, content, None if steps is None else tuple(steps))
