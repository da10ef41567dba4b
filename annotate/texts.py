"""Content hashes, and the split that follows from them."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

SPLIT_SHARES = (("train", 80), ("validation", 10), ("test", 10))


def sha256(text: str) -> str:
    """The hexadecimal SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal texts."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def prompt_digest(messages: Sequence[Mapping[str, str]], reference: str = "") -> str:
    """The identity of a prompt: everything an annotator is shown beside the responses."""
    turns = [[message["role"], message["content"]] for message in messages]
    return sha256(canonical_json({"messages": turns, "reference": reference}))


def response_digest(content: str, steps: Sequence[str] | None = None) -> str:
    """The identity of a response within its prompt: its raw content and its steps."""
    return sha256(canonical_json([content, list(steps)]) if steps else content)


def item_digest(kind: str, prompt: str, responses: Iterable[str]) -> str:
    """The identity of an item within its project, whatever the order of its responses."""
    return sha256(canonical_json([kind, prompt, sorted(responses)]))


def split_of(messages: Sequence[Mapping[str, str]]) -> str:
    """The split of a prompt, from the normalised first user turn alone.

    Later turns of one conversation share their opening, so hashing the opening keeps a
    conversation and its continuations in one split. Case, width and spacing are ignored, so that
    trivially different copies stay together. Returns train, validation or test (80, 10, 10 %).
    """
    opening = next((m["content"] for m in messages if m["role"] == "user"), "")
    opening = opening or "\n".join(m["content"] for m in messages)
    plain = " ".join(unicodedata.normalize("NFKC", opening).casefold().split())
    bucket = int(sha256("split:" + plain)[:8], 16) % 100
    for name, share in SPLIT_SHARES:
        bucket -= share
        if bucket < 0:
            return name
    raise AssertionError("the shares add up to 100")
