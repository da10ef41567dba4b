"""Conversations as the texts, and the ids, that formats ask for."""

import hashlib
from collections.abc import Iterable
from typing import Any, TypeAlias

import pyarrow as pa

from curation.core.builders.stepwise import render_prompt, render_turns
from curation.core.records import Message

Turn: TypeAlias = dict[str, str]

MESSAGES = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
TEXTS = pa.list_(pa.string())
UNKNOWN_MODEL = "unknown"
"""Generators are never part of a dataset: whoever judges must not know them, nor who trains."""


def question(prompt: Iterable[Turn]) -> str:
    """Return the conversation so far as one text; a lone user turn as it is."""
    return render_prompt(_messages(prompt))


def answer(completion: list[Turn]) -> str:
    """Return a completion as one text; a lone turn as it is."""
    if len(completion) == 1:
        return completion[0]["content"]
    return render_turns(_messages(completion))


def transcript(prompt: Iterable[Turn]) -> str:
    """Return a transcript that ends where the assistant is to speak: "Human: ...", "Assistant:"."""
    return f"\n\n{render_turns(_messages(prompt))}\n\nAssistant:"


def assistant(content: str) -> list[Turn]:
    """Return a text as the assistant's one turn."""
    return [{"role": "assistant", "content": content}]


def digest(*parts: Any) -> str:
    """Return 32 hexadecimal digits that name these parts, the same in every version."""
    joined = "\x1f".join(map(str, parts))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def number(*parts: Any) -> int:
    """Return a whole number below 2**60 that names these parts, the same in every version."""
    return int(digest(*parts)[:15], 16)


def _messages(turns: Iterable[Turn]) -> list[Message]:
    return [Message(turn["role"], turn["content"]) for turn in turns]
