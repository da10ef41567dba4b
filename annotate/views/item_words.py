"""Items and answers in a few words, for the pages of reviewers and managers."""

from __future__ import annotations

from string import ascii_uppercase

from annotate.answers import Answer, ItemShape
from annotate.models import Prompt
from annotate.views.answer_words import answer_words

OPENING = 140


def letter(position: int) -> str:
    """What the response at this place is called: A, B, C …"""
    return ascii_uppercase[position % 26]


def opening(prompt: Prompt) -> str:
    """The beginning of what the user asked last, on one line."""
    asked = [turn["content"] for turn in prompt.messages if turn["role"] == "user"]
    last = asked[-1] if asked else next((turn["content"] for turn in prompt.messages), "")
    text = " ".join(last[: 4 * OPENING].split())
    return text if len(text) <= OPENING else text[: OPENING - 1].rstrip() + "…"


def words_on(answer: Answer, kind: str, protocol: str) -> str:
    """An answer in words, given on this protocol; its positions are called A, B, C …

    What came without a protocol is read on the finest one.
    """
    return answer_words(answer, ItemShape(kind, scale="llama2").on(protocol))
