"""Texts repaired so that files can hold them."""

import re
from dataclasses import replace

from curation.core.records import Corpus, Message, PromptText, ResponseText

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_storable(text: str) -> bool:
    """Whether the text has neither NUL nor a lone surrogate, which UTF-8 files cannot carry."""
    return _UNSTORABLE.search(text) is None


def repair_text(text: str) -> str:
    """Put U+FFFD in the place of every NUL and every lone surrogate; length is kept."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def repair_corpus(corpus: Corpus) -> tuple[Corpus, int]:
    """Repair every text of a corpus; also return how many prompts and responses needed it."""
    prompts = {key: _repaired_prompt(prompt) for key, prompt in corpus.prompts.items()}
    responses = {key: _repaired_response(text) for key, text in corpus.responses.items()}
    changed = sum(prompts[key] is not prompt for key, prompt in corpus.prompts.items())
    changed += sum(responses[key] is not text for key, text in corpus.responses.items())
    categories = {item: repair_text(name) for item, name in corpus.categories.items()}
    return Corpus(prompts, responses, categories), changed


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
