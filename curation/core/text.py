"""Texts repaired so that files can hold them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from curation.core.records import Corpus, Message, PromptText, ResponseText

T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_storable(text: str) -> bool:
    """Whether the text has neither NUL nor a lone surrogate, which UTF-8 files cannot carry."""
    if text.isascii():
        return "\x00" not in text  # the common case, many times as fast
    return _UNSTORABLE.search(text) is None


def repair_text(text: str) -> str:
    """Put U+FFFD in the place of every NUL and every lone surrogate; length is kept."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


@dataclass(frozen=True)
class RepairedTexts(Mapping[str, T]):
    """A mapping of texts that repairs each as it is read, so that it may lie on disk.

    `changed` holds the keys of those that needed it, of the ones that were read so far.
    """

    texts: Mapping[str, T]
    repair: Callable[[T], T]
    changed: set[str] = field(default_factory=set)

    def __getitem__(self, key: str) -> T:
        text = self.texts[key]
        repaired = self.repair(text)
        if repaired is not text:
            self.changed.add(key)
        return repaired

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    def __contains__(self, key: object) -> bool:
        return key in self.texts


@dataclass(frozen=True)
class RepairedCorpus:
    """A corpus whose texts are repaired as they are read."""

    corpus: Corpus
    prompts: RepairedTexts[PromptText]
    responses: RepairedTexts[ResponseText]

    @property
    def n_repaired(self) -> int:
        """How many of the prompts and responses that were read needed a repair."""
        return len(self.prompts.changed) + len(self.responses.changed)


def repair_corpus(corpus: Corpus) -> RepairedCorpus:
    """Repair every text of a corpus when it is read; categories and sources at once."""
    prompts = RepairedTexts(corpus.prompts, _repaired_prompt)
    responses = RepairedTexts(corpus.responses, _repaired_response)
    categories = {item: repair_text(name) for item, name in corpus.categories.items()}
    sources = {item: repair_text(name) for item, name in corpus.sources.items()}
    return RepairedCorpus(Corpus(prompts, responses, categories, sources), prompts, responses)


def _repaired_prompt(prompt: PromptText) -> PromptText:
    parts = [part for turn in prompt.messages for part in (turn.role, turn.content)]
    if all(map(is_storable, (*parts, prompt.reference, prompt.category))):
        return prompt
    return replace(
        prompt,
        messages=tuple(
            Message(repair_text(turn.role), repair_text(turn.content)) for turn in prompt.messages
        ),
        reference=repair_text(prompt.reference),
        category=repair_text(prompt.category),
    )


def _repaired_response(response: ResponseText) -> ResponseText:
    steps = response.steps
    if all(map(is_storable, (response.content, *(steps or ())))):
        return response
    return replace(
        response,
        content=repair_text(response.content),
        steps=None if steps is None else tuple(map(repair_text, steps)),
    )
